"""Finds the film that phones store behind a photo ("motion photo")."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

from PIL import Image

from detector.limits import MAX_FILM_STARTS
from detector.media.photos.decoding_errors import DECODING_ERRORS
from detector.media.videos.window import Span

# ISO/IEC 14496-12: what may follow the box that begins a file, and brands of still pictures and of sequences of them.
_SECOND_BOXES = (
    b"moov",
    b"mdat",
    b"free",
    b"skip",
    b"wide",
    b"uuid",
    b"moof",
    b"sidx",
    b"styp",
    b"pdin",
    b"udta",
    b"meta",
)
_PICTURE_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis", b"jxl ")
_MAX_FIRST_BOX_BYTES = 4096
# Motion Photo format 1.0, and Micro Video before it; no part can match the same letters twice.
_ITEM = re.compile(rb'<[^<>]*Semantic="MotionPhoto"[^<>]*>')
_ITEM_LENGTH = re.compile(rb'Length="(\d{1,12})"')
_MICRO_VIDEO = re.compile(rb'MicroVideoOffset(?:="|>)(\d{1,12})["<]')
_MAX_XMP_BYTES = 2_000_000
_WITH_XMP = ("JPEG", "HEIF")


def find_film(path: str | Path) -> Span | None:
    """Finds the film in a photo: where its XMP says, else the first that lies behind or in it; None where there is none.

    The second way finds those of Samsung and those in the ``mpvd`` box of a HEIC, too. The film is taken to reach to the end
    of the file: what follows it is no part that FFmpeg knows.

    Args:
        path: A photo.

    Raises:
        OSError: The file cannot be opened.
    """
    xmp = _xmp(path)
    with open(path, "rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        size = len(data)
        for length in _stated_lengths(xmp):
            if 0 < length < size and _is_film(data, size - length):
                return size - length, length
        place = 0
        for _ in range(MAX_FILM_STARTS):
            place = data.find(b"ftyp", place + 1)
            if place < 0:
                return None
            start = place - 4
            if start > 0 and _is_film(data, start):
                return start, size - start
    return None


def _xmp(path: str | Path) -> bytes:
    try:
        with Image.open(path, formats=_WITH_XMP) as image:
            xmp = image.info.get("xmp", b"")
    except (Image.DecompressionBombError, *DECODING_ERRORS):
        return b""
    return xmp[:_MAX_XMP_BYTES] if isinstance(xmp, bytes) else b""


def _stated_lengths(xmp: bytes) -> list[int]:
    items = (_ITEM_LENGTH.search(found[0]) for found in _ITEM.finditer(xmp))
    return [int(found[1]) for found in (*items, _MICRO_VIDEO.search(xmp)) if found]


def _is_film(data: mmap.mmap, start: int) -> bool:
    """Tells whether an MP4 or MOV begins here."""
    header = data[start : start + 12]
    if len(header) < 12 or header[4:8] != b"ftyp" or header[8:12] in _PICTURE_BRANDS:
        return False
    length = int.from_bytes(header[:4], "big")
    following = data[start + length + 4 : start + length + 8]
    return 16 <= length <= _MAX_FIRST_BOX_BYTES and following in _SECOND_BOXES
