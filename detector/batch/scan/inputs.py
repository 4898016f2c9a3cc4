"""Finds the files of a scan: in folders, by patterns, and in manifests, which are tables with a column of addresses."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from detector.batch.files import is_in, list_files, real
from detector.batch.scan.addresses import (
    check_protocol,
    fingerprint,
    is_below,
    is_remote,
    is_web,
    local_path,
    open_file_system,
    public,
    store_errors,
)
from detector.batch.scan.rows import as_text
from detector.errors import CommandError

_MANIFESTS = (".csv", ".parquet")
_COLUMNS = ("url", "uri", "address", "path", "file")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to analyse.

    Attributes:
        address: Path or URL, as it is opened.
        fingerprint: See `addresses.fingerprint`; empty where listing did not tell.
        is_listed: Whether it stands in a manifest: then nobody has looked at the address yet.
    """

    address: str
    fingerprint: str = ""
    is_listed: bool = False

    @property
    def path(self) -> str:
        """How results name it: without credentials, and as text whatever bytes a file name holds."""
        return as_text(public(self.address))


def find_entries(inputs: Sequence[str], output: Sequence[str] = (), column: str = "") -> list[Entry]:
    """Lists the files of all inputs, each once, in the order of the inputs; folders and patterns in sorted order.

    Args:
        inputs: Files, folders, patterns with ``*``, and manifests that end in ``.csv`` or ``.parquet``; paths or URLs.
        output: What the scan itself writes; not taken from a folder.
        column: Of manifests, the column with the addresses; empty for the only one, or one that is called so.

    Raises:
        CommandError: An input is of no kind that is read, or has no file.
    """
    found: dict[str, Entry] = {}
    for address in inputs:
        check_protocol(address)
        entry = None
        for entry in _entries_of(address, output, column):
            found.setdefault(entry.path, entry)
        if entry is None:
            raise CommandError(f"There is no file at {public(address)}.")
    return list(found.values())


def _entries_of(address: str, output: Sequence[str], column: str) -> Iterable[Entry]:
    if address.lower().endswith(_MANIFESTS) and not _is_pattern(address):
        return _of_manifest(address, column)
    return _remote(address, output) if is_remote(address) else _local(local_path(address), output)


def _is_pattern(address: str) -> bool:
    return glob.has_magic(address) and not os.path.lexists(address)


def _local(path: str, output: Sequence[str]) -> Iterator[Entry]:
    own = [real(Path(local_path(place))) for place in output if not is_remote(place)]
    if _is_pattern(path):
        paths = [one for one in sorted(glob.glob(path, recursive=True)) if not is_in(Path(one), own)]
    else:
        paths = [path] * os.path.lexists(path)
    for file in list_files(map(Path, paths), own):
        # a worker may have another folder of its own
        yield Entry(os.path.abspath(file), local_fingerprint(file))


def local_fingerprint(path: str | Path) -> str:
    """Gives the fingerprint of a file on this machine; empty where it cannot be looked at."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # a list may hold what no path can be
        return ""
    return f"{status.st_size}:{status.st_mtime_ns}"


def _remote(address: str, output: Sequence[str]) -> Iterator[Entry]:
    if is_web(address):  # servers have no folders
        yield Entry(address)
        return
    file_system, path = open_file_system(address)
    start = address[: address.index("://") + 3]
    try:
        if _is_pattern(address):
            files = file_system.glob(path, detail=True)
        else:
            files = file_system.find(path, detail=True) or {path: file_system.info(path)}
    except store_errors() as error:
        raise CommandError(f"{public(address)} cannot be listed ({type(error).__name__}).") from error
    for name, facts in sorted(files.items()):
        whole = f"{start}{name}"
        is_own = any(is_below(whole, place) for place in output)
        if facts.get("type") == "file" and not is_own and not _is_hidden(name, path):
            yield Entry(whole, fingerprint(facts))


def _is_hidden(name: str, below: str) -> bool:
    return any(part.startswith(".") for part in PurePosixPath(name.removeprefix(below)).parts)


def _of_manifest(address: str, column: str) -> Iterator[Entry]:
    """Reads a manifest batch by batch; a relative path in it counts from the folder of the command, as any other."""
    try:
        for batch in _batches(address):
            place = _column(batch.schema.names, column, address)
            for value in batch.column(place).cast(pa.string()).to_pylist():
                if value and (text := value.strip()):
                    yield Entry(text if is_remote(text) else os.path.abspath(local_path(text)), is_listed=True)
    except (*store_errors(), pa.ArrowException) as error:
        # without the text of the error, which may hold a signed address
        raise CommandError(
            f"The manifest {public(address)} cannot be read ({type(error).__name__}); a CSV must be saved as UTF-8, with "
            "quotes around what holds a comma."
        ) from error


def _batches(address: str) -> Iterator[Any]:
    file_system, path = open_file_system(address)
    if not address.lower().endswith(".csv"):
        with file_system.open(path, "rb") as stream:
            yield from pq.ParquetFile(stream).iter_batches()
        return
    with file_system.open(path, "rb") as stream:
        names = pyarrow.csv.open_csv(stream).schema.names
    # names of files may look like numbers or dates
    as_written = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    with file_system.open(path, "rb") as stream:
        yield from pyarrow.csv.open_csv(stream, convert_options=as_written)


def _column(names: list[str], wanted: str, address: str) -> int:
    """Gives the place of the column with the addresses.

    Raises:
        CommandError: It cannot be told.
    """
    likely = [name for name in names if (name == wanted if wanted else name.lower() in _COLUMNS)]
    chosen = likely[0] if likely else names[0]
    if names.count(chosen) > 1:
        raise CommandError(f"The manifest {public(address)} has several columns {chosen}; please rename all but one.")
    if likely:
        return names.index(chosen)
    if len(names) > 1 or wanted:
        raise CommandError(
            f"The manifest {public(address)} has the columns {', '.join(names)}; "
            f"please say with --column which of them holds the addresses."
        )
    if ";" in chosen or any(mark in chosen for mark in "/\\."):
        # without the line itself, which may be a signed address
        raise CommandError(
            f"The manifest {public(address)} begins without a name of its column, or is separated by semicolons; "
            "please write path into its first line, and separate columns by commas."
        )
    return 0
