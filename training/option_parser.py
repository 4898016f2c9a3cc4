"""The command line of train.py, made of the groups of its options."""

from __future__ import annotations

import argparse
import types
from dataclasses import MISSING, Field, fields
from typing import Any, Union, get_args, get_origin, get_type_hints

from training.options import GROUPS, Options, flag


class _HelpFormatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Leaves the examples as they are, and shows every default."""


def parse_options(arguments: list[str] | None, description: str | None) -> Options:
    """Reads the options from the command line; ends the process after ``--help``, or where a flag is unknown.

    Args:
        arguments: Words of the command line; None takes those of the process.
        description: Text above the options in the help.

    Raises:
        ValueError: A value makes no sense, or two do not fit together; one sentence.
    """
    # not that of transformers: the help is for those, too, who have not installed what training needs
    parser = argparse.ArgumentParser(prog="train.py", formatter_class=_HelpFormatter, description=description)
    for group in GROUPS:
        place = parser.add_argument_group(group._argument_group_name)
        types_of_fields = get_type_hints(group)
        for each in fields(group):
            _add_option(place, each, types_of_fields[each.name])
    values = vars(parser.parse_args(arguments))
    # mypy takes the groups for four of the same kind
    return Options(*(group(**{each.name: values[each.name] for each in fields(group)}) for group in GROUPS))  # type: ignore[arg-type]


def _add_option(place: argparse._ArgumentGroup, option: Field[Any], kind: Any) -> None:
    """Adds the flag of an option, with hyphens and with underscores, and those of its earlier names."""
    names = dict.fromkeys([flag(option.name), f"--{option.name}", *map(flag, option.metadata["aliases"])])
    arguments: dict[str, Any] = {"help": option.metadata["help"], "dest": option.name}
    if get_origin(kind) in (Union, types.UnionType):  # of a type and None
        kind = next(one for one in get_args(kind) if one is not type(None))
    if kind is bool:
        place.add_argument(*names, action="store_true", **arguments)
        return
    if get_origin(kind) is list:
        (kind,) = get_args(kind)
        arguments["nargs"] = "+"
    default = option.default if option.default_factory is MISSING else option.default_factory()
    arguments["required"] = default is MISSING
    place.add_argument(*names, type=kind, default=None if default is MISSING else default, **arguments)
