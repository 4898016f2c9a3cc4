"""Stores with a model what int8 needs, and measures on held-out crops whether it gives the verdicts of float32.

    python -m training.quantisation model --dataset data/face_swaps data/portraits

A command of its own: a process that has used OpenVINO ends in a segmentation fault when it trains with torch. The page uses int8 only
where the figures allow it; see `detector.network.quantisation`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import datasets
import numpy as np
from scipy.special import expit
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from dataset_builder.rows import read_crop, spread
from detector.command_line import error_line, stoppable
from detector.media.files import file_sha256
from detector.network.loading import LoadedModel, ModelError, load_folder
from detector.network.preprocessing import Preprocessing
from detector.network.quantisation import KEY, to_hex
from detector.network.runtimes import UnsuitableError
from detector.network.runtimes.pooled_vgg16 import CONVOLUTIONS, read_weights
from detector.results import verdict_for
from training.data.evaluation_sets import EvaluationSet, LabelledSet
from training.data.splits import load_splits
from training.evaluation.calibration import score_set
from training.networks.models import write_config
from training.report.card import render_card

# Training crops whose activations are looked at; more hardly raise the highest. As many others tell how far int8 is off.
CROPS = 256
# Convolutions whose output has a range; what takes in the others, the last block, stays in float32. A few channels there are a
# thousand times as strong as the rest, which leaves those no steps: of the bundled model, log odds moved by .63 (root mean square of
# 160 crops) where only the last convolution was in float32, by .13 where the three of the block are.
RANGES = 9
# A convolution is computed without its silent channels where they are at least this share: fewer are not worth uneven sizes.
#
# Leaving out more, for which mixtures of the others stand in (interpolative decomposition: Chee et al., NeurIPS 2022), was tried and not
# taken: with a third less to compute it was a third faster, but the scores of single ordinary faces moved far (of 800 training crops
# .32 log odds, root mean square, and one by 2.9; int8 alone .12 and .8), and 10 of the 1,888 verdicts on the test crops changed.
MIN_SILENT = 0.1
# Of the differences between int8 and float32 on training crops: what lies nearer to a threshold is computed again.
MARGIN_DEVIATIONS = 3


def quantise(folder: Path, crops: Sequence[np.ndarray], test: EvaluationSet) -> dict[str, Any] | None:
    """Writes the ranges and the figures into config.json.

    The range of a layer ends at its highest activation. Ranges that cut off the highest ten-thousandth
    moved the log odds of the bundled model six times as far.

    Args:
        folder: Model folder.
        crops: Training crops, ``(S, S, 3)`` uint8 RGB; half of them give the ranges, the others tell how far int8 is off.
        test: Held-out crops.

    Returns:
        The figures, or None for a network that stays in float32.

    Raises:
        ModelError: The folder holds no usable model.
    """
    file = folder / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    try:
        exact = load_folder(folder, folder.name, runtime="fp32")
    except ModelError as error:
        if not isinstance(error.__cause__, UnsuitableError):
            raise
        return None
    looked_at, others = list(crops[::2]), list(crops[1::2])
    stored = {
        "weights_sha256": file_sha256(folder / "model.safetensors"),
        **activation_facts(folder, config, looked_at),
        "margin": 0.0,
    }
    _write(file, config, stored)
    int8 = load_folder(folder, folder.name, runtime="int8")
    moved = int8.predict(others).log_odds - exact.predict(others).log_odds
    stored["margin"] = MARGIN_DEVIATIONS * float(np.sqrt(np.mean(moved**2)))
    _write(file, config, stored)
    measured = compare(exact, load_folder(folder, folder.name, runtime="int8"), test)
    _write(file, config, stored | {"measured": measured})
    return measured


def training_crops(sets: list[datasets.Dataset]) -> list[np.ndarray]:
    """Reads as many crops as `quantise` needs, evenly spread over data sets of the builder."""
    return [
        read_crop(rows[int(number)]) for rows in sets for number in spread(np.arange(len(rows)), 2 * CROPS // len(sets))
    ]


def activation_facts(folder: Path, config: dict[str, Any], crops: list[np.ndarray]) -> dict[str, Any]:
    """Measures the largest outputs of the first `RANGES` convolutions after their ReLU, and which channels are ever active.

    Args:
        folder: Model folder.
        config: Content of its config.json.
        crops: Training crops, ``(S, S, 3)`` uint8 RGB.

    Returns:
        ``highest`` and ``used_channels``, as config.json stores them.
    """
    # not at the top: train.py imports this module, and OpenVINO must not be loaded where torch trains
    from detector.network.runtimes.openvino_runtime import BATCH_SIZE, build_graph, compile_graph

    graph = compile_graph(build_graph(read_weights(folder / "model.safetensors"), every_layer=True))
    preprocessing = Preprocessing.from_config(config["pretrained_cfg"])
    assert preprocessing is not None  # the float32 runtime of this folder was built with it
    highest = [np.zeros(1)] * len(CONVOLUTIONS)  # of each channel
    for start in tqdm(range(0, len(crops), BATCH_SIZE), desc="activations", disable=None):
        outputs = graph(preprocessing.batch(crops[start : start + BATCH_SIZE]))
        highest = [np.maximum(before, outputs[number].max(axis=(0, 2, 3))) for number, before in enumerate(highest)]
    used = {number: values > 0 for number, values in enumerate(highest)}
    return {
        "highest": [float(values.max()) for values in highest[:RANGES]],
        "used_channels": {number: to_hex(mask) for number, mask in used.items() if 0 < mask.mean() <= 1 - MIN_SILENT},
    }


def compare(float32: LoadedModel, other: LoadedModel, test: EvaluationSet, name: str = "int8") -> dict[str, Any]:
    """Measures how fewer bits, called `name`, differ from float32 on a test set."""
    before, after = (expit(score_set(model, test, "test")) for model in (float32, other))
    thresholds = float32.info.thresholds
    changed = [verdict_for(a, thresholds) != verdict_for(b, thresholds) for a, b in zip(before, after, strict=True)]
    auc = [float(roc_auc_score(test.labels, scores)) for scores in (before, after)]
    return {
        "data": test.name,
        "split": "test",
        "level": "frame",
        "crops": len(test.labels),
        "auc_float32": auc[0],
        f"auc_{name}": auc[1],
        "auc_change": auc[1] - auc[0],
        "verdicts_changed": float(np.mean(changed)),
        "largest_score_change": float(np.abs(after - before).max()),
    }


def stored_figures(folder: Path) -> dict[str, Any] | None:
    """Reads what `quantise` measured of a model folder; None where it did not."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return config["detector"].get(KEY, {}).get("measured")


