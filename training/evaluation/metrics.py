"""Computes the figures of a detector on labelled crops; every one says its level and count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, confusion_matrix, precision_recall_curve, roc_auc_score, roc_curve

from dataset_builder.sources import REAL
from detector.facts import Thresholds

TARGET_PRECISION = 0.99
FALSE_POSITIVE_RATES = (0.01, 0.001)
# Shares of fakes in the inbox at which the precision of an alarm is told.
PREVALENCES = (0.5, 0.2, 0.05, 0.01)
CALIBRATION_BINS = 10
CONFIDENCE = 0.95
# Figures that the bootstrap gives intervals for.
WITH_INTERVALS = (
    "auc",
    "average_precision",
    "equal_error_rate",
    "accuracy",
    "balanced_accuracy",
    "precision",
    "recall",
    "recall_at_99_precision",
    *(f"recall_at_{rate:g}_false_positive_rate" for rate in FALSE_POSITIVE_RATES),
)


@dataclass(frozen=True)
class Scored:
    """Scores of labelled crops or videos.

    Attributes:
        labels: 0 real, 1 fake, ``(N,)``.
        scores: 0..1, ``(N,)``.
        manipulations: ``real`` or which manipulation, ``(N,)``.
        groups: Members of one group are not independent of each other, ``(N,)``.
    """

    labels: np.ndarray
    scores: np.ndarray
    manipulations: np.ndarray
    groups: np.ndarray

    def only(self, wanted: np.ndarray) -> Scored:
        """Selects some of them, by a mask or by numbers."""
        return Scored(self.labels[wanted], self.scores[wanted], self.manipulations[wanted], self.groups[wanted])


def videos_of(frames: Scored, video_ids: list[str]) -> Scored | None:
    """Averages the frame scores of each video; None where no video has several frames."""
    names, first, index = np.unique(np.asarray(video_ids), return_index=True, return_inverse=True)
    if len(names) == len(video_ids):
        return None
    means = np.bincount(index, weights=frames.scores) / np.bincount(index)
    return Scored(frames.labels[first], means, frames.manipulations[first], frames.groups[first])


def figures(scored: Scored, thresholds: Thresholds) -> dict[str, Any]:
    """Computes threshold-free figures, figures at score .5, and what the stored thresholds make of the scores."""
    labels, scores = scored.labels, scored.scores
    real, fake = labels == 0, labels == 1
    return {
        "real": int(real.sum()),
        "fake": int(fake.sum()),
        **_ranking(labels, scores),
        **_at_one_half(labels, scores),
        "calibration_error": calibration_error(labels, scores),
        "reliability": reliability(labels, scores),
        "verdicts": {
            name: verdict_counts(scores[members], thresholds) for name, members in (("real", real), ("fake", fake))
        },
        "precision_by_prevalence": precision_by_prevalence(labels, scores >= thresholds.manipulated),
    }


def _ranking(labels: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Computes figures that need no threshold."""
    precision, recall, _ = precision_recall_curve(labels, scores)
    false_positive, true_positive, _ = roc_curve(labels, scores)
    # where the two kinds of error are equal, on the line between the two nearest points
    gap = (1 - true_positive) - false_positive
    after = int(np.argmax(gap <= 0))
    before = max(after - 1, 0)
    share = gap[before] / (gap[before] - gap[after]) if after != before else 0.0
    error = false_positive[before] + share * (false_positive[after] - false_positive[before])
    rates = {
        f"recall_at_{rate:g}_false_positive_rate": float(true_positive[false_positive <= rate].max(initial=0.0))
        for rate in FALSE_POSITIVE_RATES
    }
    return {
        "auc": float(roc_auc_score(labels, scores)),
        "average_precision": float(average_precision_score(labels, scores)),
        "equal_error_rate": float(error),
        "recall_at_99_precision": float(recall[precision >= TARGET_PRECISION].max(initial=0.0)),
        **rates,
    }


def _at_one_half(labels: np.ndarray, scores: np.ndarray) -> dict[str, Any]:
    """Computes figures at score .5, all from one confusion matrix: the bootstrap asks for them a thousand times.

    The precision is None where no score reaches .5.
    """
    true_negative, false_positive, false_negative, true_positive = (
        confusion_matrix(labels, scores >= 0.5, labels=[0, 1]).ravel().tolist()
    )
    recall = true_positive / max(true_positive + false_negative, 1)
    specificity = true_negative / max(true_negative + false_positive, 1)
    return {
        "accuracy": (true_positive + true_negative) / len(labels),
        "balanced_accuracy": (recall + specificity) / 2,
        "precision": true_positive / (true_positive + false_positive) if true_positive + false_positive else None,
        "recall": recall,
        "confusion": {
            "true_negative": true_negative,
            "false_positive": false_positive,
            "false_negative": false_negative,
            "true_positive": true_positive,
        },
    }


def verdict_counts(scores: np.ndarray, thresholds: Thresholds) -> dict[str, int]:
    """Counts the scores of each verdict."""
    alarms, cleared = scores >= thresholds.manipulated, scores < thresholds.no_manipulation_found
    return {
        "manipulated": int(alarms.sum()),
        "inconclusive": int((~alarms & ~cleared).sum()),
        "no_manipulation_found": int(cleared.sum()),
    }


