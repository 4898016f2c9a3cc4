"""The weight of evidence: how much more often a score like this comes from manipulated files than from real ones.

The answer is a likelihood ratio, estimated on reference files of both kinds that the network did not learn from, and never
beyond what their number supports. How many fakes come in is not part of it: that stays with who uses it.
Sources: ENFSI guideline for evaluative reporting (2015); Morrison and Enzinger on likelihood ratios of forensic comparison.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from detector.facts import Thresholds
from detector.results import SCORE_DECIMALS, Band, Count, Evidence, ScaleName, Verdict, to_plain

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


# Where an alarm is raised, and where the model clears a file.
ALARMS: frozenset[Band] = frozenset(band for start, band in BANDS if start >= MANIPULATED_FROM)
CLEARED: frozenset[Band] = frozenset(band for start, band in BANDS if start < NOT_FOUND_BELOW)


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


@dataclass(frozen=True)
class ReferenceSource:
    """Some of the reference files.

    Attributes:
        name: Name of the source.
        manipulation: ``real``, or which.
        files: How many there are.
        note: What a reader must know of them; may be empty.
    """

    name: str
    manipulation: str
    files: int
    note: str = ""


@dataclass(frozen=True)
class UnseenSources:
    """How often reference files were misjudged by scales that were fitted without their whole source.

    Attributes:
        real_as_manipulated: Real ones with a ratio from which on the verdict is "manipulated".
        fake_as_not_found: Manipulated ones with a ratio below which it is "no manipulation found".
    """

    real_as_manipulated: Count
    fake_as_not_found: Count


@dataclass(frozen=True)
class JudgedFiles:
    """How many test files, which neither network nor scale was fitted on, the scales put into each band.

    Attributes:
        real_counts: Real files, in the order of `BANDS`.
        fake_counts: Manipulated files, likewise.
    """

    real_counts: tuple[int, ...]
    fake_counts: tuple[int, ...]

    def __post_init__(self) -> None:
        """Checks the counts.

        Raises:
            ValueError: A band has no count, or a count is below 0.
        """
        if {len(self.real_counts), len(self.fake_counts)} != {len(BANDS)} or min(
            *self.real_counts, *self.fake_counts
        ) < 0:
            raise ValueError("test files are not counted by band")

    @classmethod
    def from_bands(cls, counts: dict[str, dict[str, int]]) -> JudgedFiles:
        """Reads counts by truth, ``real`` or ``fake``, and band.

        Raises:
            KeyError: A band is missing.
        """
        real, fake = (tuple(int(counts[truth][band]) for _, band in BANDS) for truth in ("real", "fake"))
        return cls(real, fake)

    def to_bands(self) -> dict[str, dict[str, int]]:
        """Gives what `from_bands` reads."""
        bands = [band for _, band in BANDS]
        return {
            "real": dict(zip(bands, self.real_counts, strict=True)),
            "fake": dict(zip(bands, self.fake_counts, strict=True)),
        }

    def in_bands(self, bands: Container[Band]) -> tuple[Count, Count]:
        """Counts the real and the manipulated files in some bands."""
        inside = [number for number, (_, band) in enumerate(BANDS) if band in bands]
        real, fake = (
            Count(sum(counts[number] for number in inside), sum(counts))
            for counts in (self.real_counts, self.fake_counts)
        )
        return real, fake


@dataclass(frozen=True)
class SmallFaces:
    """How real photos were weighed when they were reduced until their faces were tiny.

    Attributes:
        below_px: Faces smaller than this get support for manipulation more often than others.
        side_px: Size that the faces were reduced to, the shorter side of the face box.
        supported: Those with any support for manipulation then.
        supported_before: The same photos as they were.
    """

    below_px: float
    side_px: float
    supported: Count
    supported_before: Count


@dataclass(frozen=True)
class EvidenceScale:
    """From the statistic of a face to a likelihood ratio, for one kind of file.

    Attributes:
        name: What it is for: a face of a photo, a face track of a clip, or a part of such a track.
        statistic: Which of `STATISTICS`.
        knots: Statistics in ascending order, in log odds.
        log10_ratios: log10 of the likelihood ratio at each knot, never falling; linear between them, constant beyond.
        real: Statistics of the real reference files, ascending.
        fake: Statistics of the manipulated ones, ascending.
        sources: Where the reference files are from.
        frames: How many frames in a row a part consists of; 0 where the scale is for whole files.
        parts: How many parts of each reference file were searched for the highest; 0 likewise.
        unseen_sources: What became of sources that were left out; None where a kind of file has one source alone.
        judged: What became of test files; None where none were judged.
    """

    name: ScaleName
    statistic: str
    knots: tuple[float, ...]
    log10_ratios: tuple[float, ...]
    real: tuple[float, ...]
    fake: tuple[float, ...]
    sources: tuple[ReferenceSource, ...] = ()
    frames: int = 0
    parts: int = 0
    unseen_sources: UnseenSources | None = None
    judged: JudgedFiles | None = None

    def __post_init__(self) -> None:
        """Checks the scale.

        Raises:
            ValueError: It is not monotone or not finite, or has no reference files.
        """
        knots, ratios = np.asarray(self.knots), np.asarray(self.log10_ratios)
        is_scale = len(knots) == len(ratios) > 0 and np.isfinite(knots).all() and np.isfinite(ratios).all()
        if not is_scale or (np.diff(knots) <= 0).any() or (np.diff(ratios) < 0).any():
            raise ValueError(f"the evidence scale {self.name} does not rise")
        if self.statistic not in STATISTICS or not self.real or not self.fake:
            raise ValueError(f"the evidence scale {self.name} has no statistic or no reference files")

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest log10 of a likelihood ratio that it gives."""
        return self.log10_ratios[0], self.log10_ratios[-1]

    @property
    def thresholds(self) -> Thresholds:
        """The scores at which the verdict changes; 1 where no score is enough for "manipulated"."""
        return Thresholds(self._score_from(NOT_FOUND_BELOW), self._score_from(MANIPULATED_FROM))

    def log10_ratio(self, statistic: float) -> float:
        """Gives log10 of the likelihood ratio of a statistic, within `bounds` whatever it is."""
        return float(np.interp(statistic, self.knots, self.log10_ratios))

    def statistic_of(self, scores: Sequence[float]) -> float:
        """Computes the statistic of a face from its frame scores, 0..1, at least one."""
        return STATISTICS[self.statistic](np.asarray(scores, dtype=float))

    def weigh(self, statistic: float) -> Evidence:
        """Weighs the statistic of a face, or of a part of its track."""
        return Evidence(
            log10_likelihood_ratio=round(self.log10_ratio(statistic), LOG10_DECIMALS),
            bounds=(round(self.bounds[0], LOG10_DECIMALS), round(self.bounds[1], LOG10_DECIMALS)),
            band=band_of(self.log10_ratio(statistic)),
            real_as_high=Count(len(self.real) - bisect_left(self.real, statistic), len(self.real)),
            fake_as_low=Count(bisect_right(self.fake, statistic), len(self.fake)),
            scale=self.name,
            statistic=round(statistic, LOG10_DECIMALS),
        )

    def statistic_from(self, ratio: float) -> float | None:
        """Finds the lowest statistic with a likelihood ratio; None where all have it, or none."""
        wanted = np.log10(ratio)
        if self.log10_ratios[0] >= wanted or self.log10_ratios[-1] < wanted:
            return None
        after = bisect_left(self.log10_ratios, wanted)
        low, high = self.log10_ratios[after - 1], self.log10_ratios[after]
        share = (wanted - low) / (high - low)
        return float(self.knots[after - 1] + share * (self.knots[after] - self.knots[after - 1]))

    def summary(self) -> dict[str, Any]:
        """Tells what the scale rests on, as plain data without the reference files themselves."""
        return {
            "statistic": self.statistic,
            "bounds": [round(bound, LOG10_DECIMALS) for bound in self.bounds],
            "thresholds": vars(self.thresholds),
            "real_files": len(self.real),
            "fake_files": len(self.fake),
            "sources": [vars(source) for source in self.sources],
        }

    def _score_from(self, ratio: float) -> float:
        """Finds the lowest score with a likelihood ratio, 0..1."""
        statistic = self.statistic_from(ratio)
        if statistic is None:
            return 0.0 if self.log10_ratios[0] >= np.log10(ratio) else 1.0
        return score_of(statistic)


