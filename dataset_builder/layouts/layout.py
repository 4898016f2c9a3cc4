"""Describes one folder layout: its option, its adapter, and what the card says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dataset_builder.sources import SourceOptions, SourceSet


@dataclass(frozen=True)
class Layout:
    """A folder layout that the builder can read.

    Attributes:
        name: The name of the layout and, where it has only one, of its configuration.
        option: The command-line option that takes the folder.
        help: What the folder holds, for ``--help``.
        find: Lists the photos and videos of a folder.
        title: What the card calls the data.
        licence: The licence's name on the card.
        link: Where the terms can be read.
        manipulations: The fakes that a folder may hold, in the order of the ``manipulation`` column.
        aliases: Other spellings of the option.
        may_be_public: Whether the terms allow passing frames on.
    """

    name: str
    option: str
    help: str
    find: Callable[[SourceOptions], SourceSet]
    title: str
    licence: str
    link: str
    manipulations: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    may_be_public: bool = True

    @property
    def attribute(self) -> str:
        """Names the option as an attribute of the parsed arguments."""
        return self.option.removeprefix("--").replace("-", "_")
