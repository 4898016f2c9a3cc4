"""When the frames of a video are shown and where decoding can start, read from its packets without decoding them."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from zlib import crc32

import av

from detector.errors import MediaError
from detector.limits import MAX_PACKETS, MAX_VIDEO_DURATION_S
from detector.media.videos.clock import BROADCAST_FORMATS, Clock
from detector.media.videos.container import stated
from detector.messages import Message

logger = logging.getLogger(__name__)

# Headers round, and count a sound track that ends later; a file that lacks more than this is cut off.
CUT_OFF_S = 0.5
CUT_OFF_SHARE = 0.02
# What comes before the first keyframe is worth a word from so many seconds on.
MIN_LOST_START_S = 0.5


@dataclass(frozen=True)
class PacketOrder:
    """The packets of a stream in order of decoding, for containers whose own stamps do not tell them apart.

    Attributes:
        decoded: When each is decoded, in units of the time base, counted on where the clock was set anew.
        shown: When each is shown, likewise.
        positions: Byte of the file at which each begins; None where that is not known.
        keyframes: Numbers of the keyframes, by when they are shown.
        checksums: CRC-32 of the keyframes, by their numbers.
    """

    decoded: list[int] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)
    positions: list[int | None] = field(default_factory=list)
    keyframes: dict[int, int] = field(default_factory=dict)
    checksums: dict[int, int] = field(default_factory=dict)


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
        lost_start_s: Seconds before the first keyframe, which cannot be decoded.
        order: Of the packets; None where their stamps tell them apart.
    """

    times: list[int]
    keyframes: list[int]
    seek_stamps: dict[int, int]
    end: int
    time_base: Fraction
    read_s: float
    stated_s: float
    lost_start_s: float
    order: PacketOrder | None

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

    def problems(self) -> list[Message]:
        """Tells what of the file could not be read."""
        problems = []
        if self.lost_start_s >= MIN_LOST_START_S:
            problems.append(
                Message(
                    "The video begins in the middle of a recording: its first {seconds} s cannot be decoded.",
                    {"seconds": f"{self.lost_start_s:.1f}"},
                )
            )
        if self.stated_s - self.read_s > max(CUT_OFF_S, CUT_OFF_SHARE * self.stated_s):
            problems.append(
                Message(
                    "The file is cut off: {read_s} of {stated_s} s could be read.",
                    {"read_s": f"{self.read_s:.1f}", "stated_s": f"{self.stated_s:.1f}"},
                )
            )
        return problems


@dataclass
class TrackStamps:
    """What the packets of a picture track say, in units of its time base.

    Attributes:
        times: When each frame is shown, in order of decoding.
        keyframes: When each keyframe is shown, and when it is decoded.
        last_duration: How long the last frame is shown, where that is stated; else 0.
        first_keyframe: How many entries of `times` come before the first keyframe; None where there is no keyframe.
        order: See `FrameIndex`.
    """

    times: list[int] = field(default_factory=list)
    keyframes: dict[int, int] = field(default_factory=dict)
    last_duration: int = 0
    first_keyframe: int | None = None
    order: PacketOrder | None = None

    def duration(self) -> int:
        """How long the track lasts."""
        return max(self.times) - min(self.times) + self._length_of_last() if self.times else 0

    def _length_of_last(self) -> int:
        if not self.last_duration and len(self.times) > 1:  # AVI states none
            return (max(self.times) - min(self.times)) // (len(self.times) - 1)
        return self.last_duration

    def index(self, container: av.container.InputContainer, stream: av.VideoStream, read_until_s: float) -> FrameIndex:
        """Makes the index of the track.

        Args:
            container: The file.
            stream: The track.
            read_until_s: Up to when any track of the file could be read, on the clock of the container.

        Raises:
            MediaError: There is no frame, or the track is too long.
        """
        if not self.times:
            raise MediaError("The video holds no frames; please send the original file.")
        time_base = stated(stream.time_base)
        times = self._decodable()
        lost = times[0] - min(self.times)
        end = times[-1] + self._length_of_last()
        duration_s = float((end - times[0]) * time_base)
        if duration_s > MAX_VIDEO_DURATION_S:
            raise MediaError(
                "The video is longer than {hours} hours; please cut out the part in question.",
                hours=MAX_VIDEO_DURATION_S // 3600,
            )
        # read and promised seconds: of this stream where its header has them, else of the whole file
        if self.order:  # broadcasts promise none; FFmpeg would guess by the clock
            read_s = stated_s = 0.0
        elif stream.duration:
            read_s, stated_s = duration_s + float(lost * time_base), float(stream.duration * time_base)
        else:
            # Matroska states the end on its clock, others the length from the first stamp on
            start_s = 0 if "matroska" in container.format.name else (container.start_time or 0) / av.time_base
            read_s = read_until_s - start_s
            stated_s = (container.duration or 0) / av.time_base
        keyframes, lost_s = sorted(self.keyframes), float(lost * time_base)
        return FrameIndex(times, keyframes, self.keyframes, end, time_base, read_s, stated_s, lost_s, self.order)

    def _decodable(self) -> list[int]:
        """Sorts the times, less those of frames that refer to what came before the file began."""
        if self.first_keyframe is None:
            return sorted(self.times)
        first = min(self.keyframes)
        return sorted(time for time in self.times[self.first_keyframe :] if time >= first) or sorted(self.times)


