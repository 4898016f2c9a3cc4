"""One scale, for one kind of file, and what is known of its reference files."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from detector.evidence_scale.bands import BANDS, LOG10_DECIMALS, MANIPULATED_FROM, NOT_FOUND_BELOW, band_of, first_log10
from detector.evidence_scale.statistics import STATISTICS, score_of
from detector.facts import Thresholds
from detector.results import Band, Count, Evidence, ScaleName


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

    @property
    def band_changes(self) -> tuple[float, ...]:
        """The statistics at which the band changes, ascending, in log odds; those that the scale reaches."""
        found = (self.statistic_from(10 ** first_log10(start)) for start, _ in BANDS[:-1])
        return tuple(sorted(statistic for statistic in found if statistic is not None))

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
