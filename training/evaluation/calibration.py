"""Scores validation data and turns them into the temperature and the thresholds that a model is stored with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit
from scipy.stats import binomtest
from sklearn.metrics import precision_recall_curve
from torch import nn
from tqdm import tqdm

from detector.facts import Thresholds
from detector.network.loading import LoadedModel, load_folder
from detector.network.runtimes import Choice, log_odds
from training.data.evaluation_sets import EvaluationSet
from training.evaluation.metrics import CONFIDENCE, TARGET_PRECISION, verdict_counts
from training.networks.models import save_model_folder

# Share of validation fakes that may fall below "no manipulation found".
MISS_RATE = 0.05
# The score that speaks neither way: "manipulated" starts there or above, "no manipulation found" ends below.
UNDECIDED = 0.5
_CROPS_AT_ONCE = 16


def score_set(model: LoadedModel, data: EvaluationSet, split: str) -> np.ndarray:
    """Computes log(P(fake) / P(real)) of every crop, ``(N,)``, as the application does."""
    return log_odds(logits_of(model, data, split), model.info.real)


def logits_of(model: LoadedModel, data: EvaluationSet, split: str, as_posted: bool = False) -> np.ndarray:
    """Computes the logits of every crop, ``(N, classes)``."""
    parts = []
    count = len(data.labels)
    for start in tqdm(range(0, count, _CROPS_AT_ONCE), desc=f"scoring {data.name}, {split}", disable=None):
        crops = [data.crop(number, as_posted) for number in range(start, min(start + _CROPS_AT_ONCE, count))]
        parts.append(model.predict(crops).logits)
    return np.concatenate(parts)


class Trained(Protocol):
    """A trained network."""

    data_config: dict[str, Any]

    def to_timm(self, temperature: float = 1.0) -> nn.Module:
        """Gives the network as timm has it, its logits divided by the temperature."""


def calibrate(
    model: Trained,
    validation: Sequence[EvaluationSet],
    folder: Path,
    label_names: list[str],
    runtime: Choice = "torch",
) -> dict[str, Any]:
    """Fits temperature, then thresholds, on validation only, and writes the model folder.

    What stands for the use are faces that went from one person to another, and media that were posted:
    labelled fakes and landmark swaps count, self-blended images and rebuilt faces do not (a face blended into itself at
    a quarter of its weight is no fake that anyone would report), and every second crop is re-compressed.
    Real crops all have the same weight. Each set of fakes has the same weight, and all fakes together have that of all
    real crops.

    Args:
        model: The trained network.
        validation: Validation split of each data set and kind.
        folder: Folder to write.
        label_names: Names of the classes, real first.
        runtime: What computes the network; OpenVINO is faster, but must not be loaded in a process that trains.

    Returns:
        What the folder stores under ``detector``.
    """
    counted = [data for data in validation if data.stands_for_use]
    labels = np.concatenate([data.labels for data in counted])
    # not in the folder itself: killed here, the run would leave a model there that calls everything inconclusive
    with TemporaryDirectory() as unfinished:
        undecided = {"thresholds": asdict(Thresholds(0.0, 1.0))}
        save_model_folder(model.to_timm(), unfinished, model.data_config, label_names, undecided)
        uncalibrated = load_folder(unfinished, "uncalibrated", runtime=runtime)
        logits = np.concatenate([logits_of(uncalibrated, data, "validation", as_posted=True) for data in counted])
    fakes = np.concatenate([np.full(len(data.labels), len(counted) * max(data.labels.sum(), 1)) for data in counted])
    weights = np.where(labels == 1, 1 / fakes, 1 / max((labels == 0).sum(), 1))
    temperature = fit_temperature(labels, logits, weights)
    thresholds, counts = fit_thresholds(labels, log_odds_at(logits, temperature), weights)
    calibration = {
        "temperature": temperature,
        "thresholds": asdict(thresholds),
        "fitted_on": {
            "data": [data.name for data in counted],
            "split": "validation",
            "level": "frame",
            "recompressed": 0.5,
            **counts,
        },
    }
    save_model_folder(model.to_timm(temperature), folder, model.data_config, label_names, calibration)
    return calibration


def log_odds_at(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Computes log(P(fake) / P(real)) of logits that are divided by a temperature.

    With several kinds of fakes these are not the log odds divided by it.

    Args:
        logits: ``(N, classes)``, real first.
        temperature: More than 0.

    Returns:
        ``(N,)``.
    """
    return log_odds(logits / temperature, real=0)


