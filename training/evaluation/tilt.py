"""Measures what becomes of scores and verdicts when the same faces are tilted in the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from dataset_builder.rows import spread
from detector.facts import Thresholds
from detector.network.loading import LoadedModel
from training.data.evaluation_sets import EvaluationSet
from training.evaluation.metrics import verdict_counts

DEGREES = tuple(range(-60, 61, 15))


def turn(crop: np.ndarray, degrees: float) -> np.ndarray:
    """Turns a crop clockwise around its middle, ``(S, S, 3)`` uint8 RGB; corners are mirrored, as the crop ends there."""
    middle = ((crop.shape[1] - 1) / 2, (crop.shape[0] - 1) / 2)
    matrix = cv2.getRotationMatrix2D(middle, -degrees, 1)
    return cv2.warpAffine(crop, matrix, crop.shape[1::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)


def tilt(model: LoadedModel, sets: Sequence[EvaluationSet], limit: int) -> dict[str, Any]:
    """Measures verdicts, shift of the score and AUC of crops turned by every angle of `DEGREES`.

    Args:
        model: Model to measure.
        sets: Test sets, those of real faces alone among them.
        limit: Largest number of crops of each class, spread over the sets.

    Returns:
        What evaluation.json holds under ``tilt``.
    """
    labels, crops = [], []
    for label in (0, 1):
        holders = [data for data in sets if (data.labels == label).any()]
        for data in holders:
            numbers = spread(np.flatnonzero(data.labels == label), max(limit // len(holders), 1))
            crops += [data.crop(int(number)) for number in numbers]
            labels += [label] * len(numbers)
    scores = {
        degrees: expit(model.predict([turn(crop, degrees) if degrees else crop for crop in crops]).log_odds)
        for degrees in DEGREES
    }
    return {
        "data": ", ".join(data.name for data in sets),
        "split": "test",
        "level": "frame",
        "method": "each crop turned around its middle, corners mirrored",
        "verdicts_by": "the thresholds of single frames",
    } | tilt_figures(np.asarray(labels), scores, model.info.thresholds)


def tilt_figures(labels: np.ndarray, scores: Mapping[int, np.ndarray], thresholds: Thresholds) -> dict[str, Any]:
    """Compares the scores of the same faces at several angles.

    Args:
        labels: 0 for real, 1 for fake, ``(N,)``.
        scores: By degrees, clockwise, the score of each face, ``(N,)``; NaN where it was not assessed. 0 degrees is there.
        thresholds: At which the verdict changes.

    Returns:
        Counts of real and fake faces, and a row an angle.
    """
    rows = []
    for degrees, values in sorted(scores.items()):
        assessed = np.isfinite(values)
        row: dict[str, Any] = {"degrees": degrees}
        for label, name in enumerate(("real", "fake")):
            of_class = assessed & (labels == label)
            shifts = (values - scores[0])[of_class & np.isfinite(scores[0])]
            row[name] = verdict_counts(values[of_class], thresholds) | {
                "not_assessed": int((~assessed & (labels == label)).sum()),
                "score_shift": float(shifts.mean()) if len(shifts) else None,
            }
        both = len(set(labels[assessed].tolist())) == 2
        row["auc"] = float(roc_auc_score(labels[assessed], values[assessed])) if both else None
        rows.append(row)
    return {"real": int((labels == 0).sum()), "fake": int((labels == 1).sum()), "rows": rows}
