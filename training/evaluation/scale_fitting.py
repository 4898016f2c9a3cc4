"""Fits evidence scales: from statistics of reference files to likelihood ratios that their number supports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from detector.conclusion.weighing import windows
from detector.evidence_scale import STATISTICS, EvidenceScale, ReferenceSource, mean_log_odds
from detector.results import ScaleName
from training.data.reference_files import ReferenceFile
from training.evaluation.likelihood_ratios import (
    Weighed,
    cllr,
    empirical_bounds,
    groups_in_folds,
    isotonic_ratios,
    log10_odds,
)

FOLDS = 5
# Samples in a row that make a part of a clip, and samples of a clip: 6 of 32 are 6 s of a clip of half a minute.
PART_FRAMES, CLIP_FRAMES = 6, 32
_MISLEADING = 1.0
# A plainer statistic is taken where it costs no more than this much Cllr.
_TIE = 0.005

# The knots of a scale: statistics, and log10 ratios there.
Knots = tuple[np.ndarray, np.ndarray]


def logistic(values: Weighed, is_bounded: bool = True) -> Knots:
    """Fits a straight line of log odds (Morrison 2013), cut off at the bounds that the files support."""
    centre, spread = values.values.mean(), max(values.values.std(), 1e-6)
    fit = LogisticRegression(C=1e4).fit(
        ((values.values - centre) / spread)[:, None], values.labels, sample_weight=values.balanced * 1e3
    )
    slope, offset = float(fit.coef_[0, 0]) / spread / np.log(10), float(fit.intercept_[0]) / np.log(10)
    if slope <= 0:  # the score says nothing of these files
        return np.array([values.values.mean()]), np.array([0.0])
    ratios = slope * (values.values - centre) + offset
    bounds = empirical_bounds(values.with_values(ratios)) if is_bounded else (-np.inf, np.inf)
    ends = np.clip([ratios.min(), ratios.max()], *bounds)
    if ends[0] == ends[1]:
        return np.array([centre]), ends[:1]
    return (ends - offset) / slope + centre, ends


def isotonic(values: Weighed, is_bounded: bool = True) -> Knots:
    """Fits the best rising scale with one more misleading file of each kind, cut off at the bounds that the files support."""
    ratios, fit = isotonic_ratios(values, _MISLEADING)
    bounds = empirical_bounds(values.with_values(ratios)) if is_bounded else (-np.inf, np.inf)
    places, first = np.unique(np.round(fit.X_thresholds_, 6), return_index=True)
    heights = np.clip(log10_odds(fit.y_thresholds_)[first], *bounds)
    return places, np.maximum.accumulate(heights)


METHODS: dict[str, Callable[..., Knots]] = {"logistic": logistic, "isotonic": isotonic}


def ratios_at(values: np.ndarray, knots: Knots) -> np.ndarray:
    """Looks up log10 ratios, ``(N,)``."""
    ratios: np.ndarray = np.interp(values, *knots)
    return ratios


def out_of_fold(values: Weighed, method: str) -> Weighed:
    """Gives each file the log10 ratio of a scale that was fitted without its group."""
    return _without(values, groups_in_folds(values.groups.tolist(), FOLDS), method)


def source_by_source(values: Weighed, sources: Sequence[str], method: str, is_bounded: bool = True) -> Weighed | None:
    """Gives each file the log10 ratio of a scale that was fitted without its source.

    Args:
        values: The files.
        sources: Source of each; every kind of manipulation is a source of its own.
        method: One of `METHODS`.
        is_bounded: Whether the ratios end at the bounds; these are narrower without a source, and would hide what is
            misjudged.

    Returns:
        The ratios; None where a kind of file has one source alone.
    """
    names = np.array(sources)
    if any(len(set(names[values.labels == label])) < 2 for label in (0, 1)):
        return None
    return _without(values, names, method, is_bounded)


def _without(values: Weighed, parts: np.ndarray, method: str, is_bounded: bool = True) -> Weighed:
    """Fits a scale without each of the parts in turn, for the files of that part."""
    ratios = np.zeros(len(values.values))
    for part in np.unique(parts):
        inside = parts == part
        ratios[inside] = ratios_at(values.values[inside], METHODS[method](values.only(~inside), is_bounded))
    return values.with_values(ratios)


def weighed(files: Sequence[ReferenceFile], values: Sequence[float]) -> Weighed:
    """Joins files with one number each."""
    kinds, groups = [file.manipulation for file in files], [file.group for file in files]
    return Weighed(np.array(values), np.array(kinds), np.array(groups))


def statistics_of(files: Sequence[ReferenceFile], statistic: str) -> Weighed:
    """Computes the statistic of each file."""
    return weighed(files, [STATISTICS[statistic](np.array(file.scores)) for file in files])


@dataclass(frozen=True)
class Trial:
    """A statistic and a method, with the cost of ratios from scales that were fitted without the file's group."""

    statistic: str
    method: str
    cllr: float