def fit_temperature(labels: np.ndarray, logits: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Finds the temperature that minimises the log loss of real against fake (Guo et al., ICML 2017).

    No shift beside it (Platt): labelled fakes and landmark swaps ask for opposite ones, so together they gain nothing.

    Args:
        labels: 1 for fake, 0 for real, ``(N,)``.
        logits: ``(N, classes)``, real first.
        weights: Weight of each crop, ``(N,)``; None gives all the same.
    """
    signs = 2 * np.asarray(labels) - 1

    def loss(log_temperature: float) -> float:
        losses = np.logaddexp(0, -signs * log_odds_at(logits, np.exp(log_temperature)))
        return float(np.average(losses, weights=weights))

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def fit_thresholds(
    labels: np.ndarray, log_odds: np.ndarray, weights: np.ndarray | None = None
) -> tuple[Thresholds, dict[str, Any]]:
    """Fits the operating points on validation data; see `_lowest_alarm` and `_highest_cleared`.

    Args:
        labels: 1 for fake, 0 for real, ``(N,)``.
        log_odds: log(P(fake) / P(real)), ``(N,)``.
        weights: Weight of each crop, ``(N,)``; None gives all the same.

    Returns:
        The thresholds, and the counts behind them for the card.

    Raises:
        ValueError: One of the classes is missing.
    """
    labels, scores = np.asarray(labels), expit(log_odds)
    if set(labels.tolist()) != {0, 1}:
        raise ValueError("Thresholds need both real and fake crops.")
    weights = np.ones(len(labels)) if weights is None else weights
    manipulated, supports_target = _lowest_alarm(labels, scores, weights)
    thresholds = Thresholds(_highest_cleared(scores[labels == 1], weights[labels == 1]), manipulated)
    alarms = scores >= manipulated
    right, wrong = int((alarms & (labels == 1)).sum()), int((alarms & (labels == 0)).sum())
    counts = {
        "target_precision": TARGET_PRECISION,
        "precision": float(weights[alarms & (labels == 1)].sum() / max(weights[alarms].sum(), 1e-12)),
        "supports_target": supports_target,
        # lower end of the interval of Clopper and Pearson: few crops promise little
        "precision_at_least": float(binomtest(right, right + wrong).proportion_ci(CONFIDENCE, method="exact").low)
        if right
        else 0.0,
        "miss_rate": MISS_RATE,
        "validation_frames": {
            name: verdict_counts(scores[labels == label], thresholds) for label, name in enumerate(("real", "fake"))
        },
    }
    return thresholds, counts


def _lowest_alarm(labels: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> tuple[float, bool]:
    """Finds the score from which on a face is called manipulated.

    It is the lowest score, not under .5, from which on the precision is at least 99 %. It need not stay so at every
    higher score: there a single real crop among few fakes decides, and would push the threshold above itself.
    Where no score has that precision, the alarm starts above the highest score of a real crop, the strictest that the
    data support.

    Returns:
        The score, and whether it has that precision.
    """
    precision, recall, candidates = precision_recall_curve(labels, scores, sample_weight=weights)
    # one under .5 is raised to it, and must then still reach the target; past the last one there is no alarm (recall 0)
    reaching = np.maximum(candidates[precision[:-1] >= TARGET_PRECISION], UNDECIDED)
    place = np.searchsorted(candidates, reaching)
    reaching = reaching[(precision[place] >= TARGET_PRECISION) & (recall[place] > 0)]
    if len(reaching):
        return float(reaching.min()), True
    strictest = min(float(np.nextafter(scores[labels == 0].max(), 1.0)), 1.0)
    return max(strictest, UNDECIDED), False


def _highest_cleared(fake_scores: np.ndarray, weights: np.ndarray) -> float:
    """Finds the highest score below .5 below which at most 5 % of the weight of the fakes lies.

    What is rather fake than real is never cleared, however well the data separate.
    """
    order = np.argsort(fake_scores)
    fakes, shares = fake_scores[order], np.cumsum(weights[order])
    first_kept = int(np.searchsorted(shares, MISS_RATE * shares[-1] * (1 + 1e-9), side="right"))
    return min(float(fakes[min(first_kept, len(fakes) - 1)]), float(np.nextafter(UNDECIDED, 0.0)))
