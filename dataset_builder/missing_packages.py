"""Says which package is missing, where only those of the Space are installed."""

from __future__ import annotations

import sys

_OWN_PACKAGES = ("training", "dataset_builder", "detector")


def report_missing_package(error: ModuleNotFoundError, needed_by: str = "This command") -> int:
    """Writes one sentence about a package that is not installed, and gives the exit code.

    Args:
        error: Names the package.
        needed_by: What needs it, at the beginning of the sentence.

    Raises:
        ModuleNotFoundError: It is a package of ours that is missing.
    """
    if error.name is None or error.name.split(".")[0] in _OWN_PACKAGES:
        raise error
    sys.stderr.write(
        f"{needed_by} needs the package {error.name}; install all that it needs with "
        "pip install -r requirements-train.txt.\n"
    )
    return 2
