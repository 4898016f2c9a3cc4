"""What holds of photos and videos alike: the facts about a file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

from detector.errors import MediaError
from detector.limits import MAX_ASPECT_RATIO, MAX_FILE_BYTES, MAX_VIDEO_PIXELS
from detector.messages import Message, counted


def file_sha256(path: str | Path) -> str:
    """Computes the SHA-256 of a file, in hex."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


_STRIP = {
    "photo": Message(
        "The photo is a strip of {width} x {height} pixels; "
        "please cut out a part whose long side is at most {times} times the short one."
    ),
    "video": Message(
        "The video is a strip of {width} x {height} pixels; "
        "please cut out a part whose long side is at most {times} times the short one."
    ),
}


def check_size(path: Path, max_bytes: int | None = MAX_FILE_BYTES) -> int:
    """Gives the size of a file in bytes; without a limit where `max_bytes` is None.

    Raises:
        MediaError: It is empty or too large.
    """
    size = path.stat().st_size
    if size == 0:
        raise MediaError("The file is empty (zero bytes); please send the file again.")
    if max_bytes is not None and size > max_bytes:
        raise too_large(max_bytes)
    return size


def too_large(max_bytes: int) -> MediaError:
    """Makes the error for a file that has more bytes than are taken."""
    return MediaError(
        "The file is larger than {megabytes} MB; please send a shorter clip or a smaller photo.",
        megabytes=max_bytes // 1024**2,
    )


def no_such_item(count: int, number: int) -> MediaError:
    """Makes the error for a number that none of the `count` photos and films of a file has."""
    return MediaError(
        counted(
            "The file holds {count} photo or film, and no number {number}; please leave the number out.",
            "The file holds {count} photos and films, and no number {number}; please choose one of them.",
            count,
            number=number,
        )
    )


def check_frame_size(width: int, height: int) -> None:
    """Refuses a film by the size of its frames; one that its header leaves open, 0, is for the decoder to refuse.

    Raises:
        MediaError: They are larger than is decoded, or mere strips.
    """
    if width * height > MAX_VIDEO_PIXELS:
        raise MediaError(
            "The video has {width} x {height} pixels a frame; please send a version up to 8K.",
            width=width,
            height=height,
        )
    if width and height:
        check_aspect_ratio("video", width, height)


def check_aspect_ratio(kind: Literal["photo", "video"], width: int, height: int) -> None:
    """Refuses a picture that is a mere strip.

    Raises:
        MediaError: One side is more than `MAX_ASPECT_RATIO` times the other.
    """
    if max(width, height) > MAX_ASPECT_RATIO * min(width, height):
        raise MediaError(_STRIP[kind], width=width, height=height, times=MAX_ASPECT_RATIO)
