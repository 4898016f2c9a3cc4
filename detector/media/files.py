"""What holds of photos and videos alike: the facts about a file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from detector.errors import MediaError
from detector.limits import MAX_ASPECT_RATIO, MAX_FILE_BYTES


def file_sha256(path: str | Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_size(path: Path, max_bytes: int | None = MAX_FILE_BYTES) -> int:
    """The size of a file in bytes; without a limit where `max_bytes` is None.

    Raises:
        MediaError: It is empty or too large.
    """
    size = path.stat().st_size
    if size == 0:
        raise MediaError("The file is empty (zero bytes); please send the file again.")
    if max_bytes is not None and size > max_bytes:
        raise MediaError(
            f"The file is larger than {max_bytes // 1024**2} MB; please send a shorter clip or a smaller photo."
        )
    return size


def check_aspect_ratio(kind: str, width: int, height: int) -> None:
    """Refuses a picture that is a mere strip.

    Raises:
        MediaError: One side is more than `MAX_ASPECT_RATIO` times the other.
    """
    if max(width, height) > MAX_ASPECT_RATIO * min(width, height):
        raise MediaError(
            f"The {kind} is a strip of {width} x {height} pixels; "
            f"please cut out a part whose long side is at most {MAX_ASPECT_RATIO} times the short one."
        )
