"""What a file says of its own origin: EXIF, container metadata and content credentials. All of it can be forged."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import av
from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.TiffImagePlugin import IFDRational

from detector.facts import Entry, Provenance
from detector.media.credentials import read_credentials
from detector.media.photos.decoding_errors import DECODING_ERRORS
from detector.media.photos.images import IMAGE_FORMATS
from detector.media.videos.container import open_container
from detector.text import one_line

logger = logging.getLogger(__name__)

MAX_ENTRIES = 120  # of EXIF, and of the container
MAX_NAME = 60
MAX_VALUE = 300

# What Pillow raises on metadata that breaks its own rules.
_BAD_METADATA = (*DECODING_ERRORS, AttributeError, Image.DecompressionBombError)
_EXIF, _GPS = ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo
_XMP_TAG = 700  # a TIFF keeps XMP among its tags
# Where other parts of the file lie.
_STRUCTURE_TAGS = (
    _EXIF,
    _GPS,
    ExifTags.IFD.Interop,
    _XMP_TAG,
    ExifTags.Base.StripOffsets,
    ExifTags.Base.StripByteCounts,
    ExifTags.Base.TileOffsets,
    ExifTags.Base.TileByteCounts,
)
_WINDOWS_TEXT_TAGS = range(0x9C9B, 0x9CA0)
# Who made a picture and how, of the hundreds of properties that XMP knows; as attribute or as element.
_XMP_PROPERTIES = ("CreatorTool", "DigitalSourceType", "Credit", "Source", "AIPromptInformation", "AISystemUsed")
# No two parts of it can match the same letters, so it takes no longer than the text is long.
_XMP = re.compile(rf'({"|".join(_XMP_PROPERTIES)})(?:\s*=\s*"([^"<]{{1,2000}})"|>\s*([^<>\s][^<>]{{0,1999}})<)')
_MAX_XMP_BYTES = 2_000_000


def read_provenance(path: str | Path) -> Provenance:
    """Reads the metadata of a photo or video. Metadata that is broken is left out.

    Raises:
        OSError: The file cannot be opened.
    """
    credentials = read_credentials(path)
    try:
        with Image.open(path, formats=IMAGE_FORMATS) as image:
            # EXIF first: of a PNG that reads all of the file, and text may stand at its end
            return Provenance(_bounded(_exif(image)), _bounded(_picture(image)), credentials)
    except UnidentifiedImageError:
        return Provenance((), _bounded(_video(path)), credentials)
    except _BAD_METADATA as error:
        logger.info("metadata of %s: %s", path, error)
        return Provenance((), (), credentials)


def _bounded(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Keeps the entries up to the first that cannot be read, each cut to one line, the empty left out."""
    kept: list[Entry] = []
    try:
        for name, value in entries:
            line = one_line(value, MAX_VALUE)
            if not line:
                continue
            if len(kept) == MAX_ENTRIES:
                kept.append(("More entries", "left out"))
                break
            kept.append((one_line(name, MAX_NAME), line))
    except _BAD_METADATA as error:
        logger.info("metadata ends early: %s", error)
    return tuple(kept)


def _exif(image: Image.Image) -> Iterator[Entry]:
    exif = image.getexif()
    gps = exif.get_ifd(_GPS)
    if position := _position(gps):
        yield "GPS position", position
    for tags, names, unknown in (
        (exif, ExifTags.TAGS, "Tag"),
        (exif.get_ifd(_EXIF), ExifTags.TAGS, "Tag"),
        (gps, ExifTags.GPSTAGS, "GPS tag"),
    ):
        # those with a name first, so that a flood of others cannot push them out
        for tag in sorted(tags, key=lambda tag: (tag not in names, tag)):
            if tag not in _STRUCTURE_TAGS:
                yield names.get(tag, f"{unknown} {tag}"), _exif_text(tag, tags[tag])


