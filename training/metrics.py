"""Figures of a detector on a labelled split; every one says its level and count."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit
from sklearn.metrics import average_precision_score, confusion_matrix, precision_recall_curve, roc_auc_score

from detector.model import Thresholds

TARGET_PRECISION = 0.99
# Share of validation fakes that may fall below "no manipulation found".
MISS_RATE = 0.05


def binary_metrics(labels: np.ndarray, scores: np.ndarray, thresholds: Thresholds) -> dict:
    """Threshold-free figures, figures at score .5, and what the stored thresholds make of the split.

    Args:
        labels: 1 for fake, 0 for real, ``(N,)``.
        scores: 0..1, ``(N,)``.
        thresholds: The model's stored operating points.
    """
    labels, scores = np.asarray(labels), np.asarray(scores)
    true_negative, false_positive, false_negative, true_positive = confusion_matrix(
        labels, scores >= 0.5, labels=[0, 1]
    ).ravel()
    precision, recall, _ = precision_recall_curve(labels, scores)
    named = scores >= thresholds.manipulated
    cleared = scores < thresholds.no_manipulation_found
    real, fake = labels == 0, labels == 1
    return {
        "real": int(real.sum()),
        "fake": int(fake.sum()),
        "auc": float(roc_auc_score(labels, scores)),
        "average_precision": float(average_precision_score(labels, scores)),
        "accuracy": float((true_positive + true_negative) / len(labels)),
        "precision": float(true_positive / max(true_positive + false_positive, 1)),
        "recall": float(true_positive / max(true_positive + false_negative, 1)),
        "confusion": {
            "true_negative": int(true_negative),
            "false_positive": int(false_positive),
            "false_negative": int(false_negative),
            "true_positive": int(true_positive),
        },
        "recall_at_99_precision": float(recall[precision >= TARGET_PRECISION].max(initial=0.0)),
        "verdicts": {
            "real": _verdict_counts(named[real], cleared[real]),
            "fake": _verdict_counts(named[fake], cleared[fake]),
        },
    }


def _verdict_counts(named: np.ndarray, cleared: np.ndarray) -> dict[str, int]:
    return {
        "manipulated": int(named.sum()),
        "inconclusive": int((~named & ~cleared).sum()),
        "no_manipulation_found": int(cleared.sum()),
    }


def evaluate(labels: list[int], scores: np.ndarray, video_ids: list[str], thresholds: Thresholds) -> dict:
    """Frame figures, and video figures (mean of the frame scores) where a video has several frames."""
    labels, videos = np.asarray(labels), np.asarray(video_ids)
    result = {"frame": binary_metrics(labels, scores, thresholds), "video": None}
    names, index = np.unique(videos, return_inverse=True)
    if len(names) < len(videos):
        counts = np.bincount(index)
        video_scores = np.bincount(index, weights=scores) / counts
        video_labels = np.bincount(index, weights=labels) / counts
        result["video"] = binary_metrics(video_labels.round().astype(int), video_scores, thresholds)
    return result


def fit_temperature(labels: np.ndarray, log_odds: np.ndarray, weights: np.ndarray | None = None) -> float:
    """The temperature that minimises the log loss of ``sigmoid(log_odds / T)`` (Guo et al., ICML 2017).

    Args:
        labels: 1 for fake, 0 for real, ``(N,)``.
        log_odds: log(P(fake) / P(real)), ``(N,)``.
        weights: How much each crop counts, ``(N,)``; None counts all alike.
    """
    signs = 2 * np.asarray(labels) - 1

    def loss(log_temperature: float) -> float:
        losses = np.logaddexp(0, -signs * log_odds / np.exp(log_temperature))
        return float(np.average(losses, weights=weights))

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def fit_thresholds(
    labels: np.ndarray, log_odds: np.ndarray, weights: np.ndarray | None = None
) -> tuple[Thresholds, dict]:
    """Operating points from validation data.

    "manipulated" is the lowest score, not under .5, from which on the precision is at least 99 %. It
    need not stay so at every higher score: there a single real crop among few fakes decides, and would
    push the threshold above itself. "No manipulation found" is the highest score below which at most
    5 % of the fakes lie, and never above "manipulated". Where no score has that precision,
    "manipulated" starts above the highest score of a real crop, the strictest that the data support.

    Args:
        labels: 1 for fake, 0 for real, ``(N,)``.
        log_odds: log(P(fake) / P(real)), ``(N,)``.
        weights: How much each crop counts, ``(N,)``; None counts all alike.

    Returns:
        The thresholds, and the counts behind them for the card.
    """
    labels, scores = np.asarray(labels), expit(log_odds)
    weights = np.ones(len(labels)) if weights is None else weights
    precision, recall, candidates = precision_recall_curve(labels, scores, sample_weight=weights)
    reached = (precision[:-1] >= TARGET_PRECISION) & (recall[:-1] > 0)
    strictest = min(float(np.nextafter(scores[labels == 0].max(), 1.0)), 1.0)
    manipulated = max(float(candidates[reached].min()) if reached.any() else strictest, 0.5)
    order = np.argsort(scores[labels == 1])
    fakes, shares = scores[labels == 1][order], np.cumsum(weights[labels == 1][order])
    first_kept = int(np.searchsorted(shares, MISS_RATE * shares[-1] * (1 + 1e-9), side="right"))
    cleared = min(float(fakes[min(first_kept, len(fakes) - 1)]), manipulated)
    named = scores >= manipulated
    counts = binary_metrics(labels, scores, Thresholds(cleared, manipulated))["verdicts"]
    behind = {
        "target_precision": TARGET_PRECISION,
        "precision": float(weights[named & (labels == 1)].sum() / max(weights[named].sum(), 1e-12)),
        "miss_rate": MISS_RATE,
        "validation_frames": counts,
    }
    return Thresholds(cleared, manipulated), behind
