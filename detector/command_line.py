"""What the commands of all rooms share: how they say what went wrong, and how they stop."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

STOPPED = 130  # as a shell gives it for a process that Ctrl-C ended

_OWN_PACKAGES = ("training", "dataset_builder", "detector")

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


def report_missing_package(error: ModuleNotFoundError, requirements: str, needed_by: str = "This command") -> int:
    """Writes one sentence about a package that is not installed, and gives the exit code, 2.

    Args:
        error: Names the package.
        requirements: The file that names it, such as ``requirements-train.txt``.
        needed_by: What needs it, at the beginning of the sentence.

    Raises:
        ModuleNotFoundError: It is a package of ours that is missing.
    """
    if error.name is None or error.name.split(".")[0] in _OWN_PACKAGES:
        raise error
    sys.stderr.write(
        f"{needed_by} needs the package {error.name}; install all that it needs with pip install -r {requirements}.\n"
    )
    return 2
