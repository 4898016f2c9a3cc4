"""Reads what is there of a photo that was cut off, or whose end was never written."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile

from detector.facts import PixelBox
from detector.media.photos.decoding_errors import DECODING_ERRORS
from detector.media.photos.jpeg import read_segments
from detector.messages import Message

# What a broken copy leaves: zero bytes in a row, more than the detail of any picture.
_ZEROS = bytes(256)
# The picture is decoded once more without the last bytes: they stand for the first row that differs. More, where these are of no effect.
_LAST_BYTES = (64, 512, 4096, 2**15, 2**18)
_JPEG_FORMATS = ("JPEG", "MPO")
_JPEG_END = b"\xff\xd9"
_PNG_END = b"IEND"
_one_at_a_time = threading.Lock()


def load(image: Image.Image, path: Path) -> tuple[Image.Image, int | None]:
    """Decodes an opened photo.

    Returns:
        The picture, and how many of its rows, from the top, are as they were; None where the file is whole.

    Raises:
        Exception: Whatever Pillow raises on a photo that is damaged in another way, or of another format than JPEG and PNG.
    """
    is_jpeg = image.format in _JPEG_FORMATS
    if not is_jpeg and image.format != "PNG":
        image.load()
        return image, None
    data = path.read_bytes() if is_jpeg else b""
    if _ZEROS in data and (end := _end_before_zeros(data)):  # its decoder takes zeros for pixels
        return _load_part(data[:end], is_jpeg)
    try:
        image.load()
    except DECODING_ERRORS:  # raised again unless the file is cut off
        data = data or path.read_bytes()
        if data.endswith(_ZEROS):
            data = data.rstrip(b"\0")
        if read_segments(data).end is not None if is_jpeg else _PNG_END in data[-16:]:
            raise
        return _load_part(data, is_jpeg)
    return image, None


def cut_off_warning(size: tuple[int, int], missing_px: PixelBox) -> Message:
    """Says how much of a photo could be read; see `percent_read`."""
    return Message(
        "The file is incomplete: only {percent} percent of the photo could be read in full, and faces in the rest were not assessed.",
        {"percent": percent_read(size, missing_px)},
    )


def percent_read(size: tuple[int, int], missing_px: PixelBox) -> int:
    """Gives how much of a photo of this width and height is not missing, as per cent up to 99."""
    x0, y0, x1, y1 = missing_px
    return min(int(100 * (1 - (x1 - x0) * (y1 - y0) / (size[0] * size[1]))), 99)


def _end_before_zeros(data: bytes) -> int | None:
    """Gives where the compressed data of a JPEG end if zeros were written over the rest, or over a piece; else None."""
    found = read_segments(data)
    if found.first_scan is None:
        return None
    if found.end is None and data.endswith(_ZEROS):
        return len(data.rstrip(b"\0"))
    if found.zeros_are_flat:
        return None
    start = data.find(_ZEROS, found.first_scan, found.end)
    return start if start >= 0 else None


def _load_part(data: bytes, is_jpeg: bool) -> tuple[Image.Image, int]:
    """Decodes the bytes that are there, and finds how far they go."""
    decode = _decode_jpeg if is_jpeg else _decode_png
    image = decode(data)
    if is_jpeg and not read_segments(data).is_complete:  # progressive: all is there, but coarse
        return image, 0
    return image, _whole_rows(image, data, decode)


def _whole_rows(image: Image.Image, data: bytes, decode: Callable[[bytes], Image.Image]) -> int:
    pixels = np.asarray(image)
    for last in _LAST_BYTES:
        try:
            earlier = np.asarray(decode(data[:-last]))
        except DECODING_ERRORS:  # nothing of a picture is left
            return 0
        differs = (pixels != earlier).reshape(len(pixels), -1).any(1)
        if differs.any():
            # colours of the row above are mixed with those below it
            return max(int(differs.argmax()) - 1, 0)
    return 0


def _decode_jpeg(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data + _JPEG_END), formats=["JPEG"])
    image.load()
    return image


def _decode_png(data: bytes) -> Image.Image:
    with _truncated_allowed():
        image = Image.open(io.BytesIO(data), formats=["PNG"])
        image.load()
    return image


@contextmanager
def _truncated_allowed() -> Iterator[None]:
    """Lets Pillow read cut-off files, which it only does for all threads together."""
    with _one_at_a_time:
        before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before
