"""The mark that makes a photo or a film half of a Live Photo of Apple's, whose halves are two files."""

from __future__ import annotations

import struct
from pathlib import Path

from PIL import ExifTags, Image

from detector.media.photos.decoding_errors import DECODING_ERRORS
from detector.messages import Message

# Of the film, as FFmpeg names it.
APPLE_IDENTIFIER = "com.apple.quicktime.content.identifier"
HALF_OF_STILL = Message(
    "The photo is half of a Live Photo; the other half is a film in a file of its own, which has to be checked as well."
)
HALF_OF_FILM = Message(
    "The film is half of a Live Photo; the other half is a photo in a file of its own, which has to be checked as well."
)
HALVES = (HALF_OF_STILL, HALF_OF_FILM)

_MAKER_NOTE = 0x927C
_APPLE = b"Apple iOS\0"
_APPLE_HEADER_BYTES = 14
_CONTENT_IDENTIFIER = 0x0011
_ASCII = 2
_MAX_IDENTIFIER_BYTES = 64


def live_photo_identifier(path: str | Path) -> str:
    """Reads what a still of Apple's shares with the film of the same Live Photo: tag 0x0011 of Apple's MakerNote.

    Returns:
        The identifier; empty where the file has none that can be read.
    """
    try:
        with Image.open(path, formats=("JPEG", "HEIF")) as image:
            note = image.getexif().get_ifd(ExifTags.IFD.Exif).get(_MAKER_NOTE)
    except (Image.DecompressionBombError, *DECODING_ERRORS):
        return ""
    return _identifier(note) if isinstance(note, bytes) else ""


def other_half(name: str) -> Message:
    """Says which file is the other half, where both were checked."""
    return Message("The file is half of a Live Photo; the other half, {name}, was checked as well.", {"name": name})


def _identifier(note: bytes) -> str:
    """Reads the tag off a MakerNote, whose offsets count from its start."""
    if not note.startswith(_APPLE):
        return ""
    try:
        order = {b"MM": ">", b"II": "<"}[note[12:14]]
        (entries,) = struct.unpack_from(f"{order}H", note, _APPLE_HEADER_BYTES)
        for number in range(entries):
            tag, kind, count, place = struct.unpack_from(f"{order}HHII", note, _APPLE_HEADER_BYTES + 2 + 12 * number)
            if tag == _CONTENT_IDENTIFIER and kind == _ASCII and 4 < count <= _MAX_IDENTIFIER_BYTES:
                text = note[place : place + count].rstrip(b"\0").decode("ascii")
                return text if text.isprintable() else ""
    except (LookupError, struct.error, UnicodeDecodeError):
        pass
    return ""
