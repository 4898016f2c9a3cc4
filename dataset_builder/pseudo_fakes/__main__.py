"""Runs ``python -m dataset_builder.pseudo_fakes``: real faces in, a folder of pseudo-fakes with their masks out."""

from __future__ import annotations

import sys

from detector.command_line import report_missing_package


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    try:
        # not at the top: it loads packages of training, which may be missing
        from dataset_builder.pseudo_fakes import command
    except ModuleNotFoundError as error:
        return report_missing_package(error, "requirements-train.txt")
    return command.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