def reliability(labels: np.ndarray, scores: np.ndarray) -> list[dict[str, Any]]:
    """Sorts scores into bins of equal width with their count, mean score and share of fakes; leaves empty ones out."""
    bins = np.minimum((scores * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return [
        {
            "count": int((bins == number).sum()),
            "mean_score": float(scores[bins == number].mean()),
            "fake_share": float(labels[bins == number].mean()),
        }
        for number in range(CALIBRATION_BINS)
        if (bins == number).any()
    ]


def calibration_error(labels: np.ndarray, scores: np.ndarray) -> float:
    """Computes the expected calibration error (Guo et al., ICML 2017): mean distance of score and share of fakes."""
    bins = reliability(labels, scores)
    return sum(row["count"] * abs(row["mean_score"] - row["fake_share"]) for row in bins) / len(labels)


def precision_by_prevalence(labels: np.ndarray, alarms: np.ndarray) -> list[dict[str, float | None]]:
    """Computes how often an alarm is right at several shares of fakes.

    ``at_least`` takes the upper end of the 95 % interval of the false-positive rate (Clopper and Pearson): no
    false alarm among a few hundred real crops does not promise that there will be none. Both are None where nothing is
    called manipulated: there is no alarm that could be right.

    Args:
        labels: 1 for fake, 0 for real, ``(N,)``.
        alarms: Whether each is called manipulated, ``(N,)``.
    """
    real, false_alarms = int((labels == 0).sum()), int(alarms[labels == 0].sum())
    recall = float(alarms[labels == 1].mean())
    rate = false_alarms / real
    upper = float(binomtest(false_alarms, real).proportion_ci(CONFIDENCE, method="exact").high)

    def precision(prevalence: float, false_positive_rate: float) -> float | None:
        right, wrong = prevalence * recall, (1 - prevalence) * false_positive_rate
        return right / (right + wrong) if alarms.any() else None

    return [
        {"prevalence": value, "precision": precision(value, rate), "at_least": precision(value, upper)}
        for value in PREVALENCES
    ]


def intervals(scored: Scored, rounds: int, seed: int = 0) -> dict[str, list[float]]:
    """Computes 95 % intervals by bootstrap over groups: what comes from one group stays together.

    Args:
        scored: Crops or videos.
        rounds: Number of resamples; 0 gives no intervals.
        seed: Seed of the resampling.

    Returns:
        Lower and upper end by the name of the figure. Resamples without any alarm do not count for the precision.
    """
    values: dict[str, list[float]] = {name: [] for name in WITH_INTERVALS}
    for chosen, _ in resamples(scored.groups, rounds, seed):
        labels, scores = scored.labels[chosen], scored.scores[chosen]
        if 0 < labels.mean() < 1:  # a resample of one class has no AUC
            measured = _ranking(labels, scores) | _at_one_half(labels, scores)
            for name, list_of_values in values.items():
                if measured[name] is not None:
                    list_of_values.append(measured[name])
    return {name: middle_of(found) for name, found in values.items() if found}


def resamples(groups: np.ndarray, rounds: int, seed: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Draws groups with replacement, as many as there are, again and again.

    Args:
        groups: Group of each item, ``(N,)``.
        rounds: How often.
        seed: Seed of the drawing.

    Yields:
        Numbers of the chosen items, and as which draw each came: a group may come twice.
    """
    names, index = np.unique(groups, return_inverse=True)
    order = np.argsort(index, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(index))[:-1])
    random = np.random.default_rng(seed)
    for _ in range(rounds):
        drawn = [members[number] for number in random.integers(0, len(names), len(names))]
        yield np.concatenate(drawn), np.repeat(np.arange(len(drawn)), [len(some) for some in drawn])


def middle_of(values: list[float]) -> list[float]:
    """Gives the ends of the interval that holds 95 % of the values."""
    return [float(edge) for edge in np.percentile(values, (50 * (1 - CONFIDENCE), 50 * (1 + CONFIDENCE)))]


def by_manipulation(scored: Scored, thresholds: Thresholds, bootstrap_rounds: int = 0) -> dict[str, dict[str, Any]]:
    """Measures each manipulation against all the real ones; a single one has no intervals but those of the whole."""
    found = {}
    names = sorted(set(scored.manipulations) - {REAL})
    for name in names:
        own = scored.only((scored.manipulations == name) | (scored.labels == 0))
        alarms = own.scores[own.labels == 1] >= thresholds.manipulated
        found[name] = {
            "fake": int(own.labels.sum()),
            "real": int((own.labels == 0).sum()),
            **{key: value for key, value in _ranking(own.labels, own.scores).items() if key in WITH_INTERVALS},
            "called_manipulated": float(alarms.mean()),
            "intervals": intervals(own, bootstrap_rounds if len(names) > 1 else 0),
        }
    return found


def both_levels(
    frames: Scored, video_ids: list[str], thresholds: Thresholds, bootstrap_rounds: int = 0
) -> dict[str, dict[str, Any] | None]:
    """Computes everything above at frame level, and at video level where a video has several frames."""

    def level(scored: Scored | None) -> dict[str, Any] | None:
        if scored is None:
            return None
        return {
            **figures(scored, thresholds),
            "intervals": intervals(scored, bootstrap_rounds),
            "groups": len(set(scored.groups)),
            "manipulations": by_manipulation(scored, thresholds, bootstrap_rounds),
        }

    return {"frame": level(frames), "video": level(videos_of(frames, video_ids))}