@dataclass(frozen=True)
class EvidenceScales:
    """The scales of a model.

    Attributes:
        photo: For a face of a photo.
        clip: For a face track of a clip.
        span: For the part of a track that speaks most for manipulation; None where none was fitted.
        small_faces: How they judge tiny faces; None where that was not measured, or no worse than others.
    """

    photo: EvidenceScale
    clip: EvidenceScale
    span: EvidenceScale | None = None
    small_faces: SmallFaces | None = None

    @property
    def all(self) -> list[EvidenceScale]:
        """Those that there are."""
        return [scale for scale in (self.photo, self.clip, self.span) if scale]

    def of(self, is_clip: bool) -> EvidenceScale:
        """Gives the scale for whole files of a kind."""
        return self.clip if is_clip else self.photo

    @classmethod
    def from_config(cls, stored: dict[str, Any]) -> EvidenceScales:
        """Reads what `to_config` made.

        Raises:
            KeyError: A scale is missing.
            TypeError: A value is of another type.
            ValueError: A scale is not what it should be.
        """
        names: tuple[ScaleName, ...] = ("photo", "clip", "span")
        photo, clip, span = (_read(name, stored[name]) if stored.get(name) else None for name in names)
        if photo is None or clip is None:
            raise KeyError("evidence_scale needs photo and clip")
        return cls(photo, clip, span, _read_small(stored["small_faces"]) if stored.get("small_faces") else None)

    def named(self, name: ScaleName) -> EvidenceScale | None:
        """Gives a scale by its name."""
        return next((scale for scale in self.all if scale.name == name), None)

    def summary(self) -> dict[str, Any]:
        """Tells what each scale rests on; see `EvidenceScale.summary`."""
        return {scale.name: scale.summary() for scale in self.all}

    def to_config(self) -> dict[str, Any]:
        """Gives what the model's ``config.json`` stores under ``detector.evidence_scale``."""
        small: dict[str, Any] = {"small_faces": to_plain(self.small_faces)} if self.small_faces else {}
        return small | {
            scale.name: {
                "statistic": scale.statistic,
                "frames": scale.frames,
                "parts": scale.parts,
                "unseen_sources": to_plain(scale.unseen_sources),
                "judged": scale.judged.to_bands() if scale.judged else None,
                "knots": list(scale.knots),
                "log10_ratios": list(scale.log10_ratios),
                "sources": [vars(source) for source in scale.sources],
                "real": list(scale.real),
                "fake": list(scale.fake),
            }
            for scale in self.all
        }


def _read(name: ScaleName, stored: dict[str, Any]) -> EvidenceScale:
    return EvidenceScale(
        name,
        str(stored["statistic"]),
        _numbers(stored["knots"]),
        _numbers(stored["log10_ratios"]),
        tuple(sorted(_numbers(stored["real"]))),
        tuple(sorted(_numbers(stored["fake"]))),
        tuple(ReferenceSource(**source) for source in stored["sources"]),
        int(stored["frames"]),
        int(stored["parts"]),
        UnseenSources(*(Count(**count) for count in unseen.values())) if (unseen := stored["unseen_sources"]) else None,
        JudgedFiles.from_bands(judged) if (judged := stored.get("judged")) else None,
    )


def _read_small(stored: dict[str, Any]) -> SmallFaces:
    return SmallFaces(
        float(stored["below_px"]),
        float(stored["side_px"]),
        Count(**stored["supported"]),
        Count(**stored["supported_before"]),
    )


def _numbers(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def band_of(log10_ratio: float) -> Band:
    """Names the band of a likelihood ratio, given as log10."""
    return next((band for start, band in BANDS[:-1] if _reaches(log10_ratio, start)), BANDS[-1][1])


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
