"""The command line of train.py, made of the groups of its options."""

from __future__ import annotations

import argparse
from copy import copy
from dataclasses import Field
from typing import Any

from transformers import HfArgumentParser

from training.options import GROUPS, Options, flag


class _HelpFormatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Leaves the examples as they are, and shows every default."""


class _OptionParser(HfArgumentParser):
    """Hides our own metadata of a field from argparse, which would take all of it for arguments."""

    @staticmethod
    def _parse_dataclass_field(parser: argparse.ArgumentParser, field: Field[Any]) -> None:
        plain = copy(field)  # the parser also replaces the type
        aliases = [flag(name) for name in field.metadata["aliases"]]
        plain.metadata = {"help": field.metadata["help"], "aliases": aliases}  # type: ignore[assignment]
        HfArgumentParser._parse_dataclass_field(parser, plain)


def parse_options(arguments: list[str] | None, description: str | None) -> Options:
    """Reads the options from the command line; ends the process after ``--help``, or where a flag is unknown.

    Args:
        arguments: Words of the command line; None takes those of the process.
        description: Text above the options in the help.

    Raises:
        ValueError: A value makes no sense, or two do not fit together; one sentence.
    """
    # the parser declares a type that no class has
    parser = _OptionParser(GROUPS, prog="train.py", formatter_class=_HelpFormatter, description=description)  # type: ignore[arg-type]
    return Options(*parser.parse_args_into_dataclasses(arguments))