def best_trial(statistics: Mapping[str, Weighed]) -> tuple[Trial, list[Trial]]:
    """Tries all methods on some statistics of the same files; gives the first that costs no more than need be, and all.

    Args:
        statistics: The files' values, by the name of the statistic, the plainest first.
    """
    trials = [
        Trial(statistic, method, cllr(out_of_fold(values, method)))
        for statistic, values in statistics.items()
        for method in METHODS
    ]
    lowest = min(trial.cllr for trial in trials)
    return next(trial for trial in trials if trial.cllr <= lowest + _TIE), trials


def highest_parts(files: Sequence[ReferenceFile]) -> tuple[list[ReferenceFile], Weighed]:
    """Computes the statistic of the most suspicious part of each clip, and of what stands for clips.

    A manipulated part is put into a real clip, as many samples long as a part is. A single frame of a video stands for a
    clip of it: by how much the highest part of a clip lies over a frame of it is drawn from the real clips.

    Returns:
        The files, as many as there are statistics, and these.
    """
    random = np.random.default_rng(0)
    clips = [file for file in files if file.is_clip and windows(file.numbers, PART_FRAMES)]
    carriers = [file for file in clips if not file.label]
    excess = [
        _highest(file.scores, file.numbers) - mean_log_odds(np.array([score]))
        for file in carriers
        for score in file.scores
    ]
    used, values = [], []
    for file in files:
        if not file.is_clip:
            value = mean_log_odds(np.array(file.scores)) + float(random.choice(excess))
        elif file not in clips:
            continue
        elif file.label:
            carrier = carriers[int(random.integers(len(carriers)))]
            scores = list(carrier.scores)
            start = int(random.integers(max(min(len(scores), len(file.scores)) - PART_FRAMES, 0) + 1))
            scores[start : start + PART_FRAMES] = file.scores[start : start + PART_FRAMES]
            value = _highest(scores, range(len(scores)))
        else:
            value = _highest(file.scores, file.numbers)
        used.append(file)
        values.append(value)
    return used, weighed(used, values)


def _highest(scores: Sequence[float], numbers: Sequence[int]) -> float:
    return max(mean_log_odds(np.array(scores[start:end])) for start, end in windows(numbers, PART_FRAMES))


def fit_scale(
    name: ScaleName, files: Sequence[ReferenceFile], values: Weighed, trial: Trial, frames: int = 0, parts: int = 0
) -> EvidenceScale:
    """Fits the scale that the application uses.

    Args:
        name: What it is for.
        files: The reference files.
        values: Their statistics.
        trial: Statistic and method.
        frames: See `EvidenceScale`.
        parts: See `EvidenceScale`.
    """
    places, heights = METHODS[trial.method](values)
    counts = Counter((file.source, file.manipulation, file.note) for file in files)
    real, fake = (tuple(np.sort(np.round(values.values[values.labels == label], 3)).tolist()) for label in (0, 1))
    return EvidenceScale(
        name,
        trial.statistic,
        tuple(np.round(places, 4).tolist()),
        tuple(np.round(heights, 4).tolist()),
        real,
        fake,
        tuple(ReferenceSource(source, kind, count, note) for (source, kind, note), count in sorted(counts.items())),
        frames,
        parts,
    )
