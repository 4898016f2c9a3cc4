"""Fine-tunes a face manipulation detector, evaluates it and writes a model folder.

    python -m dataset_builder --root FaceForensics --output data/deepfakes_c23
    python train.py --dataset data/deepfakes_c23 --output-dir runs/deepfakes_c23

The folder ``OUTPUT_DIR/model`` then holds what the Hub and ``app.py`` take: config.json, model.safetensors,
evaluation.json, plots and README.md. A killed run goes on from its last checkpoint when the same command is given again.

Fakes made on the fly, each shown beside the real crop it was made of, teach what one data set's own fakes do not:

    python train.py --dataset data/deepfakes_c23 --real-dataset data/portraits --self-blended 0.45 --face-swap 0.3

Measuring alone, on any data sets of the builder, and several devices or machines:

    python train.py --dataset data/deepfakes_c23 --test-datasets data/celeb_df --evaluate-only runs/deepfakes_c23/model
    torchrun --standalone --nproc-per-node 2 train.py --dataset data/deepfakes_c23

The table of the original story, a simple CNN against VGG-16:

    python train.py --dataset data/deepfakes_c23 --model simple_cnn vgg16 --output-dir runs/story
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from pathlib import Path

from httpx2 import HTTPError
from huggingface_hub.utils import validate_repo_id
from transformers import HfArgumentParser, set_seed

from detector.network.loading import ModelError
from training.data import SelectionCrops, crop_transform
from training.evaluation.calibration import calibrate
from training.evaluation.evaluation import evaluate, stored_facts, training_facts
from training.fine_tuning import fine_tune
from training.material import Material, prepare
from training.networks.models import Classifier, build_classifier, check_name
from training.options import Options
from training.publish import one_line, push_model
from training.report.card import render_card
from training.report.card_tables import comparison_table
from training.run_folder import claim, facts_of_run

logger = logging.getLogger("train")


def train_model(options: Options, material: Material, name: str, output_dir: Path) -> Classifier:
    """One model, trained or gone on with.

    Raises:
        ValueError: The folder is that of another run, or the weights to start from cannot be had.
    """
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    claim(output_dir, facts_of_run(options, material.sets, name, processes), write=is_first_process())
    set_seed(options.seed)  # a network without pretrained weights starts from random ones
    model = build_classifier(name, len(material.classes), options.mask_weight)
    transform = crop_transform(model.data_config)
    selection = SelectionCrops(material.validation, options.selection_samples, transform)
    return fine_tune(model, options, material.training_pairs(transform), selection, output_dir)


def measure_model(options: Options, material: Material, name: str, model: Classifier, output_dir: Path) -> dict:
    """The evaluation of a trained model, which becomes a model folder with its card."""
    folder = output_dir / "model"
    calibration = calibrate(model, material.validation, folder, list(material.classes))
    return evaluate(folder, material, options, training_facts(options, material, name), calibration)


def is_first_process() -> bool:
    """Whether this process writes and prints; the others, of torchrun or accelerate, only train."""
    return int(os.environ.get("RANK", "0")) == 0


def run(options: Options) -> dict[str, dict]:
    """Trains, or only measures; gives the evaluation of each model by its name, in the first process.

    Raises:
        ValueError: An option, a folder or a file is not what it should be; one sentence.
    """
    # what can be wrong is looked at first: reading the data takes a while, training takes hours
    options.check()
    for name in options.model:
        check_name(name)
    if options.push_to_hub:
        validate_repo_id(options.push_to_hub)
    if options.evaluate_only:
        folder = Path(options.evaluate_only)
        facts = stored_facts(folder)
        return {folder.name: evaluate(folder, prepare(options), options, *facts)}
    material = prepare(options)
    output = Path(options.output_dir)
    folders = {name: output / name if len(options.model) > 1 else output for name in options.model}
    # all are trained before one is measured: the other processes would not wait so long for the first one
    models = {name: train_model(options, material, name, folder) for name, folder in folders.items()}
    if not is_first_process():
        return {}
    return {name: measure_model(options, material, name, models[name], folder) for name, folder in folders.items()}


class _HelpFormatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Examples as they are, and every default."""


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code: 0 done, 2 an option or a folder is wrong, or the Hub refused."""
    parser = HfArgumentParser(Options, formatter_class=_HelpFormatter, description=__doc__)
    (options,) = parser.parse_args_into_dataclasses(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        evaluations = run(options)
        if not is_first_process():
            return 0
        if options.push_to_hub:
            folder = Path(options.evaluate_only or Path(options.output_dir) / "model")
            logger.info("pushed revision %s", push_model(folder, options.push_to_hub))
        if len(evaluations) > 1:
            table = comparison_table(evaluations) + "\n"
            (Path(options.output_dir) / "comparison.md").write_text(table, encoding="utf-8")
    except (ValueError, ModelError, HTTPError, OSError) as error:
        logger.debug("refused", exc_info=True)
        sys.stderr.write(f"{one_line(error)}\n")
        return 2
    if options.json:
        found = evaluations if len(evaluations) > 1 else next(iter(evaluations.values()))
        sys.stdout.write(json.dumps(found) + "\n")
    elif len(evaluations) > 1:
        sys.stdout.write(table)
    else:
        sys.stdout.write(render_card(next(iter(evaluations.values()))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
