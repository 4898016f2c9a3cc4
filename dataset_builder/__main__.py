"""Runs ``python -m dataset_builder``: folder in, data set of face crops out."""

from __future__ import annotations

import logging
import sys

from dataset_builder.options import parse_arguments

# What of requirements-train.txt the builder imports.
_TRAINING_PACKAGES = ("datasets", "imagehash", "pyarrow", "httpx2", "huggingface_hub", "yaml", "tqdm")


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    options = parse_arguments(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        # the packages of training are slow to import and may be missing; --help needs none of them
        from dataset_builder.command import run

        return run(options)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in _TRAINING_PACKAGES:
            raise
        sys.stderr.write(f"{error.name} is missing; install it with: pip install -r requirements-train.txt\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