def _write(file: Path, config: dict[str, Any], stored: dict[str, Any]) -> None:
    """Writes config.json with what int8 needs."""
    write_config(file, config | {"detector": config["detector"] | {KEY: stored}})


@stoppable
def main(arguments: list[str] | None = None) -> int:
    """Runs the command.

    Returns:
        The exit code: 0 done, 1 the network stays in float32, 2 a folder is wrong, 130 stopped by Ctrl-C.
    """
    parser = argparse.ArgumentParser(
        prog="python -m training.quantisation",
        description="Stores with a model what int8 needs, and measures what it changes.",
        epilog="example: python -m training.quantisation model --dataset data/face_swaps data/portraits",
    )
    parser.add_argument("folder", type=Path, help="model folder")
    parser.add_argument(
        "--dataset", nargs="+", required=True, help="data sets of the builder; the test split of the first is measured"
    )
    options = parser.parse_args(arguments)
    card = options.folder / "evaluation.json"
    try:
        sets = [load_splits(name, ("train", "test")) for name in options.dataset]
        evaluation = json.loads(card.read_text(encoding="utf-8"))
        name = evaluation["data"][0]["name"]
        crops = training_crops([splits["train"] for splits in sets])
        measured = quantise(options.folder, crops, LabelledSet(name, sets[0]["test"]))
    except (ValueError, ModelError, OSError) as error:
        sys.stderr.write(f"{error_line(error)}\n")
        return 2
    if measured is None:
        sys.stderr.write("This network stays in float32.\n")
        return 1
    evaluation["quantisation"] = measured
    card.write_text(json.dumps(evaluation, indent=2) + "\n", encoding="utf-8")
    (options.folder / "README.md").write_text(render_card(evaluation), encoding="utf-8")
    sys.stdout.write(json.dumps(measured) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
