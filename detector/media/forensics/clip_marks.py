"""Marks that programs leave in a clip: who wrote its container and its pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import av

from detector.text import one_line

# camera: a phone or camera; editor: a program to cut and edit with; platform: a site that converts what is uploaded;
# converter: free software that converters, editors and platforms use inside
Maker = Literal["camera", "editor", "platform", "converter"]
MAX_MARKS = 12
_MAX_VALUE = 120
# Of the first packet: encoders write their name before the first picture.
_SEARCHED_BYTES = 2**16
_ENCODER_NAME = re.compile(rb"x264 - core \d{1,5}(?: r\d{1,6})?|x265 \(build \d{1,5}\)|SVT-AV1[ \w.-]{0,20}")
# Substrings of names and values, in lower case; the first that fits counts.
_MAKERS: tuple[tuple[Maker, tuple[str, ...]], ...] = (
    (
        "editor",
        (
            "premiere",
            "after effects",
            "adobe",
            "davinci",
            "blackmagic",
            "final cut",
            "capcut",
            "imovie",
            "vegas",
            "kdenlive",
            "shotcut",
            "filmora",
            "camtasia",
            "obs studio",
        ),
    ),
    ("platform", ("produced by google", "youtube", "facebook", "twitter", "tiktok", "instagram", "vimeo")),
    (
        "camera",
        (
            "com.apple.quicktime.make",
            "com.apple.quicktime.model",
            "com.apple.quicktime.software",
            "core media",
            "com.android",
            "gopro",
            "dji",
            "canon",
            "nikon",
            "samsung",
            "xavc",
            "panasonic",
        ),
    ),
    (
        "converter",
        ("lavf", "lavc", "x264", "x265", "libx26", "svt-av1", "libaom", "libvpx", "handbrake", "gpac", "mp4box"),
    ),
)
_CREATION = "creation_time"
_APPLE_CREATION = "com.apple.quicktime.creationdate"


@dataclass(frozen=True)
class Mark:
    """A mark that was recognised.

    Attributes:
        maker: What kind of maker leaves it.
        value: One printable line of the file.
    """

    maker: Maker
    value: str


def read_marks(container: av.container.InputContainer, stream: av.VideoStream, start: bytes) -> tuple[Mark, ...]:
    """Recognises marks in the tags of a file and in the first bytes of its pictures; each once, at most `MAX_MARKS`.

    Args:
        container: The file, open.
        stream: The track of its pictures.
        start: The first packet of the track.
    """
    marks = dict.fromkeys(mark for text in _texts(container, stream, start) if (mark := _mark(text)))
    return tuple(marks)[:MAX_MARKS]


def creation_times(container: av.container.InputContainer) -> tuple[str, ...]:
    """Gives what the file says of when it was made, each value once, at most `MAX_MARKS`."""
    values = []
    for tags in (container.metadata, *(stream.metadata for stream in container.streams)):
        values += [value for name, value in tags.items() if name.lower() in (_CREATION, _APPLE_CREATION)]
    return tuple(dict.fromkeys(line for value in values if (line := one_line(value, _MAX_VALUE))))[:MAX_MARKS]


def _texts(container: av.container.InputContainer, stream: av.VideoStream, start: bytes) -> Iterator[str]:
    for data in (stream.codec_context.extradata or b"", start):
        for found in _ENCODER_NAME.findall(data[:_SEARCHED_BYTES]):
            yield found.decode("ascii")
    for tags in _all_tags(container):
        for name, value in tags:
            yield f"{name}: {value}"


def _all_tags(container: av.container.InputContainer) -> Iterator[Iterable[tuple[str, str]]]:
    yield container.metadata.items()
    for stream in container.streams:
        yield stream.metadata.items()


def _mark(text: str) -> Mark | None:
    line = one_line(text, _MAX_VALUE)
    for maker, names in _MAKERS:
        if any(name in line.lower() for name in names):
            return Mark(maker, line)
    return None