def read_tracks(
    container: av.container.InputContainer, streams: Sequence[av.VideoStream]
) -> tuple[dict[int, TrackStamps], float]:
    """Reads all packets of a file once, because headers lie: truncated files keep their full duration, MKV often states none.

    Returns:
        What the packets of each of the given tracks say, by its number in the file, and up to how many seconds on the clock
        of the container any track could be read.

    Raises:
        MediaError: There are more packets than are looked at.
    """
    counts_on = container.format.name in BROADCAST_FORMATS
    tracks = {stream.index: TrackStamps(order=PacketOrder() if counts_on else None) for stream in streams}
    clocks = {stream.index: Clock(stated(stream.time_base)) for stream in streams}
    ends: defaultdict[av.stream.Stream, int] = defaultdict(int)
    try:
        for number, packet in enumerate(container.demux()):
            if number == MAX_PACKETS:
                raise MediaError(
                    "The video holds more than {millions} million frames and pieces of sound; "
                    "please cut out the part in question.",
                    millions=MAX_PACKETS // 10**6,
                )
            track = tracks.get(packet.stream_index)
            if track and track.order is not None and packet.size:
                _count_on(track, track.order, packet, clocks[packet.stream_index])
                continue
            stamp = packet.pts if packet.pts is not None else packet.dts
            if stamp is None:
                continue
            ends[packet.stream] = max(ends[packet.stream], stamp + (packet.duration or 0))
            if track:
                _note(track, stamp, packet)
    except av.error.FFmpegError as error:
        logger.info("packets end early: %s", error)
    read_until_s = max((float(end * stated(stream.time_base)) for stream, end in ends.items()), default=0.0)
    return tracks, read_until_s


def _note(track: TrackStamps, stamp: int, packet: av.Packet[av.stream.Stream]) -> None:
    if packet.is_keyframe:
        track.keyframes[stamp] = stamp if packet.dts is None else min(packet.dts, stamp)
        if track.first_keyframe is None:
            track.first_keyframe = len(track.times)
    if not packet.is_discard:
        track.times.append(stamp)
        track.last_duration = packet.duration or track.last_duration


def _count_on(track: TrackStamps, order: PacketOrder, packet: av.Packet[av.stream.Stream], clock: Clock) -> None:
    decoded, shown = clock.read(packet.dts, packet.pts, packet.duration)
    if packet.is_keyframe:
        track.keyframes[shown] = decoded
        order.keyframes[shown] = len(order.shown)
        order.checksums[len(order.shown)] = crc32(packet)
        if track.first_keyframe is None:
            track.first_keyframe = len(track.times)
    order.decoded.append(decoded)
    order.shown.append(shown)
    order.positions.append(packet.pos)
    track.times.append(shown)
    track.last_duration = packet.duration or track.last_duration
