"""What the commands of all rooms share: how they say what went wrong, and how they stop."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

STOPPED = 130  # as a shell gives it for a process that Ctrl-C ended

P = ParamSpec("P")


def error_line(error: Exception) -> str:
    """Says in one line what went wrong; for an error of the system what and where, without its number."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.strerror}: {error.filename}."
    return " ".join(str(error).split())


def stoppable(main: Callable[P, int]) -> Callable[P, int]:
    """Makes a command end with exit code 130 and one word after Ctrl-C, not with a traceback."""

    @wraps(main)
    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            return main(*args, **kwargs)
        except KeyboardInterrupt:
            sys.stderr.write("Stopped.\n")
            return STOPPED

    return run
