"""Reads a saved case in the process that reads untrusted files: a ZIP or a ``case.json`` from anyone."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec
import numpy as np
from PIL import Image

from detector.errors import MediaError
from detector.limits import (
    MAX_CASE_DIRECTORY_BYTES,
    MAX_CASE_JSON_BYTES,
    MAX_CASE_PICTURE_BYTES,
    MAX_CASE_PICTURE_SIDE_PX,
    MAX_FRAMES,
)
from detector.media.photos.decoding_errors import DECODING_ERRORS
from detector.messages import Message
from detector.report.case.archive import HASHES

FORMAT, VERSION = "face-check-case", 1
CASE_JSON = "case.json"
DAMAGED = Message("The saved case is damaged or is none; please save it again, or check the file itself.")
CHANGED = Message("The saved case was changed after it was saved: its parts no longer have the hashes that it lists.")
TOO_LARGE = Message("The saved case is larger than any that this software writes; please check the file itself.")
_NEWER = Message("The case was saved by another version of this software, which is needed to open it.")
_CHUNK_BYTES = 64 * 1024
_START_BYTES, _END_BYTES = 256, 64 * 1024  # of a file, to tell a case from others
_ZIP_START = b"PK\x03\x04"
# What `zipfile` and zlib raise on damaged archives.
_ARCHIVE_ERRORS = (zipfile.BadZipFile, zipfile.LargeZipFile, *DECODING_ERRORS)


@dataclass(frozen=True)
class CaseContent:
    """The bytes of ``case.json``, ``(N,)`` uint8."""

    json: np.ndarray


@dataclass(frozen=True)
class CasePicture:
    """The picture of a frame of a case, by its place among the frames; ``(H, W, 3)`` uint8 RGB."""

    number: int
    image: np.ndarray


@dataclass(frozen=True)
class _Frame:
    """What is needed of a frame to read its picture; see `detector.report.case.stored.StoredFrame`."""

    width_px: int
    height_px: int
    picture: str


@dataclass(frozen=True)
class _Outline:
    """What is needed of a case to read its pictures; the server reads all else, with types that load slowly."""

    format: str
    version: int
    frames: tuple[_Frame, ...] = ()


class _BoundedFile(io.RawIOBase):
    """A file of which no more than so much is read at once: `zipfile` reads the list of members whole, however long."""

    def __init__(self, stream: IO[bytes]):
        self._stream = stream

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def read(self, size: int | None = -1) -> bytes:
        wanted = MAX_CASE_DIRECTORY_BYTES + 1 if size is None or size < 0 else size
        data = self._stream.read(min(wanted, MAX_CASE_DIRECTORY_BYTES + 1))
        if len(data) > MAX_CASE_DIRECTORY_BYTES:
            raise MediaError(TOO_LARGE)
        return data


def read_case(path: str) -> Iterator[CaseContent | CasePicture]:
    """Reads a case: what it says, then its pictures, as far as they are in it.

    Raises:
        MediaError: It is no case, or damaged, or larger than any that is written.
        OSError: It cannot be opened.
    """
    with open(path, "rb") as stream:
        if stream.read(len(_ZIP_START)) != _ZIP_START:
            stream.seek(0)
            content = _read(stream, MAX_CASE_JSON_BYTES)
            _outline(content)
            yield _sent(content)
            return
        try:
            with zipfile.ZipFile(_BoundedFile(stream)) as archive:
                yield from _read_archive(archive)
        except MediaError:
            raise
        except _ARCHIVE_ERRORS as error:
            raise MediaError(DAMAGED) from error


def _read_archive(archive: zipfile.ZipFile) -> Iterator[CaseContent | CasePicture]:
    members = {info.filename: info for info in archive.infolist()}
    # a case that was unpacked and packed again may lie in a folder
    place = min((name for name in members if PurePosixPath(name).name == CASE_JSON), key=len, default=None)
    if place is None:
        raise MediaError(DAMAGED)
    folder = place.removesuffix(CASE_JSON)
    hashes = _hashes(_member(archive, members, folder + HASHES, MAX_CASE_DIRECTORY_BYTES))
    content = _checked(archive, members, folder, CASE_JSON, MAX_CASE_JSON_BYTES, hashes)
    case = _outline(content)
    yield _sent(content)
    if len(case.frames) > MAX_FRAMES:
        raise MediaError(TOO_LARGE)
    for number, frame in enumerate(case.frames):
        if folder + frame.picture in members:
            data = _checked(archive, members, folder, frame.picture, MAX_CASE_PICTURE_BYTES, hashes)
            yield CasePicture(number, _decoded(data, frame))


def _checked(
    archive: zipfile.ZipFile,
    members: dict[str, zipfile.ZipInfo],
    folder: str,
    name: str,
    most: int,
    hashes: dict[str, str],
) -> bytes:
    data = _member(archive, members, folder + name, most)
    if hashes.get(name) != hashlib.sha256(data).hexdigest():
        raise MediaError(CHANGED)
    return data


def _member(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], name: str, most: int) -> bytes:
    if name not in members:
        raise MediaError(DAMAGED)
    with archive.open(members[name]) as stream:
        return _read(stream, most)


def _read(stream: IO[bytes], most: int) -> bytes:
    """Reads to the end, however long the header says that it is."""
    parts, size = [], 0
    while part := stream.read(_CHUNK_BYTES):
        size += len(part)
        if size > most:
            raise MediaError(TOO_LARGE)
        parts.append(part)
    return b"".join(parts)


def _hashes(content: bytes) -> dict[str, str]:
    lines = (line.partition("  ") for line in content.decode("utf-8", "replace").splitlines())
    return {name: digest for digest, _, name in lines}


def _sent(content: bytes) -> CaseContent:
    return CaseContent(np.frombuffer(content, np.uint8))


def _outline(content: bytes) -> _Outline:
    try:
        outline = msgspec.json.decode(content, type=_Outline)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise MediaError(DAMAGED) from error
    if outline.format != FORMAT:
        raise MediaError(DAMAGED)
    if outline.version != VERSION:
        raise MediaError(_NEWER)
    return outline


def _decoded(data: bytes, frame: _Frame) -> np.ndarray:
    size = (frame.width_px, frame.height_px)
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
        if picture.size != size or max(size) > MAX_CASE_PICTURE_SIDE_PX:
            raise MediaError(DAMAGED)
        return np.asarray(picture.convert("RGB"))


def looks_like_case(path: str | Path) -> bool:
    """Tells a saved case from a photo or a clip by its first bytes, and where it was packed again by its last ones.

    It is only meant to tell which way a file goes: whether a case can be read, `detector.report.case.opening` finds out.
    """
    with open(path, "rb") as stream:
        start = stream.read(_START_BYTES)
        if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            return f'"{FORMAT}"'.encode() in start
        if not start.startswith(_ZIP_START):
            return False
        stream.seek(0, os.SEEK_END)
        stream.seek(max(stream.tell() - _END_BYTES, 0))
        end = stream.read(_END_BYTES)
    return CASE_JSON.encode() in start + end and HASHES.encode() in end
