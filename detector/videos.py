"""Opens untrusted videos, samples their frames by time, and says in plain words why it cannot."""

from __future__ import annotations

import logging
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from detector.container import (
    DECODER_OPTIONS,
    VIDEO_DECODERS,
    media_type,
    open_container,
    pixel_aspect,
    square_size,
)
from detector.files import MediaError, MediaFile, NotAVideoError, check_aspect_ratio, check_size, file_sha256
from detector.limits import (
    MAX_FILE_BYTES,
    MAX_LOST_PACKETS,
    MAX_LOST_RUNS,
    MAX_PACKETS,
    MAX_VIDEO_DURATION_S,
    MAX_VIDEO_PIXELS,
)
from detector.sampling import near_stamps

logger = logging.getLogger(__name__)

# Headers round, and count a sound track that ends later; a file that lacks more than this is cut off.
CUT_OFF_S = 0.5
CUT_OFF_SHARE = 0.02


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

    The packets are read once without decoding, because headers lie: truncated files keep their
    full duration, and MKV and WebM often state none. A file of one's own may be larger than an upload (`max_bytes`).

    Attributes:
        facts: The `MediaFile` of this video.
        frame_count: Number of frames that are shown: those that an edit list cuts away are left out.
        damaged_frames: Frames skipped so far because the decoder marked or found them damaged.

    Times of frames are those of the container. AVI stores none; there the frames are counted from
    the keyframe on, which is exact unless frames before a keyframe refer to it (an open group).

    Raises:
        MediaError: Empty, too large, too long, not a video, or without a video stream.
    """

    def __init__(self, path: str | Path, max_bytes: int | None = MAX_FILE_BYTES):
        path = Path(path)
        size = check_size(path, max_bytes)
        self.damaged_frames = 0
        self._wanted_frames = self._given_frames = 0
        try:
            self._container = open_container(path)
        except (av.error.FFmpegError, ValueError) as error:
            raise NotAVideoError(
                "The file is not a video that can be read, or it is cut off; please send an MP4, MOV, WebM, MKV or AVI."
            ) from error
        try:
            self._open_stream(size)
            self.facts = self._read_facts(path, size)
        except BaseException:
            self._container.close()
            raise

    def __enter__(self) -> Video:
        return self

    def __exit__(self, *exc_info) -> None:
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
                f"The pictures of the video are coded as {context.codec.name}, which is not read here; "
                "please send it as an MP4 with H.264."
            )
        self._pixel_aspect = pixel_aspect(self._stream)
        width, height = square_size(context.width, context.height, self._pixel_aspect)
        if width * height > MAX_VIDEO_PIXELS:
            raise MediaError(f"The video has {width} x {height} pixels a frame; please send a version up to 8K.")
        if width and height:
            check_aspect_ratio("video", width, height)
        context.thread_type = "AUTO"
        context.options = DECODER_OPTIONS

        times, keyframes, last_duration = [], {}, 0
        ends: defaultdict[av.stream.Stream, int] = defaultdict(int)
        try:
            for number, packet in enumerate(self._container.demux()):
                if number == MAX_PACKETS:
                    raise MediaError(
                        f"The video holds more than {MAX_PACKETS // 10**6} million frames and pieces of sound; "
                        "please cut out the part in question."
                    )
                stamp = packet.pts if packet.pts is not None else packet.dts
                if stamp is None:
                    continue
                ends[packet.stream] = max(ends[packet.stream], stamp + (packet.duration or 0))
                if packet.stream is not self._stream:
                    continue
                if packet.is_keyframe:
                    keyframes[stamp] = stamp if packet.dts is None else min(packet.dts, stamp)
                if not packet.is_discard:
                    times.append(stamp)
                    last_duration = packet.duration or last_duration
        except av.error.FFmpegError as error:
            logger.info("packets end early: %s", error)
        if not times:
            raise MediaError("The video holds no frames; please send the original file.")
        self.frame_count = len(times)
        self._times = sorted(times)
        self._keyframes = sorted(keyframes)
        self._seek_stamps = keyframes
        if not last_duration and len(times) > 1:  # AVI states none
            last_duration = (self._times[-1] - self._times[0]) // (len(times) - 1)
        self._end = self._times[-1] + last_duration
        duration_s = float((self._end - self._times[0]) * self._stream.time_base)
        if duration_s > MAX_VIDEO_DURATION_S:
            raise MediaError(
                f"The video is longer than {MAX_VIDEO_DURATION_S // 3600} hours; please cut out the part in question."
            )
        self._duration_s = duration_s
        self._counts_frames = self._container.format.name == "avi" and self._stream.codec_context.has_b_frames
        # read and promised seconds: of this stream where its header has them, else of the whole file
        if self._stream.duration:
            self._read_s, self._stated_s = duration_s, float(self._stream.duration * self._stream.time_base)
        else:
            read_until_s = max(float(end * stream.time_base) for stream, end in ends.items())
            self._read_s = read_until_s - (self._container.start_time or 0) / av.time_base
            self._stated_s = (self._container.duration or 0) / av.time_base

    def _read_facts(self, path: Path, size: int) -> MediaFile:
        first = next(self._decode_from(self._times[0]), None)
        if first is None and not self._stream.codec_context.width:  # the decoder refused the pictures by their size
            raise MediaError("No frame of the video can be decoded: it is damaged, or its frames are larger than 8K.")
        if first is None:
            raise MediaError("No frame of the video can be decoded; please send the original file.")
        height, width = self._upright(first).shape[:2]
        return MediaFile(
            path.name, file_sha256(path), size, media_type(self._container, path), width, height, self._duration_s
        )

    def problems(self) -> list[str]:
        """What a reader must know of the file and of the frames decoded so far, in plain sentences."""
        sentences = []
        missing_s = self._stated_s - self._read_s
        if missing_s > max(CUT_OFF_S, CUT_OFF_SHARE * self._stated_s):
            sentences.append(f"The file is cut off: {self._read_s:.1f} of {self._stated_s:.1f} s could be read.")
        if self._given_frames < self._wanted_frames:
            sentences.append(
                f"The file is damaged: only {self._given_frames} of {self._wanted_frames} frames could be decoded."
            )
        elif self.damaged_frames:
            sentences.append("Some frames are damaged; the next good ones were used instead.")
        return sentences

    @property
    def start_s(self) -> float:
        """When the first frame is shown on the clock of the container, which the sound shares."""
        return float(self._times[0] * self._stream.time_base)

    @property
    def frame_times(self) -> list[float]:
        """When each frame is shown, in seconds since the first, ascending."""
        return [self._seconds(stamp) for stamp in self._times]

    def sample_times(self, count: int, span_s: float | None = None) -> list[float]:
        """The instants, in seconds since the first frame, of up to `count` evenly spaced frames.

        The clip is cut into `count` equal parts and the frame on screen in the middle of each part
        is taken, so a variable frame rate does not shift the samples. A clip with fewer frames
        gives each frame once.

        Args:
            count: How many.
            span_s: Spread them over so many seconds from the start only; default: over the whole clip.
        """
        span_s = min(span_s or self._duration_s, self._duration_s)
        if count >= len(self._times):
            # a single frame whose container states no length lasts no time
            stamps = {stamp for stamp in self._times if self._seconds(stamp) < span_s} or {self._times[0]}
        else:
            stamps = {self._on_screen(span_s * (2 * index + 1) / (2 * count)) for index in range(count)}
        return [self._seconds(stamp) for stamp in sorted(stamps)]

    def sample_frames(self, count: int) -> Iterator[VideoFrame]:
        """Decodes the frames at `sample_times(count)`, as `frames_at` does."""
        return self.frames_at(self.sample_times(count))

    def near_times(self, count: int) -> list[float]:
        """As `sample_times`, but of each part of the clip the frame that costs least to decode; see `near_stamps`."""
        return [self._seconds(stamp) for stamp in near_stamps(self._times, self._keyframes, self._end, count)]

    def _seconds(self, stamp: int) -> float:
        return float((stamp - self._times[0]) * self._stream.time_base)

    def _on_screen(self, time_s: float) -> int:
        """The stamp of the frame that is on screen at an instant; times that `_seconds` gave come back exact."""
        instant = self._times[0] + round(time_s / self._stream.time_base, 3)
        return self._times[max(bisect_right(self._times, instant) - 1, 0)]

    def frames_at(self, times_s: Iterable[float]) -> Iterator[VideoFrame]:
        """Decodes the frames on screen at these instants, in order of time and each once, one at a time.

        Memory stays flat. A frame that is damaged is replaced by the next good one; where none
        follows, it is left out, so a truncated clip gives fewer frames.
        """
        stamps = sorted({self._on_screen(time_s) for time_s in times_s})
        given = 0
        for frame in self._frames_at_stamps(stamps):
            given += 1
            yield frame
        # a caller that stops early has lost nothing
        self._wanted_frames += len(stamps)
        self._given_frames += given

    def _frames_at_stamps(self, stamps: list[int]) -> Iterator[VideoFrame]:
        index, first_run, lost_runs = 0, 0, 0
        wanted = frozenset(stamps)
        while index < len(stamps) and lost_runs < MAX_LOST_RUNS:
            run = max(bisect_right(self._keyframes, stamps[index]) - 1, first_run)
            found = False
            start = self._keyframes[run] if run < len(self._keyframes) else self._times[0]
            for frame in self._decode_from(start, wanted):
                if frame.pts < stamps[index]:
                    continue
                yield VideoFrame(self._seconds(frame.pts), self._upright(frame))
                found = True
                while index < len(stamps) and stamps[index] <= frame.pts:
                    index += 1
                if index == len(stamps):
                    return
                # Stay in this run of frames while no keyframe saves a frame on the way to the next wanted one.
                next_keyframe = bisect_right(self._keyframes, stamps[index]) - 1
                following = self._times[bisect_right(self._times, frame.pts)]
                if next_keyframe >= 0 and self._keyframes[next_keyframe] > following:
                    break
            lost_runs = 0 if found else lost_runs + 1
            if not found:
                # nothing can be read from here on, but a later keyframe may be sound
                first_run = run + 1
                if first_run >= len(self._keyframes):
                    return

    def _decode_from(self, stamp: int, wanted: frozenset[int] = frozenset()) -> Iterator[av.VideoFrame]:
        """Decodes from the keyframe with this stamp on; damaged frames are counted and left out.

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
                number = bisect_left(self._times, packet.pts)
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
                    frame.pts = self._times[min(number, len(self._times) - 1)]
                    number += 1
                elif frame.pts is None:
                    frame.pts = frame.dts
                if frame.is_corrupt or frame.pts is None:
                    self.damaged_frames += 1
                    continue
                yield frame

    def _packets_from(self, stamp: int) -> Iterator[av.Packet]:
        """The packets of the stream from the keyframe with this stamp on."""
        # MP4 is searched by when a frame is shown, transport streams by when it is decoded, which comes before: there the
        # first way lands behind the keyframe, while in MP4 the second would land at the keyframe before
        for target in sorted({stamp, self._seek_stamps.get(stamp, stamp)}, reverse=True):
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
