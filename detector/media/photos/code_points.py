"""Finds where a photo states its primaries and transfer by code points of ITU-T H.273, which Pillow passes over."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from detector.limits import MAX_METADATA_BYTES

_PNG_HEADER_BYTES = 8
_ICC_HEADER_BYTES = 128
_MAX_ICC_TAGS = 100


class CodePoints(NamedTuple):
    """Colour primaries and transfer characteristics, as in ITU-T H.273."""

    primaries: int
    transfer: int


def stated_in_png(path: Path) -> tuple[CodePoints | None, int]:
    """Reads the chunk cICP of a PNG, and the bits of each channel."""
    points, depth = None, 8
    with open(path, "rb") as stream:
        stream.seek(_PNG_HEADER_BYTES)
        read = 0
        while read < MAX_METADATA_BYTES and len(head := stream.read(8)) == 8:
            length, name = struct.unpack(">I4s", head)
            if name in (b"IDAT", b"IEND"):
                break
            start = stream.read(min(length, 16))
            if name == b"cICP" and len(start) == 4:
                points = CodePoints(start[0], start[1])
            if name == b"IHDR" and len(start) > 8:
                depth = start[8]
            stream.seek(length - len(start) + 4, 1)
            read += 12 + length
    return points, depth


def stated_in_boxes(path: Path) -> CodePoints | None:
    """Reads the property colr, of type nclx, of the main picture of a HEIC or AVIF: ISO/IEC 23008-12 and 14496-12."""
    try:
        with open(path, "rb") as stream:
            meta = _meta_box(stream)
        properties, owned = [], dict[int, list[int]]()
        main = -1
        for name, body in _boxes(meta[4:]):
            if name == b"pitm":
                main = struct.unpack(">I" if body[0] else ">H", body[4:8] if body[0] else body[4:6])[0]
            elif name == b"iprp":
                for part, inner in _boxes(body):
                    if part == b"ipco":
                        properties = list(_boxes(inner))
                    elif part == b"ipma":
                        owned.update(_associations(inner))
        for index in owned.get(main, ()):
            name, body = properties[index - 1] if 0 < index <= len(properties) else (b"", b"")
            if name == b"colr" and body[:4] == b"nclx":
                return CodePoints(*struct.unpack(">HH", body[4:8]))
    except (struct.error, IndexError):  # damaged; whether the picture is, its decoder tells
        pass
    return None


def stated_in_profile(profile: bytes) -> CodePoints | None:
    """Reads the tag cicp of an ICC profile, which HDR has since version 4.4: ICC.1:2022, 9.2.17."""
    count = int.from_bytes(profile[_ICC_HEADER_BYTES : _ICC_HEADER_BYTES + 4], "big")
    for number in range(min(count, _MAX_ICC_TAGS)):
        entry = profile[_ICC_HEADER_BYTES + 4 + 12 * number :][:12]
        if entry[:4] == b"cicp" and len(entry) == 12:
            tag = profile[int.from_bytes(entry[4:8], "big") :][:12]
            return CodePoints(tag[8], tag[9]) if len(tag) == 12 else None
    return None


def _meta_box(stream: BinaryIO) -> bytes:
    """Gives the body of the box meta, which is one of the first of the file."""
    for _ in range(10):
        head = stream.read(8)
        if len(head) < 8:
            break
        size, name = struct.unpack(">I4s", head)
        if size < 8:  # a large box, or one to the end of the file: never before meta
            break
        if name == b"meta":
            return stream.read(min(size - 8, MAX_METADATA_BYTES))
        stream.seek(size - 8, 1)
    return b""


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Gives the name and the body of each box."""
    offset = 0
    while offset + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, offset)
        if size < 8:
            return
        yield name, data[offset + 8 : offset + size]
        offset += size


def _associations(body: bytes) -> dict[int, list[int]]:
    """Reads which properties, counted from 1, each item has."""
    version, is_wide = body[0], body[3] & 1
    offset, owned = 8, {}
    for _ in range(int.from_bytes(body[4:8], "big")):
        item, count = struct.unpack_from(">IB" if version else ">HB", body, offset)
        offset += 5 if version else 3
        indices = struct.unpack_from(f">{count}{'H' if is_wide else 'B'}", body, offset)
        offset += count * (2 if is_wide else 1)
        owned[item] = [index & (0x7FFF if is_wide else 0x7F) for index in indices]
    return owned
