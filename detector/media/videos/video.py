"""Opens untrusted videos, samples their frames by time, and says in plain words why it cannot."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import av
import numpy as np

from detector.errors import MediaError, NotAVideoError
from detector.facts import MediaFile
from detector.limits import MAX_FILE_BYTES, MAX_LOST_RUNS
from detector.media.files import check_frame_size, check_size, file_sha256
from detector.media.videos.container import media_type, open_container, pixel_aspect, square_size
from detector.media.videos.decoder import Decoder
from detector.media.videos.frame_index import read_tracks
from detector.media.videos.pictures import Pictures
from detector.media.videos.sampling import near_stamps
from detector.media.videos.tracks import choose_track, picture_tracks, track_item, track_items
from detector.media.videos.window import Span
from detector.messages import Message


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
        tags: What the container says of the file, by the names of FFmpeg.
        items: Its picture tracks, see `detector.results.Result`; where there are several, `item` chooses one.

    Raises:
        MediaError: Empty, too large, too long, not a video, or without a track that can be decoded.
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
        self._wanted_frames = self._given_frames = 0
        try:
            container = open_container(path, span)
        except (av.error.FFmpegError, ValueError) as error:
            raise NotAVideoError(
                "The file is not a video that can be read, or it is cut off; please send an MP4, MOV, WebM, MKV or AVI."
            ) from error
        close = container.close
        try:
            tracks = picture_tracks(container)
            # FFmpeg seeks for minutes in an index that was made for that
            if max(track.frames for track in tracks) > size:
                raise MediaError("The video names more frames than the file has bytes; please send the original file.")
            stamps, read_until_s = read_tracks(container, tracks)
            self._choice = choose_track(tracks, stamps, item)
            stream = self._choice.stream
            aspect = pixel_aspect(stream)
            check_frame_size(*square_size(stream.codec_context.width, stream.codec_context.height, aspect))
            self._pictures = Pictures(aspect)
            items = track_items(tracks, stamps, self._choice.number)
            self._index = stamps[stream.index].index(container, stream, read_until_s)
            self._decoder = Decoder(partial(open_container, path, span), container, stream, self._index)
            close = self._decoder.close
            self.size_px = self._read_size()
            self._media_type, self.tags = media_type(container, path), dict(container.metadata)
            chosen = track_item(self._choice.number, self.size_px, self.frame_count, self.duration_s, is_assessed=True)
            self.items = [chosen if item.assessed else item for item in items]
        except BaseException:
            close()
            raise

    def __enter__(self) -> Video:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._decoder.close()

    def _read_size(self) -> tuple[int, int]:
        first = next(self._decoder.frames_from(self._index.times[0]), None)
        if first is None:
            raise self._undecodable()
        height, width = self._pictures.take(first[1]).shape[:2]
        return width, height

    def _undecodable(self) -> MediaError:
        """Says why not a single frame can be decoded."""
        if not self._index.keyframes:
            return MediaError(
                "The video holds no complete picture to begin with (no keyframe), so none of its frames can be decoded; "
                "please send the whole recording."
            )
        if self._decoder.refuses_size():
            return MediaError("The frames of the video are larger than 8K; please send a smaller version.")
        return MediaError("No frame of the video can be decoded, because it is damaged; please send the original file.")

    @property
    def damaged_frames(self) -> int:
        """Frames left out so far because the decoder marked or found them damaged."""
        return self._decoder.damaged_frames

    @cached_property
    def facts(self) -> MediaFile:
        """Facts about the file. Unless its hash was given, all of the file is read for it, which only some callers need."""
        sha256 = self._sha256 or file_sha256(self._path)
        return MediaFile(self._path.name, sha256, self._bytes, self._media_type, *self.size_px, self.duration_s)

    def problems(self) -> list[Message]:
        """Tells what a reader must know of the file and of the frames decoded so far."""
        sentences = [*self._choice.problems(), *self._index.problems(), *self._pictures.problems()]
        if self._given_frames < self._wanted_frames:
            numbers: dict[str, str | int | Message] = {"decoded": self._given_frames, "wanted": self._wanted_frames}
            if self.damaged_frames:
                said = Message("The file is damaged: only {decoded} of {wanted} frames could be decoded.", numbers)
            else:  # such as two fields in two packets, which make one frame
                said = Message("Only {decoded} of {wanted} frames could be decoded.", numbers)
            sentences.append(said)
        elif self.damaged_frames:
            sentences.append(Message("Some frames are damaged; the next good ones were used instead."))
        return sentences

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
            for stamp, frame in self._decoder.frames_from(start, wanted):
                if stamp < stamps[index]:
                    continue
                yield VideoFrame(self._index.seconds(stamp), self._pictures.take(frame))
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
