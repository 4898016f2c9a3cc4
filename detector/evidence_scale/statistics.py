"""From the frame scores of a face to the one number that a scale looks up, in log odds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from detector.results import SCORE_DECIMALS


def mean_score(scores: np.ndarray) -> float:
    """Gives the log odds of the mean score."""
    return float(log_odds_of(np.mean(scores)))


def mean_log_odds(scores: np.ndarray) -> float:
    """Gives the mean of the log odds."""
    return float(np.mean(log_odds_of(scores)))


def trimmed_mean(scores: np.ndarray) -> float:
    """Gives the mean of the log odds without the highest and the lowest fifth."""
    ordered = np.sort(log_odds_of(scores))
    cut = len(ordered) // 5
    return float(np.mean(ordered[cut : len(ordered) - cut]))


def upper_mean(scores: np.ndarray) -> float:
    """Gives the mean of the higher half of the log odds."""
    ordered = np.sort(log_odds_of(scores))
    return float(np.mean(ordered[len(ordered) // 2 :]))


# What a scale may be fitted on: from the frame scores of a face, 0..1, to one number in log odds.
STATISTICS: dict[str, Callable[[np.ndarray], float]] = {
    "mean_score": mean_score,
    "mean_log_odds": mean_log_odds,
    "trimmed_mean": trimmed_mean,
    "upper_mean": upper_mean,
}


def log_odds_of(scores: Any) -> Any:
    """Turns scores, 0..1, into log odds, finite for 0 and 1 too."""
    smallest = 10.0**-SCORE_DECIMALS
    kept = np.clip(scores, smallest, 1 - smallest)
    return np.log(kept / (1 - kept))


def score_of(log_odds: float) -> float:
    """Turns log odds into a score, 0..1."""
    return float(1 / (1 + np.exp(-log_odds)))