def _exif_text(tag: int, value: object) -> str:
    """Puts a value into words; empty where it is binary."""
    if tag in _WINDOWS_TEXT_TAGS and isinstance(value, bytes | tuple):
        return bytes(value).decode("utf-16-le", "replace").rstrip("\0")
    if isinstance(value, bytes):
        text = value.removeprefix(b"ASCII\0\0\0").strip(b"\0 ").decode("ascii", "replace")
        return text if text.isprintable() and "\ufffd" not in text else ""
    if isinstance(value, tuple):
        return ", ".join(_exif_text(tag, part) for part in value[:32])
    if isinstance(value, IFDRational | float):
        number = _number(value)
        return "" if number is None else f"{number:.6g}"
    return str(value).rstrip("\0") if isinstance(value, str | int) else ""


def _position(gps: Mapping[int, Any]) -> str:
    """Degrees north and east; empty where they are not stated, or cannot be."""
    degrees = []
    for tag, limit, negative in ((ExifTags.GPS.GPSLatitude, 90, "S"), (ExifTags.GPS.GPSLongitude, 180, "W")):
        parts = gps.get(tag)
        if not isinstance(parts, tuple) or len(parts) != 3:
            return ""
        numbers = [_number(part) for part in parts]
        if None in numbers:
            return ""
        value = sum(number / 60**place for place, number in enumerate(numbers))
        if not 0 <= value <= limit:
            return ""
        degrees.append(-value if str(gps.get(tag - 1, "")).strip("\0 ").upper() == negative else value)
    return f"{degrees[0]:.6f}, {degrees[1]:.6f} (degrees north, east)"


def _number(value: Any) -> float | None:
    """Reads a number; None for the division by zero that some cameras write for "unknown"."""
    try:
        number = float(value)
    except (ArithmeticError, TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _picture(image: Image.Image) -> Iterator[Entry]:
    yield "Format", f"{image.format_description or image.format}, mode {image.mode}"
    if image.info.get("progressive") or image.info.get("progression"):
        yield "Progressive", "yes"
    xmp = image.info.get("xmp") or image.getexif().get(_XMP_TAG) or b""
    # programs write what they were told into text chunks of PNG and comments of JPEG and GIF
    texts = dict(getattr(image, "text", {})) if image.format == "PNG" else {"comment": image.info.get("comment", b"")}
    xmp = xmp or texts.pop("XML:com.adobe.xmp", b"")
    for name, value in texts.items():
        yield f"Text: {name}", value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    text = xmp.decode("utf-8", "replace") if isinstance(xmp, bytes) else str(xmp)
    for name, attribute, element in dict.fromkeys(_XMP.findall(text[:_MAX_XMP_BYTES])):
        yield f"XMP: {name}", attribute or element


def _video(path: str | Path) -> Iterator[Entry]:
    try:
        container = open_container(path)
    except av.FFmpegError as error:
        logger.info("no container: %s", error)
        return
    with container:
        yield "Container", container.format.long_name
        if container.bit_rate:
            yield "Bit rate", _kilobits(container.bit_rate)
        yield from ((f"Tag: {name}", value) for name, value in container.metadata.items())
        for stream in container.streams:
            title = f"Stream {stream.index} ({stream.type})"
            yield title, ", ".join(_stream_facts(stream)) or "not known"
            yield from ((f"{title}: {name}", value) for name, value in stream.metadata.items() if value != "und")


def _stream_facts(stream: av.stream.Stream) -> Iterator[str]:
    context = stream.codec_context
    if context is None:
        return
    yield context.codec.long_name
    if context.profile:
        yield f"profile {context.profile}"
    if isinstance(context, av.VideoCodecContext):
        yield f"{context.width} x {context.height} px"
        if context.pix_fmt:
            yield context.pix_fmt
        if stream.average_rate:
            yield f"{float(stream.average_rate):.5g} frames/s"
    elif isinstance(context, av.AudioCodecContext):
        yield f"{context.sample_rate} Hz, {context.layout.name}"
    if context.bit_rate:
        yield _kilobits(context.bit_rate)


def _kilobits(bits: int) -> str:
    return f"{bits / 1000:,.0f} kbit/s"
