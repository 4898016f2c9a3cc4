"""Opens untrusted animated pictures (GIF, APNG, WebP, AVIF) as clips: sampled by time, with the interface of `Video`."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import accumulate
from pathlib import Path

import numpy as np
from PIL import Image

from detector.errors import MediaError
from detector.facts import MediaFile, MediaItem
from detector.limits import MAX_ANIMATION_FRAMES, MAX_ANIMATION_PIXELS, MAX_FILE_BYTES
from detector.media.files import check_frame_size, check_size, file_sha256
from detector.media.photos.code_points import stated_in_png
from detector.media.photos.colours import srgb_pixels
from detector.media.photos.decoding_errors import DECODING_ERRORS
from detector.media.photos.images import FEW_COLOURS, ask_header
from detector.media.photos.orientation import orientation, upright
from detector.media.videos.video import VideoFrame
from detector.messages import Message, counted

logger = logging.getLogger(__name__)

ANIMATED_FORMATS = ("GIF", "PNG", "WEBP", "AVIF")
_DAMAGED = Message("The photo is damaged or cut off and cannot be decoded; please send the original file.")
_BAD_FRAME = (*DECODING_ERRORS, Image.DecompressionBombError)
# Browsers show a frame of 10 ms or less, zero above all, for 100 ms: `ImageFrame` of Chromium, `FrameTimeout` of Firefox.
_TOO_SHORT_US = 10_000
_INSTEAD_US = 100_000


def says_animated(path: str | Path) -> bool:
    """Tells whether a file is a picture that says it is animated; whether its frames are there, `Animation` tells.

    Raises:
        OSError: The file cannot be opened.
    """
    return ask_header(path, ANIMATED_FORMATS, _is_animated, if_damaged=False)


def _is_animated(image: Image.Image) -> bool:
    try:
        return bool(getattr(image, "is_animated", False))
    except _BAD_FRAME:  # a second frame is there, and damaged
        return True


class Animation:
    """An animated picture opened for sampling; use as a context manager.

    Each frame builds on those before, so all are decoded when it is opened, and once more for each call of `frames_at`, up to
    `MAX_ANIMATION_FRAMES` and `MAX_ANIMATION_PIXELS`. Frames are shown as long as they say, those of 10 ms or less for
    100 ms, as browsers do. Transparency is laid on white, the EXIF orientation is applied, and what a later frame has beyond
    the size of the first is cut off.

    Attributes:
        size_px: Width and height of its frames.
        damaged_frames: 1 where a frame is damaged, which ends the animation; else 0.
        items: Empty: an animation is one film.

    Raises:
        MediaError: Empty, too large, or its first frame cannot be decoded.
    """

    def __init__(self, path: str | Path, max_bytes: int | None = MAX_FILE_BYTES, sha256: str = ""):
        self._path, self._sha256 = Path(path), sha256
        self._bytes = check_size(self._path, max_bytes)
        self.damaged_frames = 0
        self.items: list[MediaItem] = []
        self._has_more = False
        self._colour_problems: list[Message] = []
        self._durations_us: list[int] = []
        with self._opened() as image:
            check_frame_size(*image.size)
            self._media_type = Image.MIME[image.format or ""]
            # the still picture of an APNG that is only shown where APNG is not known
            self._skipped = 1 if getattr(image, "default_image", False) else 0
            self._canvas = image.size
            self._has_palette = image.mode == "P"
            # of a deep PNG the colours are read once more from the file, which gives its first frame alone
            is_shallow = image.format == "AVIF" or (image.format == "PNG" and stated_in_png(self._path)[1] == 8)
            self._coded = self._path if is_shallow else None
            self._read_durations(image)
            # last: Pillow decodes a PNG for it, and forgets that it could not
            self._turns = _orientation(image)
        if not self._durations_us:
            raise MediaError(_DAMAGED)
        *self._times_us, self._end_us = accumulate(self._durations_us, initial=0)
        height, width = next(self.frames_at([0.0])).image.shape[:2]
        self.size_px = width, height

    def __enter__(self) -> Animation:
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Does nothing: between two calls no file is open."""

    def _opened(self) -> Image.Image:
        try:
            return Image.open(self._path, formats=ANIMATED_FORMATS)
        except _BAD_FRAME as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise MediaError(_DAMAGED) from error

    def _read_durations(self, image: Image.Image) -> None:
        """Decodes all frames, as their durations only come with them."""
        pixels = 0
        # a GIF does not say how many there are
        stated = None if image.format == "GIF" else getattr(image, "n_frames", 1) - self._skipped
        while stated is None or len(self._durations_us) < stated:
            number = len(self._durations_us)
            pixels += image.width * image.height
            self._has_more = number == MAX_ANIMATION_FRAMES or pixels > MAX_ANIMATION_PIXELS
            try:
                image.seek(number + self._skipped)
                if self._has_more:
                    return
                image.load()
            except _BAD_FRAME as error:
                self._has_more = False
                if stated is not None or not isinstance(error, EOFError):
                    logger.info("frame %d of an animation: %s", number, error)
                    self.damaged_frames = 1
                return
            microseconds = round(1000 * image.info.get("duration", 0))
            self._durations_us.append(microseconds if microseconds > _TOO_SHORT_US else _INSTEAD_US)

    @cached_property
    def facts(self) -> MediaFile:
        """Facts about the file."""
        sha256 = self._sha256 or file_sha256(self._path)
        return MediaFile(self._path.name, sha256, self._bytes, self._media_type, *self.size_px, self.duration_s)

    def problems(self) -> list[Message]:
        """Tells what a reader must know of the file."""
        sentences = []
        count, seconds = self.frame_count, f"{self.duration_s:.1f}"
        if self.damaged_frames:
            sentences.append(
                counted(
                    "The file is damaged: only the first frame of the animation could be decoded.",
                    "The file is damaged: only the first {count} frames of the animation, {seconds} s, could be decoded.",
                    count,
                    seconds=seconds,
                )
            )
        elif self._has_more:
            sentences.append(
                counted(
                    "The animation is too large: only its first frame was read, not what comes after.",
                    "The animation is too long: only its first {count} frames, {seconds} s, were read, "
                    "not what comes after.",
                    count,
                    seconds=seconds,
                )
            )
        if self._skipped:
            sentences.append(
                Message("The animation holds a picture that only some programs show; it was not looked at.")
            )
        if not self.is_still:  # a photo says so itself
            sentences += [FEW_COLOURS] if self._has_palette else []
            sentences += self._colour_problems
        return sentences

    @property
    def is_still(self) -> bool:
        """Whether one frame is all that is shown, and that of a photo."""
        return self.frame_count == 1 and not self._skipped

    @property
    def duration_s(self) -> float:
        """Seconds from the first frame to the end of the last."""
        return self._end_us / 1e6

    @property
    def frame_count(self) -> int:
        """Number of frames that can be decoded."""
        return len(self._times_us)

    @property
    def frame_times(self) -> list[float]:
        """When each frame is shown, in seconds since the first, ascending."""
        return [time_us / 1e6 for time_us in self._times_us]

    def sample_times(self, count: int, span_s: float | None = None) -> list[float]:
        """Chooses up to `count` evenly spaced frames; see `detector.media.videos.video.Video.sample_times`."""
        span_us = min(1e6 * span_s if span_s else self._end_us, self._end_us)
        if count >= self.frame_count:
            return [time_us / 1e6 for time_us in self._times_us if time_us < span_us]
        numbers = {self._on_screen(span_us * (2 * index + 1) / (2 * count)) for index in range(count)}
        return [self._times_us[number] / 1e6 for number in sorted(numbers)]

    def near_times(self, count: int) -> list[float]:
        """As `sample_times`: no frame costs less than the others."""
        return self.sample_times(count)

    def sample_frames(self, count: int) -> Iterator[VideoFrame]:
        """Decodes the frames at `sample_times(count)`, as `frames_at` does."""
        return self.frames_at(self.sample_times(count))

    def frames_at(self, times_s: Iterable[float]) -> Iterator[VideoFrame]:
        """Decodes the frames on screen at these instants, in order of time and each once, one at a time."""
        numbers = sorted({self._on_screen(round(1e6 * time_s)) for time_s in times_s})
        with self._opened() as image:
            for number in numbers:
                image.seek(number + self._skipped)
                yield VideoFrame(self._times_us[number] / 1e6, self._pixels(image))

    def _on_screen(self, time_us: float) -> int:
        return max(bisect_right(self._times_us, time_us) - 1, 0)

    def _pixels(self, image: Image.Image) -> np.ndarray:
        image.load()
        shown = image if image.size == self._canvas else image.crop((0, 0, *self._canvas))
        pixels, self._colour_problems = srgb_pixels(shown, self._coded)
        return upright(pixels, self._turns)


def _orientation(image: Image.Image) -> int:
    try:
        return orientation(image)
    except _BAD_FRAME:
        return 1
