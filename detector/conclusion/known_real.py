"""Compares a questioned file with files of the same speaker, camera or channel that are known to be real.

A beauty filter or a heavy codec shifts the scores of everything that comes through a channel, real and fake alike. Enough
known-real files tell how far; once that shift is taken off, it is no evidence any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from detector.conclusion.weighing import highest_part, weigh_track
from detector.evidence_scale import LOG10_DECIMALS, EvidenceScale, EvidenceScales, any_of, band_of, verdict_of
from detector.limits import MIN_KNOWN_REAL_FILES
from detector.messages import Message
from detector.results import Analysis, Count, Evidence, FaceTrack, KnownRealComparison, KnownRealFile, Result

# The shift is shrunk as if so many more files had been seen that lie where the real reference files do.
PRIOR_FILES = 2

NO_FACE = Message("No face in it could be assessed.")
TOO_BRIEF = Message("Its face was seen too briefly to be compared.")
NOTHING_TO_COMPARE = Message("The questioned file has no assessed face to compare.")
ITSELF = Message("This is the questioned file itself.")
OTHER_KIND = {
    True: Message("This is a photo; a clip is compared with clips only."),
    False: Message("This is a clip; a photo is compared with photos only."),
}


@dataclass(frozen=True)
class KnownFile:
    """A file that is known to be real, as it was analysed.

    Attributes:
        name: Its name.
        sha256: Hex digest of its bytes; empty where they could not be read.
        result: What is said about it; None where it could not be analysed.
        error: Why not.
        duplicate_of: Name of an earlier one of the same bytes; empty where there is none.
    """

    name: str
    sha256: str
    result: Result | None = None
    error: Message | None = None
    duplicate_of: str = ""


def with_known_real(analysis: Analysis, known: Sequence[KnownFile], scales: EvidenceScales | None) -> Analysis:
    """Adds the comparison with known-real files to an analysis; its verdict follows them where they are enough.

    Args:
        analysis: Of the questioned file.
        known: The known-real files, analysed by the same model; without any, the analysis stays as it is.
        scales: Those of the model; without them the questioned file is only ranked.
    """
    if not known:
        return analysis
    result = analysis.result
    is_clip = result.file.duration_s is not None
    scale = scales.of(is_clip) if scales else None
    own = _height(result, scale)
    files = tuple(_compared(file, result, scale, own is not None) for file in known)
    used = [file.result for file, compared in zip(known, files, strict=True) if compared.used and file.result]
    heights = [height for one in used if (height := _height(one, scale)) is not None]
    rank = Count(sum(own > height for height in heights) if own is not None else 0, len(heights))
    comparison = KnownRealComparison(files, rank, statistic=own if scale else None)
    if scales and scale and own is not None and len(heights) >= MIN_KNOWN_REAL_FILES:
        shift = shift_of(heights, scale)
        as_high = [Count(rank.of - rank.count, rank.of)]
        if is_clip and scales.span:
            as_high += _parts_as_high(scales.span, analysis, used)
        evidence = bounded_by(_weigh(analysis, scales, shift), as_high)
        comparison = replace(comparison, evidence=evidence, shift=round(shift, LOG10_DECIMALS))
        result = replace(result, verdict=verdict_of(evidence))
    return replace(analysis, result=replace(result, known_real=comparison))


def shift_of(statistics: Sequence[float], scale: EvidenceScale) -> float:
    """Estimates how far the files of a channel lie above the real reference files, in log odds; cautious with few.

    Args:
        statistics: Of the known-real files, in log odds, at least one.
        scale: Has the reference files.
    """
    count = len(statistics)
    return count / (count + PRIOR_FILES) * float(np.mean(statistics) - np.mean(scale.real))


def bounded_by(evidence: Evidence, as_high: Sequence[Count]) -> Evidence:
    """Keeps a likelihood ratio within what n known-real files support.

    At least 1 / (n + 1), and at most (n + 1) / (k + 1), where k of them score as high: a file that is not unusual among
    them is no evidence, wherever they lie. A clip is weighed as a whole and by its highest part, and its ratio is the mean
    of the two: so is what it may reach.

    Args:
        evidence: To be bounded.
        as_high: How many of the known-real files score as high as the questioned one, or higher; then how many have such a
            part, where parts are weighed.
    """
    most = round(float(np.log10(as_high[0].of + 1)), LOG10_DECIMALS)
    reach = np.mean([(high.of + 1) / (high.count + 1) for high in as_high])
    by_rank = round(float(np.log10(reach)), LOG10_DECIMALS)
    low = max(evidence.bounds[0], -most)
    high = max(min(evidence.bounds[1], by_rank), low)
    ratio = min(max(evidence.log10_likelihood_ratio, low), high)
    return replace(evidence, log10_likelihood_ratio=ratio, bounds=(low, high), band=band_of(ratio))


def _parts_as_high(scale: EvidenceScale, analysis: Analysis, known: Sequence[Result]) -> list[Count]:
    """Counts the known-real clips with a part that scores as high as any of the questioned one; none where it has no parts."""
    own = _highest_part(scale, analysis.result, [frame.time_s for frame in analysis.frames])
    if own is None:
        return []
    # a result does not tell of samples without a face: parts that reach over them are more, and the highest is no lower
    times = [sorted({frame.time_s for track in result.faces for frame in track.frames}) for result in known]
    found = [_highest_part(scale, result, seen) for result, seen in zip(known, times, strict=True)]
    others = [height for height in found if height is not None]
    return [Count(sum(height >= own for height in others), len(others))]


def _highest_part(scale: EvidenceScale, result: Result, times_s: Sequence[float]) -> float | None:
    """Gives the statistic of the highest part of a clip, of any face; None where all were seen too briefly.

    Args:
        scale: The scale for parts.
        result: What is said about the clip.
        times_s: The instants at which it was looked at, ascending.
    """
    parts = [highest_part(scale, track.frames, _numbers(track, times_s)) for track in result.faces]
    return max((part for part in parts if part is not None), default=None)


def _numbers(track: FaceTrack, times_s: Sequence[float]) -> list[int]:
    """Tells which sample of a clip each frame of a face track is, given the instants of all samples."""
    number_at = {round(time_s, 3): number for number, time_s in enumerate(times_s)}  # as results state them
    return [number_at[frame.time_s] for frame in track.frames]


def _weigh(analysis: Analysis, scales: EvidenceScales, shift: float) -> Evidence:
    """Weighs all faces of a file, and all parts of a clip, as `build_result` does, with the shift of the channel taken off."""
    result = analysis.result
    is_clip = result.file.duration_s is not None
    times_s = [frame.time_s for frame in analysis.frames]
    return any_of(
        [
            weigh_track(scales, track.frames, _numbers(track, times_s), is_clip, shift)[0]
            for track in result.faces
            if track.evidence
        ]
    )


def _compared(file: KnownFile, questioned: Result, scale: EvidenceScale | None, is_comparable: bool) -> KnownRealFile:
    result = file.result
    is_alike = result is not None and not _is_other_kind(result, questioned)
    error = _why_not(file, questioned, scale) or (None if is_comparable else NOTHING_TO_COMPARE)
    return KnownRealFile(
        name=file.name,
        sha256=file.sha256 or None,
        score=result.score if result else None,
        statistic=_statistic(result.deciding_track, scale) if result and is_alike else None,
        used=error is None,
        error=error,
    )


def _why_not(file: KnownFile, questioned: Result, scale: EvidenceScale | None) -> Message | None:
    """Says why a questioned file cannot be compared with a known-real one; None where it can."""
    result = file.result
    if result is None:
        return file.error
    if file.sha256 == questioned.file.sha256:
        return ITSELF
    if file.duplicate_of:
        return Message("The same file as {name}.", {"name": file.duplicate_of})
    if _is_other_kind(result, questioned):
        return OTHER_KIND[questioned.file.duration_s is not None]
    if result.deciding_track is None:
        return NO_FACE
    return TOO_BRIEF if _height(result, scale) is None else None


def _is_other_kind(result: Result, questioned: Result) -> bool:
    return (result.file.duration_s is None) != (questioned.file.duration_s is None)


def _height(result: Result, scale: EvidenceScale | None) -> float | None:
    """Gives what files are ranked by: the statistic of the deciding face, or the score of a model without scale."""
    return _statistic(result.deciding_track, scale) if scale else result.score


def _statistic(track: FaceTrack | None, scale: EvidenceScale | None) -> float | None:
    """Computes the statistic of a whole face track; None for one that is too brief to be weighed."""
    if track is None or track.evidence is None or scale is None:
        return None
    return round(scale.statistic_of([frame.score for frame in track.frames]), LOG10_DECIMALS)
