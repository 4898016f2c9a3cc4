"""What train.py does: train, measure, write the model folder with its card, push it."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

from httpx2 import HTTPError
from huggingface_hub.utils import validate_repo_id
from transformers import set_seed

from detector.command_line import STOPPED
from detector.network.loading import ModelError
from training.data.inputs import crop_transform
from training.data.run_data import RunData, load_run_data
from training.data.selection_crops import SelectionCrops
from training.evaluate import evaluate, stored_facts, training_facts
from training.evaluation.calibration import calibrate
from training.fine_tuning import fine_tune
from training.networks.models import Classifier, build_classifier, check_name
from training.options import Options
from training.publish import check_architecture, describe_error, push_model
from training.report.card import render_card
from training.report.card_tables import comparison_table
from training.run_folder import claim_run_folder, facts_of_run

logger = logging.getLogger("train")


def train_model(options: Options, run_data: RunData, name: str, output_dir: Path) -> Classifier:
    """Trains one model, or resumes its training.

    Args:
        options: Options of the command.
        run_data: Crops to learn from.
        name: Name of the network.
        output_dir: Folder that gets the checkpoints.

    Raises:
        ValueError: The folder is that of another run, or the weights to start from cannot be had.
    """
    facts = facts_of_run(options, run_data.sets, name, process_count())
    claim_run_folder(output_dir, facts, write=is_first_process())
    set_seed(options.training.seed)  # a network without pretrained weights starts from random ones
    model = build_classifier(name, len(run_data.classes), options.network.mask_weight)
    model.freeze_blocks(options.network.frozen_blocks)
    transform = crop_transform(model.data_config)
    selection = SelectionCrops(run_data.validation, options.training.selection_samples, transform)
    pairs = run_data.training_pairs(transform)
    return fine_tune(model, options.training, pairs, selection, output_dir, options.network.initial_weights)


def measure_model(
    options: Options, run_data: RunData, name: str, model: Classifier, output_dir: Path
) -> dict[str, Any]:
    """Calibrates and measures a trained model, which becomes a model folder with its card; gives its evaluation."""
    folder = output_dir / "model"
    calibration = calibrate(model, run_data.validation, folder, list(run_data.classes))
    facts = training_facts(options, run_data, name, process_count())
    return evaluate(folder, run_data, options, facts, calibration)


def process_count() -> int:
    """Counts the processes that train together, as torchrun and accelerate tell each of them."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first_process() -> bool:
    """Tells whether this process writes and prints; the others only train."""
    return int(os.environ.get("RANK", "0")) == 0


def run(options: Options) -> dict[str, dict[str, Any]]:
    """Trains, or only measures; gives the evaluation of each model by its name, in the first process.

    Raises:
        ValueError: An option, a folder or a file is not what it should be; one sentence.
        ModelError: A folder holds no usable model, or the network is none that could be published.
    """
    # what can be wrong is looked at first: reading the data takes a while, training takes hours
    for name in options.network.model:
        check_name(name)
    if options.evaluation.push_to_hub:
        validate_repo_id(options.evaluation.push_to_hub)
        if not options.evaluation.evaluate_only:
            check_architecture(*options.network.model)  # one alone, see `Options`
    if options.evaluation.evaluate_only:
        folder = Path(options.evaluation.evaluate_only)
        facts = stored_facts(folder)
        return {folder.name: evaluate(folder, load_run_data(options), options, *facts)}
    run_data = load_run_data(options)
    output, names = Path(options.training.output_dir), options.network.model
    folders = {name: output / name if len(names) > 1 else output for name in names}
    # all are trained before one is measured: the other processes would not wait so long for the first one
    models = {name: train_model(options, run_data, name, folder) for name, folder in folders.items()}
    if not is_first_process():
        return {}
    return {name: measure_model(options, run_data, name, models[name], folder) for name, folder in folders.items()}


def deliver(options: Options, evaluations: dict[str, dict[str, Any]]) -> None:
    """Pushes the model where that was asked for, and prints its card, or the table that compares several models.

    Raises:
        HTTPError: The Hub refused or did not answer.
        OSError: No token is stored for the Hub, or the table cannot be written.
    """
    output = Path(options.training.output_dir)
    if options.evaluation.push_to_hub:
        folder = Path(options.evaluation.evaluate_only or output / "model")
        logger.info("pushed revision %s", push_model(folder, options.evaluation.push_to_hub))
    if len(evaluations) > 1:
        text = comparison_table(evaluations) + "\n"
        (output / "comparison.md").write_text(text, encoding="utf-8")
        found = evaluations
    else:
        (found,) = evaluations.values()
        text = render_card(found)
    sys.stdout.write(json.dumps(found) + "\n" if options.evaluation.json else text)


def main(options: Options) -> int:
    """Runs the command.

    Returns:
        The exit code: 0 done, 2 an option or a folder is wrong or the Hub refused, 130 stopped by Ctrl-C.
    """
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        evaluations = run(options)
        if is_first_process():
            deliver(options, evaluations)
    except (ValueError, ModelError, HTTPError, OSError) as error:
        logger.debug("refused", exc_info=True)
        sys.stderr.write(f"{describe_error(error)}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; the same command resumes training from the last checkpoint.\n")
        return STOPPED
    return 0
