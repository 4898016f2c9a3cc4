"""The bands of a likelihood ratio, the verdicts they stand for, and the weight of several faces together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from detector.results import Band, Evidence, Verdict

LOG10_DECIMALS = 3
# "manipulated" from this likelihood ratio on, "no manipulation found" below that one; between them, inconclusive.
MANIPULATED_FROM, NOT_FOUND_BELOW = 10.0, 0.5
# Where each band begins, as a likelihood ratio; after the verbal scale of ENFSI (2015), whose lowest step is 2.
BANDS: tuple[tuple[float, Band], ...] = (
    (100.0, "strong_support_for_manipulation"),
    (10.0, "moderate_support_for_manipulation"),
    (2.0, "weak_support_for_manipulation"),
    (0.5, "neither"),
    (0.1, "weak_support_for_no_manipulation"),
    (0.0, "moderate_support_for_no_manipulation"),
)
# Where an alarm is raised, and where the model clears a file.
ALARMS: frozenset[Band] = frozenset(band for start, band in BANDS if start >= MANIPULATED_FROM)
CLEARED: frozenset[Band] = frozenset(band for start, band in BANDS if start < NOT_FOUND_BELOW)


def band_of(log10_ratio: float) -> Band:
    """Names the band of a likelihood ratio, given as log10."""
    return next((band for start, band in BANDS[:-1] if _reaches(log10_ratio, start)), BANDS[-1][1])


def first_log10(ratio: float) -> float:
    """Gives the log10 from which on a likelihood ratio, rounded as results state it, counts as `ratio` or more."""
    return round(float(np.log10(ratio)), LOG10_DECIMALS) - 0.5 * 10.0**-LOG10_DECIMALS


def verdict_of(evidence: Evidence) -> Verdict:
    """Gives the verdict that the weight of evidence stands for."""
    return verdict_at(evidence.log10_likelihood_ratio)


def verdict_at(log10_ratio: float) -> Verdict:
    """Gives the verdict that a likelihood ratio stands for, given as log10."""
    if _reaches(log10_ratio, MANIPULATED_FROM):
        return "manipulated"
    return "inconclusive" if _reaches(log10_ratio, NOT_FOUND_BELOW) else "no_manipulation_found"


def _reaches(log10_ratio: float, start: float) -> bool:
    """Compares as results state ratios, so that a reader of the JSON comes to the same band."""
    return round(log10_ratio, LOG10_DECIMALS) >= round(float(np.log10(start)), LOG10_DECIMALS)


def any_of(evidences: Sequence[Evidence]) -> Evidence:
    """Weighs the claim that one of several was manipulated, any of them as likely as another.

    Its likelihood ratio is the mean of theirs. So the more faces are looked at, the less a single high score says, as one
    of many is high by chance more often.

    Args:
        evidences: At least one.

    Returns:
        The ratio of all together, with the counts of the strongest.
    """
    strongest = max(evidences, key=lambda evidence: evidence.log10_likelihood_ratio)
    if len(evidences) == 1:
        return strongest
    mean = _mean_ratio([evidence.log10_likelihood_ratio for evidence in evidences])
    lowest, highest = (_mean_ratio([evidence.bounds[side] for evidence in evidences]) for side in (0, 1))
    return replace(strongest, log10_likelihood_ratio=mean, bounds=(lowest, highest), band=band_of(mean))


def _mean_ratio(log10_ratios: Sequence[float]) -> float:
    return round(float(np.log10(np.mean(np.power(10.0, log10_ratios)))), LOG10_DECIMALS)
