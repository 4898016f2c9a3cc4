"""When the frames of a video are shown and where decoding can start, read from its packets without decoding them."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

import av

from detector.errors import MediaError
from detector.limits import MAX_PACKETS, MAX_VIDEO_DURATION_S
from detector.media.videos.container import stated
from detector.messages import Message

logger = logging.getLogger(__name__)

# Headers round, and count a sound track that ends later; a file that lacks more than this is cut off.
CUT_OFF_S = 0.5
CUT_OFF_SHARE = 0.02


@dataclass(frozen=True)
class FrameIndex:
    """The frames of a stream by their time stamps, which count in units of its time base.

    Attributes:
        times: When each frame is shown, ascending; frames that an edit list cuts away are left out.
        keyframes: Those that can be decoded alone, ascending.
        seek_stamps: Of each keyframe, when it is decoded: some containers are searched by that.
        end: When the last frame is no longer shown.
        time_base: Seconds of one unit.
        read_s: Seconds that could be read.
        stated_s: Seconds that the header promises; 0 where it states none.
    """

    times: list[int]
    keyframes: list[int]
    seek_stamps: dict[int, int]
    end: int
    time_base: Fraction
    read_s: float
    stated_s: float

    @property
    def duration_s(self) -> float:
        """From the first frame to the end of the last."""
        return self.seconds(self.end)

    def seconds(self, stamp: int) -> float:
        """Converts a stamp to seconds since the first frame."""
        return float((stamp - self.times[0]) * self.time_base)

    def on_screen(self, time_s: float) -> int:
        """Finds the stamp of the frame that is on screen at an instant; times that `seconds` gave come back exact."""
        instant = self.times[0] + round(time_s / self.time_base, 3)
        return self.times[max(bisect_right(self.times, instant) - 1, 0)]

    def evenly_spaced(self, count: int, span_s: float | None = None) -> list[int]:
        """Stamps of up to `count` evenly spaced frames, ascending; see `detector.media.videos.video.Video.sample_times`."""
        span_s = min(span_s or self.duration_s, self.duration_s)
        if count >= len(self.times):
            # a single frame whose container states no length lasts no time
            return sorted({stamp for stamp in self.times if self.seconds(stamp) < span_s} or {self.times[0]})
        return sorted({self.on_screen(span_s * (2 * index + 1) / (2 * count)) for index in range(count)})

    def cut_off(self) -> Message | None:
        """Tells that the file ends before it should, where it does."""
        if self.stated_s - self.read_s <= max(CUT_OFF_S, CUT_OFF_SHARE * self.stated_s):
            return None
        return Message(
            "The file is cut off: {read_s} of {stated_s} s could be read.",
            {"read_s": f"{self.read_s:.1f}", "stated_s": f"{self.stated_s:.1f}"},
        )


@dataclass(frozen=True)
class _Stamps:
    """What the packets of a file say; all in units of the time bases of their streams.

    Attributes:
        times: When each frame of the stream is shown, in order of decoding.
        keyframes: When each keyframe is shown, and when it is decoded.
        last_duration: How long the last frame is shown, where that is stated; else 0.
        ends: When each stream of the file ends.
    """

    times: list[int]
    keyframes: dict[int, int]
    last_duration: int
    ends: dict[av.stream.Stream, int]


def read_index(container: av.container.InputContainer, stream: av.VideoStream) -> FrameIndex:
    """Reads all packets of a file once, because headers lie: truncated files keep their full duration, MKV often states none.

    Raises:
        MediaError: There is no frame, or more than is looked at.
    """
    stamps = _read_stamps(container, stream)
    if not stamps.times:
        raise MediaError("The video holds no frames; please send the original file.")
    times, last_duration = sorted(stamps.times), stamps.last_duration
    if not last_duration and len(times) > 1:  # AVI states none
        last_duration = (times[-1] - times[0]) // (len(times) - 1)
    end = times[-1] + last_duration
    time_base = stated(stream.time_base)
    duration_s = float((end - times[0]) * time_base)
    if duration_s > MAX_VIDEO_DURATION_S:
        raise MediaError(
            "The video is longer than {hours} hours; please cut out the part in question.",
            hours=MAX_VIDEO_DURATION_S // 3600,
        )
    # read and promised seconds: of this stream where its header has them, else of the whole file
    if stream.duration:
        read_s, stated_s = duration_s, float(stream.duration * time_base)
    else:
        read_until_s = max(float(end_of * stated(other.time_base)) for other, end_of in stamps.ends.items())
        read_s = read_until_s - (container.start_time or 0) / av.time_base
        stated_s = (container.duration or 0) / av.time_base
    return FrameIndex(times, sorted(stamps.keyframes), stamps.keyframes, end, time_base, read_s, stated_s)


def _read_stamps(container: av.container.InputContainer, stream: av.VideoStream) -> _Stamps:
    times: list[int] = []
    keyframes: dict[int, int] = {}
    last_duration = 0
    ends: defaultdict[av.stream.Stream, int] = defaultdict(int)
    try:
        for number, packet in enumerate(container.demux()):
            if number == MAX_PACKETS:
                raise MediaError(
                    "The video holds more than {millions} million frames and pieces of sound; "
                    "please cut out the part in question.",
                    millions=MAX_PACKETS // 10**6,
                )
            stamp = packet.pts if packet.pts is not None else packet.dts
            if stamp is None:
                continue
            ends[packet.stream] = max(ends[packet.stream], stamp + (packet.duration or 0))
            if packet.stream is not stream:
                continue
            if packet.is_keyframe:
                keyframes[stamp] = stamp if packet.dts is None else min(packet.dts, stamp)
            if not packet.is_discard:
                times.append(stamp)
                last_duration = packet.duration or last_duration
    except av.error.FFmpegError as error:
        logger.info("packets end early: %s", error)
    return _Stamps(times, keyframes, last_duration, ends)
