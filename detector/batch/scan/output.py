"""The table that a scan writes: Parquet files in folders by a hash of the path, each of them whole or not there.

Rows are written every few seconds, so a scan that is killed loses little; the many small files that come of it are merged as
they grow in number, and at the end.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from detector.batch.scan.addresses import open_file_system, protocol_of, public
from detector.batch.scan.rows import MAKER, SCHEMA, Maker, Row, table_of
from detector.errors import CommandError

logger = logging.getLogger(__name__)

_FACTS = "_scan.json"  # readers of Parquet folders skip names that begin so
_FORM = 1
_PART = "part-"
_PROTOCOLS = ("file", "s3", "gs")
# Between two writings: what was found since is lost when the scan is killed.
WRITE_EVERY_S = 5.0
# Of one folder: a query reads one row in as many, and a merge holds no more than a part of it.
ROWS_PER_PARTITION = 50_000
MAX_PARTITIONS = 256
# A part is left alone from this size on: some 10,000 clips, which take five times as much in memory while they are merged.
BYTES_PER_PART = 8 * 1024**2
# Parts of one folder that are not yet so large, before they are merged in the middle of a scan.
_MAX_SMALL_PARTS = 64
# What orders the rows of one file: when it was analysed, and the part that holds it.
Version = tuple[datetime, str]
_INDEX = ("path", "sha256", "fingerprint", "error", "retry", "analysed_at", *MAKER)


@dataclass(frozen=True, slots=True)
class Known:
    """What a row that is there says of its file.

    Attributes:
        sha256: Of the bytes; empty where they could not be read.
        fingerprint: See `addresses.fingerprint`; empty where nothing is known.
        is_error: Whether there is an error in place of a result.
        retry: Whether that is one that another try may not meet.
    """

    sha256: str
    fingerprint: str
    is_error: bool
    retry: bool


class Output:
    """A table of Parquet files; use it as a context, at whose end everything is written. Only one scan may write at a time."""

    def __init__(self, address: str, expected_files: int):
        """Opens a table, or begins one.

        Args:
            address: Of its folder: a path, ``s3://`` or ``gs://``.
            expected_files: How many rows there will be, for the number of partitions of a new table.

        Raises:
            CommandError: The folder holds something else, or nothing can be written there.
        """
        if protocol_of(address) not in _PROTOCOLS:
            raise CommandError(f"Nothing can be written to {public(address)}; please give a path, s3:// or gs://.")
        self._place = public(address)
        self._files, self._root = open_file_system(address)
        self._is_local = protocol_of(address) == "file"
        try:
            self._partitions = self._begin(expected_files)
        except OSError as error:
            raise CommandError(f"Nothing can be written to {self._place} ({type(error).__name__}).") from error
        # parts below `BYTES_PER_PART` with their sizes, by partition
        self._small: defaultdict[int, dict[str, int]] = defaultdict(dict)
        self._waiting: list[Row] = []
        self._lock = threading.Lock()  # of what waits
        self._parts_lock = threading.Lock()  # of the files and what is known of them
        self._closed = threading.Event()
        self._failure: Exception | None = None
        self._writer = threading.Thread(target=self._write_on, name="scan-output", daemon=True)

    def _begin(self, expected_files: int) -> int:
        facts = f"{self._root}/{_FACTS}"
        if self._files.exists(facts):
            try:
                stored = json.loads(self._files.cat_file(facts))
                if stored["form"] == _FORM:
                    self._remove_unfinished()
                    return int(stored["partitions"])
            except (ValueError, LookupError, TypeError):
                pass
            raise CommandError(
                f"{self._place} was written by another version of this program; please give another folder."
            )
        if self._files.exists(self._root) and self._files.ls(self._root):
            raise CommandError(
                f"{self._place} holds something else; please give an empty folder, or that of an earlier scan."
            )
        wanted = min(-(-expected_files // ROWS_PER_PARTITION), MAX_PARTITIONS)
        partitions = 1 << max(wanted - 1, 0).bit_length()
        self._put(facts, json.dumps({"form": _FORM, "partitions": partitions}).encode())
        return partitions

    def _remove_unfinished(self) -> None:
        """Removes what a scan that was killed was writing."""
        if self._is_local:
            for file in Path(self._root).glob(f"partition=*/.{_PART}*"):
                file.unlink(missing_ok=True)

    def __enter__(self) -> Output:
        self._writer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closed.set()
        self._writer.join()
        if kind is None:
            self._check()

    def index(self, maker: Maker) -> dict[str, Known]:
        """Reads which files have a row by this maker; merges what a scan that was killed left in pieces.

        Raises:
            CommandError: The table cannot be read.
        """
        try:
            return dict(self._known(maker))
        except (OSError, pa.ArrowException) as error:
            raise CommandError(f"{self._place} cannot be read ({type(error).__name__}).") from error

    def _known(self, maker: Maker) -> Iterator[tuple[str, Known]]:
        made_by = maker.columns()
        for partition in range(self._partitions):
            with self._parts_lock:
                table = self._tidy(partition)
            for row in table.to_pylist():
                if all(row[name] == value for name, value in made_by.items()):
                    is_error = row["error"] is not None
                    yield row["path"], Known(row["sha256"] or "", row["fingerprint"] or "", is_error, row["retry"])

    def add(self, row: Row) -> None:
        """Takes a row, which is written within `WRITE_EVERY_S`.

        Raises:
            CommandError: An earlier row could not be written.
        """
        self._check()
        with self._lock:
            self._waiting.append(row)

    def tidy(self) -> None:
        """Leaves one row a file and few files: the last thing of a scan.

        Raises:
            CommandError: The table cannot be read or written.
        """
        self._write()
        self._check()
        try:
            with self._parts_lock:
                for partition in range(self._partitions):
                    self._tidy(partition)
        except (OSError, pa.ArrowException) as error:
            raise CommandError(f"{self._place} cannot be written ({type(error).__name__}).") from error

    def _check(self) -> None:
        if self._failure:
            raise CommandError(
                f"{self._place} cannot be written ({type(self._failure).__name__}); what is there already stays."
            ) from self._failure

    def _write_on(self) -> None:
        """Writes what was added, every few seconds, until the end."""
        while not self._closed.wait(WRITE_EVERY_S) and not self._failure:
            self._write()
        self._write()

    def _write(self) -> None:
        with self._parts_lock:
            with self._lock:
                rows, self._waiting = self._waiting, []
            self._write_rows(rows)

    def _write_rows(self, rows: list[Row]) -> None:
        by_partition: defaultdict[int, list[Row]] = defaultdict(list)
        for row in rows:
            by_partition[self._partition(row["path"])].append(row)
        try:
            for partition, members in by_partition.items():
                self._write_part(partition, table_of(members))
                if len(self._small[partition]) > _MAX_SMALL_PARTS:
                    self._merge(partition, dict(self._small[partition]))
        except (OSError, pa.ArrowException) as error:
            logger.debug("writing", exc_info=True)
            self._failure = error

    def _partition(self, path: str) -> int:
        return int.from_bytes(hashlib.sha256(path.encode()).digest()[:4], "big") % self._partitions

    def _folder(self, partition: int) -> str:
        return f"{self._root}/partition={partition:03d}"

    def _tidy(self, partition: int) -> pa.Table:
        """Merges small parts, drops all rows of a file but the latest, and gives the columns `_INDEX` of what stays."""
        sizes = self._sizes(partition)
        index = {name: self._read(partition, name, _INDEX) for name in sizes}
        latest: dict[str, Version] = {}
        for name, table in index.items():
            for path, version in _versions(name, table):
                latest[path] = max(latest.get(path, version), version)
        kept = {
            name: pa.array([latest[path] == version for path, version in _versions(name, table)], pa.bool_())
            for name, table in index.items()
        }
        outdated = {name for name, mask in kept.items() if not all(mask.to_pylist())}
        self._small[partition] = small = {name: size for name, size in sizes.items() if size < BYTES_PER_PART}
        if outdated or len(small) > 1:
            self._merge(partition, {name: sizes[name] for name in sorted(small.keys() | outdated)}, kept)
        left = [table.filter(kept[name]) for name, table in index.items()]
        return pa.concat_tables(left) if left else SCHEMA.empty_table().select(list(_INDEX))

    def _sizes(self, partition: int) -> dict[str, int]:
        """Lists the parts of a partition, in the order in which they were written, with their sizes in bytes."""
        found = self._files.glob(f"{self._folder(partition)}/{_PART}*.parquet", detail=True)
        return {place.rpartition("/")[2]: int(facts["size"]) for place, facts in sorted(found.items())}

    def _merge(self, partition: int, sizes: dict[str, int], kept: dict[str, pa.Array] | None = None) -> None:
        """Writes parts anew as fewer; the old ones go once the new one is there.

        Who kills it in between leaves rows twice; the next scan drops them.

        Args:
            partition: Their number.
            sizes: The parts and their sizes.
            kept: Of each part, a mask of the rows that stay; None for all rows.
        """
        group: dict[str, int] = {}
        for number, (name, size) in enumerate(sizes.items(), start=1):
            group[name] = size
            if sum(group.values()) < BYTES_PER_PART and number < len(sizes):
                continue
            tables = [self._read(partition, old) for old in group]
            if kept:
                tables = [table.filter(kept[old]) for old, table in zip(group, tables, strict=True)]
            if (merged := pa.concat_tables(tables)).num_rows:
                self._write_part(partition, merged.sort_by("path"))
            for old in group:
                self._files.rm_file(f"{self._folder(partition)}/{old}")
                self._small[partition].pop(old, None)
            group = {}

    def _read(self, partition: int, name: str, columns: Iterable[str] | None = None) -> pa.Table:
        with self._files.open(f"{self._folder(partition)}/{name}", "rb") as stream:
            return pq.read_table(stream, columns=list(columns) if columns else None)

    def _write_part(self, partition: int, table: pa.Table) -> None:
        content = io.BytesIO()
        pq.write_table(table, content, compression="zstd")
        name = f"{_PART}{time.time_ns():020d}-{uuid.uuid4().hex[:8]}.parquet"
        self._put(f"{self._folder(partition)}/{name}", content.getvalue())
        if (size := content.tell()) < BYTES_PER_PART:
            self._small[partition][name] = size

    def _put(self, path: str, content: bytes) -> None:
        """Writes a file that is whole or not there: stores do that by themselves."""
        if not self._is_local:
            self._files.pipe_file(path, content)
            return
        folder, _, name = path.rpartition("/")
        os.makedirs(folder, exist_ok=True)
        unfinished = f"{folder}/.{name}"
        try:
            with open(unfinished, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(unfinished, path)
        except OSError:
            with suppress(OSError):
                os.unlink(unfinished)
            raise


def _versions(name: str, table: pa.Table) -> Iterator[tuple[str, Version]]:
    """Gives the path of each row of a part, and what orders the rows of one path."""
    for path, moment in zip(table["path"].to_pylist(), table["analysed_at"].to_pylist(), strict=True):
        yield path, (moment, name)
