"""Work on a file that must end: what takes too long is left at its next report of progress."""

from __future__ import annotations

import time
from collections.abc import Callable

from detector.errors import MediaError
from detector.messages import Message

# Called with the share done, 0..1, and what is being done; what it raises stops the work.
Progress = Callable[[float, Message], None]


def report_to_nobody(share: float, doing: Message) -> None:
    """Takes progress that nobody asked for."""


class Deadline:
    """Seconds that some work may take, from now on."""

    def __init__(self, seconds: float):
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self._end

    def check(self) -> None:
        """Leaves the work once the time is up.

        Raises:
            MediaError: It is.
        """
        if self.is_over:
            raise MediaError(
                "This took longer than {minutes} minutes and was stopped; "
                "please send a shorter part of the video, or have fewer frames looked at.",
                minutes=round(self._seconds / 60),
            )
