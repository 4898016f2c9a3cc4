"""What goes between the server and the process that reads untrusted media: plain data of types that are expected, never code.

A message is the length of its head (8 bytes), the head as JSON, and the bytes of its pictures one after the other.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import IO, Any, Protocol, get_origin

import msgspec
import numpy as np

from detector.errors import MediaError, NotAVideoError
from detector.limits import MAX_IMAGE_PIXELS, MAX_MESSAGE_HEAD_BYTES, MAX_VIDEO_PIXELS
from detector.messages import Message

_LENGTH_BYTES = 8
_MAX_PICTURE_BYTES = 3 * max(MAX_IMAGE_PIXELS, MAX_VIDEO_PIXELS)
_ERRORS: dict[str, Callable[..., Exception]] = {
    error.__name__: error for error in (MediaError, NotAVideoError, OSError, ValueError, MemoryError)
}


class Source(Protocol):
    """A binary stream that is read from."""

    def read(self, size: int, /) -> bytes: ...

    def readinto(self, buffer: memoryview, /) -> int: ...


class MessageError(Exception):
    """What came is no message of the expected kind, or it ends early."""


def write(stream: IO[bytes], message: Any) -> None:
    """Sends builtins, dataclasses, paths and uint8 arrays."""
    pictures: list[np.ndarray] = []

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray) and value.dtype == np.uint8:
            pictures.append(np.ascontiguousarray(value))
            return len(pictures) - 1
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, PurePath):
            return os.fspath(value)
        raise TypeError(f"a {type(value).__name__} cannot be sent")

    content = msgspec.to_builtins(message, enc_hook=plain)
    # not msgspec's own JSON: names of files may hold bytes that are no UTF-8, which only the escapes of this one keep
    head = json.dumps([content, [picture.shape for picture in pictures]]).encode("ascii")
    stream.write(len(head).to_bytes(_LENGTH_BYTES, "big") + head)
    for picture in pictures:
        stream.write(picture.data)
    stream.flush()


def read(stream: Source) -> tuple[Any, list[np.ndarray]]:
    """Reads a message: its content as builtins, and its pictures, which the content names by their numbers.

    Raises:
        EOFError: The other side is gone, and no message was begun.
        MessageError: What came is none.
    """
    length = stream.read(_LENGTH_BYTES)
    if not length:
        raise EOFError
    size = int.from_bytes(length, "big")
    if size > MAX_MESSAGE_HEAD_BYTES:
        raise MessageError(f"a head of {size} bytes")
    head = stream.read(size)
    if len(length) < _LENGTH_BYTES or len(head) < size:
        raise MessageError("it ends early")
    try:
        content, shapes = msgspec.convert(json.loads(head), tuple[Any, list[list[int]]])
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise MessageError("no such head") from error
    if sum(math.prod(shape) for shape in shapes) > _MAX_PICTURE_BYTES or any(
        min(shape, default=0) < 1 for shape in shapes
    ):
        raise MessageError(f"pictures of {shapes}")
    return content, [_read_picture(stream, shape) for shape in shapes]


def _read_picture(stream: Source, shape: list[int]) -> np.ndarray:
    picture = np.empty(shape, np.uint8)
    if stream.readinto(picture.data.cast("B")) < picture.size:
        raise MessageError("it ends early")
    return picture


def write_answer(stream: IO[bytes], value: Any) -> None:
    """Sends an answer with the name of its type."""
    write(stream, ["value", type(value).__name__, value])


def write_end(stream: IO[bytes]) -> None:
    """Says that there are no more answers."""
    write(stream, ["end", "", None])


def write_error(stream: IO[bytes], error: Exception) -> None:
    """Sends one of the errors that jobs tell of, by the nearest type that the other side knows."""
    name = next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _ERRORS)
    if isinstance(error, MediaError):
        details: list[Any] = [error.message]
    else:
        details = [error.errno, error.strerror] if isinstance(error, OSError) else [str(error)]
    write(stream, ["error", name, details])


def read_answer(stream: Source, expected: Sequence[Any]) -> tuple[str, Any]:
    """Reads what `write_answer`, `write_end` or `write_error` sent: ``value``, ``end`` or ``error``, and the value or the error.

    Args:
        stream: Of the process that reads untrusted media, which may have been taken over.
        expected: Types of answers; no two of one name.

    Raises:
        EOFError: The other side is gone.
        MessageError: What came is none of these.
    """
    content, pictures = read(stream)

    def picture(kind: type, number: Any) -> Any:
        if kind is not np.ndarray:
            raise MessageError(f"a {kind.__name__}")
        return pictures[number]

    try:
        kind, name, value = msgspec.convert(content, tuple[str, str, Any])
        if kind == "value":
            found = next(one for one in expected if (get_origin(one) or one).__name__ == name)
            return kind, msgspec.convert(value, found, dec_hook=picture)
        if kind == "error":
            return kind, _ERRORS[name](*msgspec.convert(value, list[Message | int | str | None]))
    except (msgspec.ValidationError, StopIteration, LookupError, TypeError) as error:
        raise MessageError("none of the expected answers") from error
    if kind != "end":
        raise MessageError("none of the expected kinds")
    return kind, None
