"""Turns the weights of a run on a GPU into a model folder: calibrated on validation, measured on test, with its card.

    cat runs/gpu/final.* > runs/gpu/final.safetensors
    python -m training.on_gpu.finish --weights runs/gpu/final.safetensors --run runs/gpu/run.json --pack held_out --output model

The pack is one that ``python -m training.on_gpu.pack --splits validation test`` wrote.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from scipy.special import expit
from torch import nn

from detector import __version__
from detector.command_line import error_line, stoppable
from detector.media.files import file_sha256
from detector.network.loading import LoadedModel, ModelError, load_folder
from training.data.training_pairs import BINARY
from training.evaluate import measure, write_evaluation
from training.evaluation.calibration import calibrate, score_set
from training.evaluation.metrics import verdict_counts
from training.evaluation.robustness import robustness
from training.evaluation.saliency_check import mask_facts, method_figures, overlay_map
from training.evaluation.tilt import tilt
from training.networks.vgg16 import DATA_CONFIG
from training.on_gpu.pack_sets import PackSet, load_sets
from training.on_gpu.store import read_index
from training.options import DataOptions, Options, Role
from training.quantisation import CROPS, quantise
from training.report.card import render_card


class PlainNetwork:
    """A plain VGG-16 with the light head, as `training.evaluation.calibration.calibrate` takes a trained network."""

    data_config = DATA_CONFIG

    def __init__(self, file: Path):
        """Reads the weights.

        Raises:
            ValueError: The file does not hold them.
        """
        try:
            self._weights = {name: value.float() for name, value in load_file(file).items()}
            self.to_timm()
        except (OSError, KeyError, RuntimeError, SafetensorError) as error:
            raise ValueError(f"{file} does not hold a plain VGG-16 with the light head.") from error

    @torch.no_grad()
    def to_timm(self, temperature: float = 1.0) -> nn.Module:
        """Builds the network, its logits divided by the temperature."""
        classes, hidden = len(self._weights["head.fc.weight"]), len(self._weights["pre_logits.fc1.bias"])
        network: Any = timm.create_model("vgg16", num_classes=classes, mlp_ratio=hidden / 4096)
        network.load_state_dict(self._weights)
        # in the layer that the application reads as the linear one, see `detector.network.runtimes.pooled_vgg16.linear_layer`
        first = network.pre_logits.fc1
        first.weight.div_(temperature)
        first.bias.div_(temperature)
        return network.eval()


def false_alarms(model: LoadedModel, sets: list[PackSet]) -> list[dict[str, Any]]:
    """Counts the verdicts on real faces, one row a source."""
    rows = []
    for data in sets:
        scores = expit(score_set(model, data, "test"))
        rows.append({"data": data.name, "verdicts": verdict_counts(scores, model.info.thresholds)})
    return rows


def pointing_game(model: LoadedModel, sets: list[PackSet], limit: int) -> list[dict[str, Any]]:
    """Measures whether the overlay points at what differs between a fake and its original, one row a source."""
    rows = []
    for data in sets:
        if not (made := data.masked_fakes(limit)):
            continue
        masks = [mask for _, mask in made]
        maps = [overlay_map(model, crop) for crop, _ in made]
        method = "overlay of the application, against the difference of fake and original"
        rows.append(mask_facts(data.name, masks) | method_figures(method, maps, masks))
    return rows


def spread_crops(pack: Path) -> list[np.ndarray]:
    """Reads training crops, as many as `quantise` needs, each manipulation of each source alike."""
    columns = read_index(pack)
    training = columns["split"] == "train"
    kinds = set(zip(columns["source"][training], columns["manipulation"][training], strict=True))
    sets = load_sets(pack, "train", max(2 * CROPS // max(len(kinds), 1), 1))
    return [data.crop(number) for data in sets for number in range(len(data.labels))]


def finish(options: argparse.Namespace) -> dict[str, Any]:
    """Writes the model folder; gives its evaluation.

    Raises:
        ValueError: A file is not what it should be.
        ModelError: The folder that was written cannot be used.
    """
    network = PlainNetwork(options.weights)
    run = json.loads(options.run.read_text(encoding="utf-8"))
    validation = load_sets(options.pack, "validation", options.validation_samples)
    fitted_on = [data for data in validation if set(data.labels) == {0, 1}]
    calibration = calibrate(network, fitted_on, options.output, list(BINARY), runtime="fp32")
    model = load_folder(options.output, options.output.name, runtime="fp32")
    test = load_sets(options.pack, "test", options.test_samples)
    labelled = [data for data in test if set(data.labels) == {0, 1}]
    measured = [measure(model, data, options.bootstrap_rounds) for data in labelled]
    reals = [data for data in test if not data.labels.any()]
    crops = spread_crops(options.training_pack) if options.training_pack else None
    recipe = Options(DataOptions(dataset="")).values(Role.RECIPE) | {"model": "vgg16", "processes": 1, "gpu_run": run}
    evaluation = {
        "schema_version": "2.2",
        "software_version": __version__,
        "label_names": list(BINARY),
        "data": run["data"],
        "data_note": options.data_note,
        "training": recipe,
        "earlier_runs": [],
        "notes": options.notes.read_text(encoding="utf-8") if options.notes else "",
        "measured_with": {},
        "tests": [found for found, _ in measured],
        "robustness": robustness(model, labelled[0], options.robustness_samples),
        "tilt": tilt(model, test, options.robustness_samples),
        "saliency": pointing_game(model, labelled, options.saliency_samples),
        "false_alarms": false_alarms(model, reals),
        "calibration": calibration,
        "quantisation": quantise(options.output, crops, max(labelled, key=lambda data: len(data.labels)))
        if crops
        else None,
        "weights_sha256": file_sha256(options.output / "model.safetensors"),
    }
    write_evaluation(options.output, evaluation, [scored for _, scored in measured])
    return evaluation


@stoppable
def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code: 0 done, 2 a file or folder is wrong, 130 stopped by Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m training.on_gpu.finish",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--weights", type=Path, required=True, help="safetensors of a plain VGG-16")
    parser.add_argument("--run", type=Path, required=True, help="run.json that the run wrote")
    parser.add_argument("--pack", type=Path, required=True, help="pack with the validation and test splits")
    parser.add_argument("--output", type=Path, required=True, help="model folder to write")
    parser.add_argument("--validation-samples", type=int, default=150, help="of each source and manipulation")
    parser.add_argument("--test-samples", type=int, default=250, help="of each source and manipulation")
    parser.add_argument(
        "--robustness-samples", type=int, default=100, help="of each class of the first test set, for tilts of all"
    )
    parser.add_argument("--saliency-samples", type=int, default=80, help="of each test set")
    parser.add_argument("--bootstrap-rounds", type=int, default=1000)
    parser.add_argument(
        "--training-pack", type=Path, help="pack of the run: stores what int8 needs; default: float32 alone"
    )
    parser.add_argument("--notes", type=Path, help="Markdown for the card: what else was tried")
    parser.add_argument("--data-note", default="", help="sentences for the card: origin and terms of the data")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        evaluation = finish(options)
    except (OSError, ValueError, KeyError, ModelError) as error:
        sys.stderr.write(f"{error_line(error)}\n")
        return 2
    sys.stdout.write(render_card(evaluation))
    return 0


if __name__ == "__main__":
    sys.exit(main())
