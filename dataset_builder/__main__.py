"""Runs ``python -m dataset_builder``: folder in, data set of face crops out."""

from __future__ import annotations

import sys

from dataset_builder.command.options import parse_arguments
from detector.command_line import STOPPED, report_missing_package


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code: 0 done, 2 refused or a package is missing, 130 stopped by Ctrl-C."""
    options = parse_arguments(arguments)
    try:
        # not at the top: it loads packages of training, which may be missing; --help needs none of them
        from dataset_builder.command.run import run

        return run(options)
    except ModuleNotFoundError as error:
        if options.address and error.name == "ray":
            return report_missing_package(error, "requirements-cluster.txt", needed_by="--address")
        return report_missing_package(error, "requirements-train.txt")
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; the same command goes on where it was.\n")
        return STOPPED


if __name__ == "__main__":
    sys.exit(main())
