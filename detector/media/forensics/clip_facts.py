"""How a clip was encoded: its codec, its frame rate, its groups of pictures and the marks of what wrote it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median

import av
import numpy as np
from av.video.frame import PictureType

from detector.errors import MediaError, NotAVideoError
from detector.limits import MAX_FRAMES_OF_PATTERN, MAX_LOST_PACKETS, MAX_PACKETS, MAX_PIXELS_OF_PATTERN
from detector.media.files import check_frame_size, check_size
from detector.media.forensics.clip_marks import Mark, creation_times, read_marks
from detector.media.videos.container import DECODER_OPTIONS, open_container, pixel_aspect, square_size, stated
from detector.media.videos.frame_index import TrackStamps, read_tracks
from detector.media.videos.tracks import choose_track, picture_tracks
from detector.media.videos.window import Span
from detector.text import one_line

logger = logging.getLogger(__name__)

MAX_GAPS = 5
# A picture that stands three times as long as the others, and long enough to be seen.
_GAP_INTERVALS = 3
_MIN_GAP_S = 0.2
# Containers round their stamps, MKV to milliseconds.
_ROUNDING_TICKS = 1.5
_ROUNDING_SHARE = 0.02
# FFmpeg names the decoder where a codec has several.
_CODECS = {
    "h264": "H.264 (AVC)",
    "hevc": "H.265 (HEVC)",
    "av1": "AV1",
    "vp8": "VP8",
    "vp9": "VP9",
    "mpeg2video": "MPEG-2",
    "mpeg4": "MPEG-4 Part 2",
    "mjpeg": "Motion JPEG",
    "prores": "ProRes",
}
_LETTERS = {int(PictureType.I): "I", int(PictureType.P): "P", int(PictureType.B): "B"}


@dataclass(frozen=True)
class Gap:
    """Where no new frame is shown for a while.

    Attributes:
        start_s: Since the first frame.
        duration_s: Until the next frame.
    """

    start_s: float
    duration_s: float


@dataclass(frozen=True)
class FrameTimes:
    """When the frames are shown.

    Attributes:
        frames: How many there are.
        per_s: By the median of their distances; 0 for a single frame.
        is_constant: Whether all distances are equal, up to the rounding of the container.
        gaps: The longest ones, in order of time, at most `MAX_GAPS`.
        gap_count: How many there are in all.
    """

    frames: int
    per_s: float
    is_constant: bool
    gaps: tuple[Gap, ...]
    gap_count: int


@dataclass(frozen=True)
class Groups:
    """The groups of pictures (GOP): each begins with a picture that is stored whole, the keyframe.

    Attributes:
        keyframes: How many keyframes there are.
        shortest_frames: Frames from one keyframe to the next.
        median_frames: Likewise.
        longest_frames: Likewise; all three are 0 where there is one keyframe only.
        median_s: Seconds from one keyframe to the next.
        has_b_frames: Whether some frames are stored in another order than they are shown, as they refer to later ones.
        pattern: Kinds of the first frames in the order in which they are shown, such as ``IBBPBBP``, up to the next
            keyframe; empty where the decoder does not tell.
    """

    keyframes: int
    shortest_frames: int
    median_frames: int
    longest_frames: int
    median_s: float
    has_b_frames: bool
    pattern: str


@dataclass(frozen=True)
class ClipFacts:
    """How the assessed picture track of a file was encoded.

    Attributes:
        codec: Name of the codec, profile and pixel format, one printable line.
        bits_per_s: Of the pictures alone; 0 where the length is not known.
        times: When its frames are shown.
        groups: Of pictures.
        marks: Of the programs that wrote it.
        created: When it was made, as the file says.
    """

    codec: str
    bits_per_s: float
    times: FrameTimes
    groups: Groups
    marks: tuple[Mark, ...]
    created: tuple[str, ...]


@dataclass
class _Packets:
    """Of one track, in order of decoding.

    Attributes:
        size: Bytes of all packets.
        count: Of packets.
        keyframes: Numbers of those that begin a group.
        start: The first packet.
    """

    size: int
    count: int
    keyframes: list[int]
    start: bytes


def read_clip_facts(path: Path, item: int = 0, span: Span | None = None) -> ClipFacts:
    """Reads how a clip was encoded.

    Args:
        path: The file.
        item: Number of the picture track, from 1; 0 for the main one.
        span: Where the film lies in the file, where it is only a part.

    Raises:
        MediaError: It is empty, too large or damaged, or has no such track.
        NotAVideoError: It is no video.
    """
    check_size(path)
    try:
        with open_container(path, span) as container:
            streams = picture_tracks(container)
            if max(stream.frames for stream in streams) > path.stat().st_size:
                raise MediaError("The video names more frames than the file has bytes; please send the original file.")
            stamps, _ = read_tracks(container, streams)
            number = choose_track(streams, stamps, item).stream.index
        track = stamps[number]
        if not track.times:
            raise MediaError("The video holds no frames; please send the original file.")
        with open_container(path, span) as container:
            packets = _read_packets(container, number)
        with open_container(path, span) as container:
            return _facts(container, number, track, packets)
    except (av.error.FFmpegError, ValueError) as error:
        if isinstance(error, MediaError):
            raise
        raise NotAVideoError(
            "The file is not a video that can be read, or it is cut off; please send an MP4, MOV, WebM, MKV or AVI."
        ) from error


def _facts(container: av.container.InputContainer, number: int, track: TrackStamps, packets: _Packets) -> ClipFacts:
    stream = container.streams[number]
    assert isinstance(stream, av.VideoStream)  # `picture_tracks` gave it
    context = stream.codec_context
    check_frame_size(*square_size(context.width, context.height, pixel_aspect(stream)))
    time_base = float(stated(stream.time_base))
    seconds = track.duration() * time_base
    times = frame_times(track.times, time_base)
    marks, created = read_marks(container, stream, packets.start), creation_times(container)
    codec = _CODECS.get(context.codec.canonical_name, context.codec.long_name)
    parts = (codec, context.profile, context.pix_fmt)
    return ClipFacts(
        one_line(", ".join(part for part in parts if part), 200),
        8 * packets.size / seconds if seconds > 0 else 0.0,
        times,
        _groups(track, packets, times.per_s, _pattern(container, stream)),
        marks,
        created,
    )


def _read_packets(container: av.container.InputContainer, number: int) -> _Packets:
    found = _Packets(0, 0, [], b"")
    try:
        for packet in islice(container.demux(container.streams[number]), MAX_PACKETS):
            if not packet.size:  # the end
                continue
            if packet.is_keyframe:
                found.keyframes.append(found.count)
            found.start = found.start or bytes(packet)
            found.size += packet.size
            found.count += 1
    except av.error.FFmpegError as error:
        logger.info("packets end early: %s", error)
    return found


def frame_times(stamps: list[int], time_base_s: float) -> FrameTimes:
    """Describes when frames are shown.

    Args:
        stamps: Of each frame, in any order, in units of `time_base_s`; at least one.
        time_base_s: Seconds of one unit.
    """
    shown = np.unique(np.array(stamps, np.int64))
    ticks = np.diff(shown)
    if not len(ticks):
        return FrameTimes(len(stamps), 0.0, True, (), 0)
    usual = float(np.median(ticks))
    allowed = max(_ROUNDING_TICKS, _ROUNDING_SHARE * usual)
    is_gap = (ticks > _GAP_INTERVALS * usual) & (ticks * time_base_s >= _MIN_GAP_S)
    places = np.flatnonzero(is_gap)
    longest = sorted(places[np.argsort(-ticks[places], kind="stable")][:MAX_GAPS].tolist())
    gaps = tuple(
        Gap(float((shown[place] - shown[0]) * time_base_s), float(ticks[place] * time_base_s)) for place in longest
    )
    is_constant = bool(np.abs(ticks - usual).max() <= allowed)
    return FrameTimes(len(stamps), 1 / (usual * time_base_s), is_constant, gaps, len(places))


def _groups(track: TrackStamps, packets: _Packets, frames_per_s: float, pattern: str) -> Groups:
    lengths = np.diff(packets.keyframes).tolist() or [0]
    usual = int(median(lengths))
    return Groups(
        keyframes=len(packets.keyframes),
        shortest_frames=min(lengths),
        median_frames=usual,
        longest_frames=max(lengths),
        median_s=usual / frames_per_s if frames_per_s else 0.0,
        has_b_frames=bool(np.any(np.diff(np.array(track.times, np.int64)) < 0)),
        pattern=pattern,
    )


def _pattern(container: av.container.InputContainer, stream: av.VideoStream) -> str:
    """Decodes the first group, as far as the limits go."""
    context = stream.codec_context
    context.thread_type = "AUTO"
    context.options = DECODER_OPTIONS
    most = min(MAX_FRAMES_OF_PATTERN, MAX_PIXELS_OF_PATTERN // max(context.width * context.height, 1))
    letters = ""
    for frame in islice(_decoded(container, stream), most):
        letter = _LETTERS.get(int(frame.pict_type))
        if letter is None or (letters and frame.key_frame):
            break
        letters += letter
    return letters


def _decoded(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    """Gives the frames up to the first damage."""
    try:
        for packet in islice(container.demux(stream), MAX_LOST_PACKETS):
            yield from packet.decode()
    except av.error.FFmpegError as error:
        logger.info("frames end early: %s", error)
