"""Which files a command was given: the files themselves, and those in folders."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path


def list_files(paths: Iterable[Path], left_out: Iterable[Path] = ()) -> list[Path]:
    """Lists the files, and those in the folders in sorted order, each once.

    A path that does not exist, or a folder that cannot be listed, stays in the list, so that it is reported.

    Args:
        paths: Files and folders.
        left_out: What the command itself writes, files or folders; not taken from a folder.
    """
    own = [real(path) for path in left_out]
    found: dict[Path, Path] = {}
    for path in paths:
        files = [path]
        if path.is_dir():
            below = _files_below(path)
            files = [file for file in below if not is_in(file, own)]
        for file in files:
            found.setdefault(Path(os.path.abspath(file)), file)
    return list(found.values())


def real(path: Path) -> Path:
    """Gives a path without links; unlike `Path.resolve`, of links in a circle too."""
    return Path(os.path.realpath(path))


def is_in(path: Path, places: Collection[Path]) -> bool:
    """Tells whether a path is one of some places, or lies below one; those are given as `real` gives them."""
    return bool(places) and any(map(real(path).is_relative_to, places))


def _files_below(folder: Path) -> list[Path]:
    found: list[Path] = []

    def add_unlisted(error: OSError) -> None:
        found.append(Path(error.filename))

    for parent, folders, names in os.walk(folder, onerror=add_unlisted):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found.extend(Path(parent, name) for name in names if not name.startswith("."))
    return sorted(found)
