"""Chooses which frames to take of a real video and of the fakes made from it: the same instants, evenly spaced."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from dataset_builder.sources import SourceItem
from detector.media.videos.video import Video, VideoFrame

# Under half a frame at 25 frames a second: two time stamps this near name the same instant.
SAME_INSTANT_S = 0.018
# 29.97 and 30 frames a second are one rate that was written down twice, 24 and 25 are two.
RATE_TOLERANCE = 0.01


@dataclass
class Instant:
    """A moment that is looked at.

    Attributes:
        real_s: Its frame in the real video, seconds since the first frame.
        is_extra: Taken for balance, beyond the evenly spaced frames that each video has anyway.
        fakes_s: Its frame in each fake that is sampled there.
    """

    real_s: float
    is_extra: bool
    fakes_s: dict[SourceItem, float] = field(default_factory=dict)


def plan_instants(
    real: Video, fakes: dict[SourceItem, Video], frames_per_video: int, real_frames: int, fake_frames: int
) -> list[Instant]:
    """Chooses the instants of a real video and its fakes, in order of time.

    A fake is sampled evenly over its whole length, as far as its original reaches, and its original at the
    same frames; a video alone evenly over its own length.

    Args:
        real: The real video, or one alone.
        fakes: Those made from it.
        frames_per_video: Evenly spaced frames that all have in common.
        real_frames: Frames of the real video, where it needs more for balance.
        fake_frames: The same of each fake.
    """
    instants: dict[float, Instant] = {}
    for item, video in fakes.items():
        real_of = same_frames(video, real)
        for fake_s, is_extra in _grid(video, frames_per_video, fake_frames, _end_s(video, real_of)).items():
            if (real_s := real_of.get(fake_s)) is not None:
                instant = instants.setdefault(real_s, Instant(real_s, True))
                instant.is_extra &= is_extra
                instant.fakes_s[item] = fake_s
    common = 0 if fakes else frames_per_video
    for real_s, is_extra in _grid(real, common, real_frames, _length_s(real)).items():
        instants.setdefault(real_s, Instant(real_s, is_extra))
    return sorted(instants.values(), key=lambda instant: instant.real_s)


def same_frames(video: Video, other: Video) -> dict[float, float]:
    """Finds when each frame of a video is in another that shows the same; frames that the other lacks are left out.

    Manipulations are made frame by frame, so frames correspond by number, even where the one video ends
    earlier or states a slightly different rate. Only between rates that differ, after a conversion, time tells.
    """
    times, others = video.frame_times, other.frame_times
    if len(times) == len(others) or _rates_agree(times, others):
        return dict(zip(times, others, strict=False))
    return {time_s: same for time_s in times if (same := _same(others, time_s)) is not None}


def _rates_agree(times: list[float], others: list[float]) -> bool:
    if min(len(times), len(others)) < 2:
        return True
    ratio = (times[-1] / (len(times) - 1)) / (others[-1] / (len(others) - 1))
    return abs(ratio - 1) < RATE_TOLERANCE


def _end_s(video: Video, shared: dict[float, float]) -> float:
    """Finds when the last frame ends that another video has too."""
    times = video.frame_times
    place = bisect_right(times, max(shared, default=0.0))
    return times[place] if place < len(times) else _length_s(video)


def _length_s(video: Video) -> float:
    length_s = video.facts.duration_s
    assert length_s is not None  # only photos have none
    return length_s


def _grid(video: Video, common: int, count: int, span_s: float) -> dict[float, bool]:
    """Spaces times evenly, and tells whether they are beyond the common ones."""
    times = dict.fromkeys(video.sample_times(common, span_s), False) if common else {}
    if count > common:
        for time_s in video.sample_times(count, span_s):
            times.setdefault(time_s, True)
    return times


def frames_at_instants(video: Video, seconds: dict[int, float]) -> Iterator[tuple[int, VideoFrame]]:
    """Decodes frames one at a time, each with the number of its instant.

    A frame that stands in for a damaged one shows another instant and is left out.

    Args:
        video: Opened.
        seconds: When each instant is in this video, by its number.
    """
    number_of = {time_s: number for number, time_s in seconds.items()}
    times = sorted(number_of)
    for frame in video.frames_at(times):
        if (time_s := _same(times, frame.time_s)) is not None:
            yield number_of[time_s], frame


def _same(times: list[float], time_s: float) -> float | None:
    """Finds the member of ascending times that names the same instant as another time."""
    place = bisect_left(times, time_s)
    nearest = min(times[max(place - 1, 0) : place + 1], key=lambda other: abs(other - time_s), default=None)
    return nearest if nearest is not None and abs(nearest - time_s) <= SAME_INSTANT_S else None
