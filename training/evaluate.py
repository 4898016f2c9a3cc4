"""Measures a model folder on data sets; train.py does so after training, or alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

from dataset_builder.sources import REAL
from detector import __version__
from detector.facts import Thresholds
from detector.media.files import file_sha256
from detector.network.loading import LoadedModel, load_folder
from training.data.evaluation_sets import EvaluationSet
from training.data.run_data import RunData
from training.evaluation.calibration import score_set
from training.evaluation.metrics import Scored, both_levels
from training.evaluation.robustness import robustness
from training.evaluation.saliency_check import check_saliency
from training.evaluation.tilt import tilt
from training.options import Options, Role, names_with
from training.quantisation import stored_figures
from training.report.card import render_card
from training.report.plots import draw_plots
from training.run_folder import earlier_runs

EVALUATION_FILE = "evaluation.json"


def measure(model: LoadedModel, data: EvaluationSet, bootstrap_rounds: int) -> tuple[dict[str, Any], Scored]:
    """Computes all figures of one test set; gives them, and the scores behind them."""
    scores = expit(score_set(model, data, "test"))
    scored = Scored(np.asarray(data.labels), scores, np.asarray(data.manipulations), np.asarray(data.groups))
    levels = both_levels(scored, data.video_ids, model.info.thresholds, bootstrap_rounds)
    return {"data": data.name, "split": "test", **levels}, scored


def evaluate(
    folder: Path, run_data: RunData, options: Options, training: dict[str, Any], calibration: dict[str, Any]
) -> dict[str, Any]:
    """Measures the model in a folder on every test set and writes evaluation.json, plots and the card beside it.

    Args:
        folder: Model folder.
        run_data: Test sets to measure on.
        options: Options of the command.
        training: Recipe and data that the model was trained on, for the card.
        calibration: How its thresholds came about, as `calibrate` gives it.

    Returns:
        What evaluation.json holds.

    Raises:
        ModelError: The folder holds no usable model.
    """
    wanted = options.evaluation
    loaded = load_folder(folder, folder.name, runtime="torch")
    # figures of frames are at the thresholds of frames, whatever the evidence scales say of files
    at = replace(loaded.info, thresholds=Thresholds(**calibration["thresholds"]))
    model = replace(loaded, info=at, scales=None)
    tests, scored = [], []
    for data in run_data.test:
        found, scores = measure(model, data, wanted.bootstrap_rounds)
        tests.append(found)
        scored.append(scores)
    grid = robustness(model, run_data.test[0], wanted.robustness_samples) if wanted.robustness_samples else None
    tilted = tilt(model, run_data.test, wanted.robustness_samples) if wanted.robustness_samples else None
    saliency = check_saliency(model, run_data.test, wanted.saliency_samples) if wanted.saliency_samples else None
    evaluation = {
        "schema_version": "2.1",
        "software_version": __version__,
        "label_names": list(model.info.label_names),
        **training,
        "notes": Path(wanted.notes).read_text(encoding="utf-8") if wanted.notes else training.get("notes", ""),
        "measured_with": options.values(Role.MEASUREMENT),
        "tests": tests,
        "robustness": grid,
        "tilt": tilted,
        "saliency": saliency,
        "calibration": calibration,
        "quantisation": stored_figures(folder),
        "weights_sha256": file_sha256(folder / "model.safetensors"),
    }
    if loaded.scales:  # they were fitted and judged by commands of their own
        stored = json.loads((folder / EVALUATION_FILE).read_text(encoding="utf-8"))
        evaluation |= {name: stored[name] for name in ("evidence", "subgroups") if name in stored}
    write_evaluation(folder, evaluation, scored)
    return evaluation


def write_evaluation(folder: Path, evaluation: dict[str, Any], scored: list[Scored]) -> None:
    """Writes evaluation.json, the plots and the card into a model folder.

    Args:
        folder: Model folder.
        evaluation: What evaluation.json holds.
        scored: Scores behind each of its tests.
    """
    (folder / EVALUATION_FILE).write_text(json.dumps(evaluation, indent=2) + "\n", encoding="utf-8")
    draw_plots(evaluation, scored, folder / "plots")
    (folder / "README.md").write_text(render_card(evaluation), encoding="utf-8")


def training_facts(options: Options, run_data: RunData, name: str, processes: int) -> dict[str, Any]:
    """Collects what the card says about data and recipe.

    Args:
        options: Options of the command.
        run_data: Data sets of the run.
        name: Name of the network.
        processes: Number of processes that trained together.
    """
    told = names_with(Role.RECIPE) | {"processes", "checkpoint"}
    return {
        "data": [
            {
                "name": data,
                "manipulations": sorted(set(splits["train"]["manipulation"]) - {REAL}),
                "compression": sorted(set(splits["train"]["compression"])),
                "crops": {split: len(rows) for split, rows in splits.items()},
            }
            for data, splits in run_data.sets.items()
        ],
        "data_note": options.data.data_note,
        "training": options.values(Role.RECIPE) | {"model": name, "processes": processes},
        "earlier_runs": [
            {key: value for key, value in run.items() if key in told}
            for run in earlier_runs(options.network.initial_weights)
        ],
    }


def stored_facts(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Reads the training facts and the calibration of a model folder that was evaluated before.

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
