"""Opens untrusted videos, samples their frames by time, and says in plain words why it cannot."""

from __future__ import annotations

import logging
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import av
import numpy as np

from detector.errors import MediaError, NotAVideoError
from detector.facts import MediaFile, MediaItem
from detector.limits import MAX_FILE_BYTES, MAX_LOST_PACKETS, MAX_LOST_RUNS, MAX_VIDEO_PIXELS
from detector.media.files import check_aspect_ratio, check_size, file_sha256
from detector.media.videos.container import (
    DECODER_OPTIONS,
    VIDEO_DECODERS,
    media_type,
    open_container,
    pixel_aspect,
    square_size,
)
from detector.media.videos.frame_index import read_index
from detector.media.videos.sampling import near_stamps
from detector.media.videos.window import Span
from detector.messages import Message

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class VideoFrame:
    """One decoded frame.

    Attributes:
        time_s: Seconds since the first frame of the clip.
        image: ``(H, W, 3)`` uint8 RGB, rotation metadata applied, pixels square.
    """

    time_s: float
    image: np.ndarray


class Video:
    """A video file opened for sampling; use as a context manager.

    A file of one's own may be larger than an upload (`max_bytes`). `sha256` is its hash where that is known already. Of a file
    that is more than a film, `span` tells where the film lies.

    Attributes:
        size_px: Width and height of its frames, upright and in square pixels.
        span: Where the film lies in the file, where it is only a part.
        damaged_frames: Frames skipped so far because the decoder marked or found them damaged.

    Times of frames are those of the container. AVI stores none; there the frames are counted from
    the keyframe on, which is exact unless frames before a keyframe refer to it (an open group).

    Raises:
        MediaError: Empty, too large, too long, not a video, or without a video stream.
    """

    def __init__(
        self,
        path: str | Path,
        max_bytes: int | None = MAX_FILE_BYTES,
        sha256: str = "",
        item: int = 0,
        span: Span | None = None,
    ):
        path = Path(path)
        size = check_size(path, max_bytes)
        self._path, self._bytes, self._sha256, self.span = path, size, sha256, span
        self.damaged_frames = 0
        self.items: list[MediaItem] = []
        self._wanted_frames = self._given_frames = 0
        try:
            self._container = open_container(path, span)
        except (av.error.FFmpegError, ValueError) as error:
            raise NotAVideoError(
                "The file is not a video that can be read, or it is cut off; please send an MP4, MOV, WebM, MKV or AVI."
            ) from error
        try:
            self._open_stream(size)
            self._index = read_index(self._container, self._stream)
            self.size_px = self._read_size()
            self._media_type = media_type(self._container, path)
        except BaseException:
            self._container.close()
            raise

    def __enter__(self) -> Video:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._container.close()

    def _open_stream(self, size: int) -> None:
        streams = [
            stream
            for stream in self._container.streams.video
            # cover art of a sound file is a "video stream" with this disposition
            if not stream.disposition & av.stream.Disposition.attached_pic
        ]
        if not streams or streams[0].codec_context is None:
            raise MediaError("The file holds no moving picture (no video stream); please send a video.")
        self._stream = streams[0]
        if self._stream.frames > size:  # FFmpeg seeks for minutes in an index that was made for that
            raise MediaError("The video names more frames than the file has bytes; please send the original file.")
        context = self._stream.codec_context
        if context.codec.name not in VIDEO_DECODERS:
            raise MediaError(
                "The pictures of the video are coded as {codec}, which is not read here; "
                "please send it as an MP4 with H.264.",
                codec=context.codec.name,
            )
        self._pixel_aspect = pixel_aspect(self._stream)
        width, height = square_size(context.width, context.height, self._pixel_aspect)
        if width * height > MAX_VIDEO_PIXELS:
            raise MediaError(
                "The video has {width} x {height} pixels a frame; please send a version up to 8K.",
                width=width,
                height=height,
            )
        if width and height:
            check_aspect_ratio("video", width, height)
        context.thread_type = "AUTO"
        context.options = DECODER_OPTIONS
        self._counts_frames = self._container.format.name == "avi" and context.has_b_frames

    def _read_size(self) -> tuple[int, int]:
        first = next(self._decode_from(self._index.times[0]), None)
        if first is None and not self._stream.codec_context.width:  # the decoder refused the pictures by their size
            raise MediaError("No frame of the video can be decoded: it is damaged, or its frames are larger than 8K.")
        if first is None:
            raise MediaError("No frame of the video can be decoded; please send the original file.")
        height, width = self._upright(first[1]).shape[:2]
        return width, height

    @cached_property
    def facts(self) -> MediaFile:
        """Facts about the file. Unless its hash was given, all of the file is read for it, which only some callers need."""
        sha256 = self._sha256 or file_sha256(self._path)
        return MediaFile(self._path.name, sha256, self._bytes, self._media_type, *self.size_px, self.duration_s)

    def problems(self) -> list[Message]:
        """Tells what a reader must know of the file and of the frames decoded so far."""
        cut_off = self._index.cut_off()
        sentences = [cut_off] if cut_off else []
        if self._given_frames < self._wanted_frames:
            sentences.append(
                Message(
                    "The file is damaged: only {decoded} of {wanted} frames could be decoded.",
                    {"decoded": self._given_frames, "wanted": self._wanted_frames},
                )
            )
        elif self.damaged_frames:
            sentences.append(Message("Some frames are damaged; the next good ones were used instead."))
        return sentences

    @property
    def tags(self) -> Mapping[str, str]:
        """What the container says of the file, by the names of FFmpeg."""
        return self._container.metadata

    @property
    def duration_s(self) -> float:
        """Seconds from the first frame to the end of the last."""
        return self._index.duration_s

    @property
    def frame_count(self) -> int:
        """Number of frames that are shown: those that an edit list cuts away are left out."""
        return len(self._index.times)

    @property
    def start_s(self) -> float:
        """When the first frame is shown on the clock of the container, which the sound shares."""
        return float(self._index.times[0] * self._index.time_base)

    @property
    def frame_times(self) -> list[float]:
        """When each frame is shown, in seconds since the first, ascending."""
        return [self._index.seconds(stamp) for stamp in self._index.times]

    def sample_times(self, count: int, span_s: float | None = None) -> list[float]:
        """Chooses up to `count` evenly spaced frames; gives their instants in seconds since the first frame.

        The clip is cut into `count` equal parts and the frame on screen in the middle of each part
        is taken, so a variable frame rate does not shift the samples. A clip with fewer frames
        gives each frame once.

        Args:
            count: How many.
            span_s: Spread them over so many seconds from the start only; default: over the whole clip.
        """
        return [self._index.seconds(stamp) for stamp in self._index.evenly_spaced(count, span_s)]

    def sample_frames(self, count: int) -> Iterator[VideoFrame]:
        """Decodes the frames at `sample_times(count)`, as `frames_at` does."""
        return self.frames_at(self.sample_times(count))

    def near_times(self, count: int) -> list[float]:
        """As `sample_times`, but of each part of the clip the frame that costs least to decode; see `near_stamps`."""
        index = self._index
        return [index.seconds(stamp) for stamp in near_stamps(index.times, index.keyframes, index.end, count)]

    def frames_at(self, times_s: Iterable[float]) -> Iterator[VideoFrame]:
        """Decodes the frames on screen at these instants, in order of time and each once, one at a time.

        Memory stays flat. A frame that is damaged is replaced by the next good one; where none
        follows, it is left out, so a truncated clip gives fewer frames.
        """
        stamps = sorted({self._index.on_screen(time_s) for time_s in times_s})
        given = 0
        for frame in self._frames_at_stamps(stamps):
            given += 1
            yield frame
        # a caller that stops early has lost nothing
        self._wanted_frames += len(stamps)
        self._given_frames += given

    def _frames_at_stamps(self, stamps: list[int]) -> Iterator[VideoFrame]:
        times, keyframes = self._index.times, self._index.keyframes
        index, first_run, lost_runs = 0, 0, 0
        wanted = frozenset(stamps)
        while index < len(stamps) and lost_runs < MAX_LOST_RUNS:
            run = max(bisect_right(keyframes, stamps[index]) - 1, first_run)
            found = False
            start = keyframes[run] if run < len(keyframes) else times[0]
            for stamp, frame in self._decode_from(start, wanted):
                if stamp < stamps[index]:
                    continue
                yield VideoFrame(self._index.seconds(stamp), self._upright(frame))
                found = True
                while index < len(stamps) and stamps[index] <= stamp:
                    index += 1
                if index == len(stamps):
                    return
                # Stay in this run of frames while no keyframe saves a frame on the way to the next wanted one.
                next_keyframe = bisect_right(keyframes, stamps[index]) - 1
                following = times[bisect_right(times, stamp)]
                if next_keyframe >= 0 and keyframes[next_keyframe] > following:
                    break
            lost_runs = 0 if found else lost_runs + 1
            if not found:
                # nothing can be read from here on, but a later keyframe may be sound
                first_run = run + 1
                if first_run >= len(keyframes):
                    return

    def _decode_from(self, stamp: int, wanted: frozenset[int] = frozenset()) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decodes from the keyframe with this stamp on, and gives each frame with its stamp; damaged frames are counted and left out.

        Of the frames that no other frame refers to, only the wanted ones are decoded.
        """
        context = self._stream.codec_context
        number, lost = None, 0
        packets = self._packets_from(stamp)
        while lost < MAX_LOST_PACKETS:
            try:
                packet = next(packets)
            except (StopIteration, av.error.FFmpegError):
                return
            if number is None and packet.pts is not None:
                number = bisect_left(self._index.times, packet.pts)
            is_needed = not wanted or self._counts_frames or packet.pts is None or packet.pts in wanted
            context.skip_frame = "DEFAULT" if is_needed else "NONREF"
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                self.damaged_frames += 1
                lost += 1
                number = None if number is None else number + 1
                continue
            for frame in frames:
                lost = 0
                if self._counts_frames and number is not None:
                    frame.pts = self._index.times[min(number, len(self._index.times) - 1)]
                    number += 1
                elif frame.pts is None:
                    frame.pts = frame.dts
                if frame.is_corrupt or frame.pts is None:
                    self.damaged_frames += 1
                    continue
                yield frame.pts, frame

    def _packets_from(self, stamp: int) -> Iterator[av.Packet[av.VideoStream]]:
        """Gives the packets of the stream from the keyframe with this stamp on."""
        # MP4 is searched by when a frame is shown, transport streams by when it is decoded, which comes before: there the
        # first way lands behind the keyframe, while in MP4 the second would land at the keyframe before
        for target in sorted({stamp, self._index.seek_stamps.get(stamp, stamp)}, reverse=True):
            first = None
            try:
                self._container.seek(target, stream=self._stream)
                packets = self._container.demux(self._stream)
                first = next(packets)
            except (StopIteration, av.error.FFmpegError) as error:
                logger.info("cannot seek to %s: %s", target, error)
                continue
            if first.pts is not None and first.pts <= stamp:
                break
        if first is not None:
            yield first
            yield from packets

    def _upright(self, frame: av.VideoFrame) -> np.ndarray:
        # FFmpeg leaves pixel shape and display rotation to the player
        size = square_size(frame.width, frame.height, self._pixel_aspect)
        if size == (frame.width, frame.height):
            image = frame.to_ndarray(format="rgb24")
        else:
            image = frame.to_ndarray(format="rgb24", width=size[0], height=size[1], interpolation="BICUBIC")
        return np.ascontiguousarray(np.rot90(image, k=(frame.rotation // 90) % 4))
