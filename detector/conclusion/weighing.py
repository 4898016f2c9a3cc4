"""Weighs a face track on the evidence scales: as a whole, and its most suspicious part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from detector.evidence_scale import (
    LOG10_DECIMALS,
    EvidenceScale,
    EvidenceScales,
    any_of,
    band_of,
    mean_log_odds,
    verdict_of,
)
from detector.results import SCORE_DECIMALS, Evidence, FrameScore, SuspiciousSpan


def weigh_track(
    scales: EvidenceScales, frames: Sequence[FrameScore], numbers: Sequence[int], is_clip: bool, shift: float = 0.0
) -> tuple[Evidence, tuple[SuspiciousSpan, ...]]:
    """Weighs a face, and finds the parts of a clip in which it shows signs of manipulation.

    A clip may be manipulated as a whole or in part: the likelihood ratio is the mean of the two.

    Args:
        scales: The scales of the model.
        frames: Frames of the face, in order of time.
        numbers: Which sample of the clip each of them is.
        is_clip: Whether the file is a clip.
        shift: What is taken off every statistic first, in log odds.
    """
    scale = scales.of(is_clip)
    whole = scale.weigh(scale.statistic_of([frame.score for frame in frames]) - shift)
    span = scales.span if is_clip else None
    parts = windows(numbers, span.frames) if span else []
    if span is None or not parts:
        return whole, ()
    statistics = [mean_log_odds(_scores(frames[start:end])) - shift for start, end in parts]
    highest = weigh_part(span, max(statistics), len(parts))
    return any_of([whole, highest]), _spans(span, frames, parts, statistics)


def weigh_part(scale: EvidenceScale, statistic: float, count: int) -> Evidence:
    """Weighs the highest of several parts.

    The reference clips were searched for their highest part too, so its height by chance is in the scale already. Where
    more parts are searched than in them, any of which may be the manipulated one, the ratio is the mean over them, and the
    others say nothing: their ratio is 1. A ratio below 1 stays, as more parts that score lower still are no evidence for
    the clip.

    Args:
        scale: The scale for parts.
        statistic: Of the highest part, in log odds.
        count: How many parts were searched.
    """
    evidence = scale.weigh(statistic)
    times = count / scale.parts if scale.parts else 1.0
    if times <= 1 or evidence.log10_likelihood_ratio <= 0:
        return evidence
    ratio = float(np.log10((10**evidence.log10_likelihood_ratio + times - 1) / times))
    return replace(evidence, log10_likelihood_ratio=round(ratio, LOG10_DECIMALS), band=band_of(ratio))


def highest_part(scale: EvidenceScale, frames: Sequence[FrameScore], numbers: Sequence[int]) -> float | None:
    """Gives the statistic of the highest part of a face track, in log odds; None for a track that is too brief.

    Args:
        scale: The scale for parts.
        frames: Frames of the face, in order of time.
        numbers: Which sample of the clip each of them is.
    """
    parts = windows(numbers, scale.frames)
    return max((mean_log_odds(_scores(frames[start:end])) for start, end in parts), default=None)


def windows(numbers: Sequence[int], length: int) -> list[tuple[int, int]]:
    """Finds all runs of so many samples in a row, as places ``[start, end)`` among the frames of a face.

    Args:
        numbers: Which sample each frame is, ascending.
        length: Samples in a row, at least 1.
    """
    starts = range(len(numbers) - length + 1)
    return [(start, start + length) for start in starts if numbers[start + length - 1] - numbers[start] == length - 1]


def spans_above(
    frames: Sequence[FrameScore], numbers: Sequence[int], threshold: float, min_frames: int
) -> tuple[SuspiciousSpan, ...]:
    """Finds parts of a clip in which enough samples in a row score as manipulated, by a model without evidence scale.

    Args:
        frames: Frames of one face track, in order of time.
        numbers: Which sample of the clip each of them is.
        threshold: Scores from it on are "manipulated".
        min_frames: Fewer in a row can be a fluke.
    """
    runs: list[list[FrameScore]] = []
    last = None
    for frame, number in zip(frames, numbers, strict=True):
        if frame.score >= threshold:
            if last is None or number != last + 1:
                runs.append([])
            runs[-1].append(frame)
            last = number
    return tuple(
        SuspiciousSpan(
            run[0].time_s, run[-1].time_s, round(float(np.mean([frame.score for frame in run])), SCORE_DECIMALS)
        )
        for run in runs
        if len(run) >= min_frames
    )


def _spans(
    scale: EvidenceScale, frames: Sequence[FrameScore], parts: Sequence[tuple[int, int]], statistics: Sequence[float]
) -> tuple[SuspiciousSpan, ...]:
    """Joins the parts that show signs of manipulation where they overlap or touch."""
    found: list[tuple[int, int, Evidence]] = []
    for (start, end), statistic in zip(parts, statistics, strict=True):
        evidence = weigh_part(scale, statistic, len(parts))
        if verdict_of(evidence) != "manipulated":
            continue
        if found and start < found[-1][1]:
            before = found.pop()
            evidence = max(before[2], evidence, key=lambda one: one.statistic)
            start = before[0]
        found.append((start, end, evidence))
    return tuple(
        SuspiciousSpan(
            frames[start].time_s,
            frames[end - 1].time_s,
            round(float(np.mean(_scores(frames[start:end]))), SCORE_DECIMALS),
            evidence,
        )
        for start, end, evidence in found
    )


def _scores(frames: Sequence[FrameScore]) -> np.ndarray:
    return np.array([frame.score for frame in frames])
