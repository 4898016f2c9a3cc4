"""A part of a file, read as if it were all of it: a film behind a photo begins where its photo ends."""

from __future__ import annotations

import io
import os
from pathlib import Path

# First byte, and how many.
Span = tuple[int, int]


class Window(io.RawIOBase):
    """A read-only stream of some bytes of a file; it has no name, so nothing can be opened beside it.

    Args:
        path: The file.
        span: First byte and number of bytes; what lies beyond the end of the file is not there.
    """

    def __init__(self, path: str | Path, span: Span):
        super().__init__()
        self._start, self._length = span
        self._position = 0
        self._stream = open(path, "rb", buffering=0)  # noqa: SIM115, it stays open until `close`

    def readable(self) -> bool:
        """Tells that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tells that it can be searched."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves to a byte, counted from the start of the part; FFmpeg asks for none before it."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}[whence]
        if base + offset < 0:
            raise ValueError("before the start")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Reads what fits, up to the end of the part."""
        size = max(min(len(buffer), self._length - self._position), 0)
        self._stream.seek(self._start + self._position)
        read = self._stream.readinto(memoryview(buffer)[:size])
        self._position += read
        return read

    def close(self) -> None:
        """Closes the file."""
        if not self.closed:
            self._stream.close()
        super().close()
