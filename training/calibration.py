"""Scores validation data and turns them into the temperature and the thresholds that a model is stored with."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
from tqdm import tqdm

from detector.model import BATCH_SIZE, LoadedModel, Thresholds, load_folder
from training.data import EvaluationSet
from training.metrics import fit_temperature, fit_thresholds
from training.network import LABEL_NAMES, PooledVGG16, save_model_folder, to_timm


def score_set(model: LoadedModel, data: EvaluationSet, split: str, as_posted: bool = False) -> np.ndarray:
    """log(P(fake) / P(real)) of every crop, ``(N,)``, as the application computes it."""
    parts = []
    count = len(data.labels)
    for start in tqdm(range(0, count, BATCH_SIZE), desc=f"scoring {data.name}, {split}", disable=None):
        crops = [data.crop(number, as_posted) for number in range(start, min(start + BATCH_SIZE, count))]
        parts.append(model.score_log_odds(crops))
    return np.concatenate(parts)


def calibrate(model: PooledVGG16, validation: list[EvaluationSet], folder: Path) -> tuple[LoadedModel, dict]:
    """Fits temperature, then thresholds, on validation only and writes the model folder.

    What stands for the use are faces that went from one person to another, and media that were posted:
    labelled fakes and landmark swaps count, self-blended images do not (a face blended into itself at a
    quarter of its weight is no fake that anyone would report), and every second crop is re-compressed.
    Real crops count alike; fakes so that each set weighs the same, and as much together as the real.

    Args:
        model: The trained network.
        validation: The validation split of each data set and kind.
        folder: Where to write.
    """
    save_model_folder(to_timm(model), folder, LABEL_NAMES, {"thresholds": asdict(Thresholds(0.0, 1.0))})
    uncalibrated = load_folder(folder, "uncalibrated")
    counted = [data for data in validation if data.kind != "self_blended"]
    labels = np.concatenate([data.labels for data in counted])
    log_odds = np.concatenate([score_set(uncalibrated, data, "validation", as_posted=True) for data in counted])
    fakes = np.concatenate([np.full(len(data.labels), len(counted) * max(data.labels.sum(), 1)) for data in counted])
    weights = np.where(labels == 1, 1 / fakes, 1 / max((labels == 0).sum(), 1))
    temperature = fit_temperature(labels, log_odds, weights)
    thresholds, behind = fit_thresholds(labels, log_odds / temperature, weights)
    calibration = {
        "temperature": temperature,
        "thresholds": asdict(thresholds),
        "fitted_on": {
            "data": [data.name for data in counted],
            "split": "validation",
            "level": "frame",
            "recompressed": 0.5,
            **behind,
        },
    }
    save_model_folder(to_timm(model, temperature), folder, LABEL_NAMES, calibration)
    return load_folder(folder, folder.name), calibration
