"""Measures a model folder on data sets: the one implementation behind train.py, with or without training."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
from scipy.special import expit

from dataset_builder.sources import REAL
from detector import __version__
from detector.media.files import file_sha256
from detector.network.loading import LoadedModel, load_folder
from training.data import EvaluationSet
from training.evaluation.calibration import score_set
from training.evaluation.metrics import Scored, both_levels
from training.evaluation.robustness import robustness
from training.evaluation.saliency_check import check_saliency
from training.material import Material
from training.options import Options
from training.quantisation import stored_figures
from training.report.card import render_card
from training.report.plots import draw_plots
from training.run_folder import earlier_runs

EVALUATION_FILE = "evaluation.json"
# What of the options the card tells.
RECIPE = {
    *("model", "labels", "epochs", "batch_size", "learning_rate", "block_decay", "head_learning_rate", "head_warmup"),
    *("frozen_blocks", "gentle_share", "seed", "self_blended", "face_swap", "eigenface", "mask_weight", "patience"),
    *(
        "input_size",
        "finish_size",
        "finish_share",
        "save_steps",
        "selection_samples",
        "dataset_id",
        "max_train_samples",
    ),
}
# With which options the figures came about, which may be others than those of the training.
MEASURED_WITH = {
    *("max_eval_samples", "pseudo_fake_samples", "robustness_samples", "saliency_samples", "bootstrap_rounds"),
}


def measure(model: LoadedModel, data: EvaluationSet, options: Options) -> tuple[dict, Scored]:
    """All figures of one test set, and the scores behind them."""
    scores = expit(score_set(model, data, "test"))
    scored = Scored(np.asarray(data.labels), scores, np.asarray(data.manipulations), np.asarray(data.groups))
    levels = both_levels(scored, data.video_ids, model.info.thresholds, options.bootstrap_rounds)
    return {"data": data.name, "split": "test", **levels}, scored


def evaluate(folder: Path, material: Material, options: Options, training: dict, calibration: dict) -> dict:
    """Measures the model in a folder on every test set and writes evaluation.json, plots and the card beside it.

    Args:
        folder: Model folder.
        material: What to measure on.
        options: Of the command.
        training: The recipe and the data that the model was trained on, for the card.
        calibration: How its thresholds came about, as `calibrate` tells.
    """
    model = load_folder(folder, folder.name, runtime="torch")
    tests, scored = [], []
    for data in material.test:
        found, scores = measure(model, data, options)
        tests.append(found)
        scored.append(scores)
    evaluation = {
        "schema_version": "2.1",
        "software_version": __version__,
        "label_names": list(model.info.label_names),
        **training,
        "notes": Path(options.notes).read_text(encoding="utf-8") if options.notes else training.get("notes", ""),
        "measured_with": {key: value for key, value in asdict(options).items() if key in MEASURED_WITH},
        "tests": tests,
        "robustness": robustness(model, material.test[0], options.robustness_samples)
        if options.robustness_samples
        else None,
        "saliency": check_saliency(model, material.test, options.saliency_samples)
        if options.saliency_samples
        else None,
        "calibration": calibration,
        "quantisation": stored_figures(folder),
        "weights_sha256": file_sha256(folder / "model.safetensors"),
    }
    (folder / EVALUATION_FILE).write_text(json.dumps(evaluation, indent=2) + "\n", encoding="utf-8")
    draw_plots(evaluation, scored, folder / "plots")
    (folder / "README.md").write_text(render_card(evaluation), encoding="utf-8")
    return evaluation


def training_facts(options: Options, material: Material, name: str) -> dict:
    """What the card tells of data and recipe."""
    return {
        "data": [
            {
                "name": data,
                "manipulations": sorted(set(splits["train"]["manipulation"]) - {REAL}),
                "compression": sorted(set(splits["train"]["compression"])),
                "crops": {split: len(rows) for split, rows in splits.items()},
            }
            for data, splits in material.sets.items()
        ],
        "data_note": options.data_note,
        "training": {key: value for key, value in asdict(options).items() if key in RECIPE}
        | {"model": name, "processes": int(os.environ.get("WORLD_SIZE", "1"))},
        "earlier_runs": [
            {key: value for key, value in run.items() if key in RECIPE | {"processes", "checkpoint"}}
            for run in earlier_runs(options.initial_weights)
        ],
    }


def stored_facts(folder: Path) -> tuple[dict, dict]:
    """Training facts and calibration of a model folder that was evaluated before.

    Raises:
        ValueError: The folder has no evaluation.json of this form.
    """
    try:
        stored = json.loads((folder / EVALUATION_FILE).read_text(encoding="utf-8"))
        training = {key: stored[key] for key in ("data", "data_note", "training")}
        # version 2.0 had neither
        training |= {key: stored[key] for key in ("notes", "earlier_runs") if key in stored}
        calibration = stored["calibration"]
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(
            f"{folder} is no model folder that train.py wrote: it has no usable {EVALUATION_FILE}."
        ) from error
    return training, calibration
