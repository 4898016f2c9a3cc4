"""The table that a scan writes: Parquet files in folders by a hash of the path, each of them whole or not there.

Rows are written every few seconds, so a scan that is killed loses little; the many small files that come of it are merged as
they grow in number, and at the end.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType

import pyarrow as pa

from detector.batch.scan.addresses import protocol_of, public, store_errors
from detector.batch.scan.parts import BYTES_PER_PART, Parts
from detector.batch.scan.rows import MAKER, SCHEMA, Maker, Row, is_wanted, table_of
from detector.errors import CommandError
from detector.results import Band

logger = logging.getLogger(__name__)

_PROTOCOLS = ("file", "s3", "gs")
# Between two writings: what was found since is lost when the scan is killed.
WRITE_EVERY_S = 5.0
# Parts of one folder that are not yet so large, before they are merged in the middle of a scan.
_MAX_SMALL_PARTS = 64
# What orders the rows of one file: when it was analysed, and the part that holds it.
Version = tuple[datetime, str]
_INDEX = (
    "path",
    "sha256",
    "fingerprint",
    "error",
    "retry",
    "report",
    "evidence_band",
    "verdict",
    "analysed_at",
    *MAKER,
)


@dataclass(frozen=True, slots=True)
class Known:
    """What a row that is there says of its file.

    Attributes:
        sha256: Of the bytes; empty where they could not be read.
        fingerprint: See `addresses.fingerprint`; empty where nothing is known.
        is_error: Whether there is an error in place of a result.
        retry: Whether that is one that another try may not meet.
        lacks_report: Whether it has no evidence report and would get one by now.
    """

    sha256: str
    fingerprint: str
    is_error: bool
    retry: bool
    lacks_report: bool = False


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
        try:
            self._parts = Parts(address, expected_files)
        except _errors() as error:
            raise CommandError(f"Nothing can be written to {self._place} ({type(error).__name__}).") from error
        self._written: set[int] = set()  # partitions with new rows
        self._waiting: list[Row] = []
        self._lock = threading.Lock()  # of what waits
        self._parts_lock = threading.Lock()  # of the files and what is known of them
        self._closed = threading.Event()
        self._failure: Exception | None = None
        self._writer = threading.Thread(target=self._write_on, name="scan-output", daemon=True)

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

    def index(self, maker: Maker, reports_from: Band | None = None) -> dict[str, Known]:
        """Reads which files have a row by this maker; merges what a scan that was killed left in pieces.

        Args:
            maker: What the scan makes rows by.
            reports_from: The lowest band of which evidence reports are written; None for no reports.

        Raises:
            CommandError: The table cannot be read.
        """
        try:
            return dict(self._known(maker, reports_from))
        except _errors() as error:
            raise CommandError(f"{self._place} cannot be read ({type(error).__name__}).") from error

    def _known(self, maker: Maker, reports_from: Band | None) -> Iterator[tuple[str, Known]]:
        made_by = maker.columns()
        for partition in range(self._parts.partitions):
            with self._parts_lock:
                table = self._tidy(partition)
            for row in table.to_pylist():
                if all(row[name] == value for name, value in made_by.items()):
                    yield row["path"], _known(row, reports_from)

    def add(self, row: Row) -> None:
        """Takes a row, which is written within `WRITE_EVERY_S`.

        Raises:
            CommandError: An earlier row could not be written.
        """
        self._check()
        with self._lock:
            self._waiting.append(row)

    def tidy(self) -> None:
        """Leaves one row a file and few files: the last thing of a scan that began with `index`.

        Raises:
            CommandError: The table cannot be read or written.
        """
        self._write()
        self._check()
        try:
            with self._parts_lock:
                for partition in self._written:  # `index` left the others tidy
                    self._tidy(partition)
        except _errors() as error:
            raise CommandError(f"{self._place} cannot be written ({type(error).__name__}).") from error

    def _check(self) -> None:
        if self._failure or not (self._writer.is_alive() or self._closed.is_set()):
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
                self._written.add(partition)
                self._parts.write(partition, table_of(members))
                if len(self._parts.small[partition]) > _MAX_SMALL_PARTS:
                    self._parts.merge(partition, dict(self._parts.small[partition]))
        except _errors() as error:
            logger.debug("writing", exc_info=True)
            self._failure = error

    def _partition(self, path: str) -> int:
        return int.from_bytes(hashlib.sha256(path.encode()).digest()[:4], "big") % self._parts.partitions

    def _tidy(self, partition: int) -> pa.Table:
        """Merges small parts, drops all rows of a file but the latest, and gives the columns `_INDEX` of what stays."""
        sizes = self._parts.sizes(partition)
        index = {name: self._parts.read(partition, name, _INDEX) for name in sizes}
        latest: dict[str, Version] = {}
        for name, table in index.items():
            for path, version in _versions(name, table):
                latest[path] = max(latest.get(path, version), version)
        kept = {
            name: pa.array([latest[path] == version for path, version in _versions(name, table)], pa.bool_())
            for name, table in index.items()
        }
        outdated = {name for name, mask in kept.items() if not all(mask.to_pylist())}
        self._parts.small[partition] = small = {name: size for name, size in sizes.items() if size < BYTES_PER_PART}
        if outdated or len(small) > 1:
            self._parts.merge(partition, {name: sizes[name] for name in sorted(small.keys() | outdated)}, kept)
        left = [table.filter(kept[name]) for name, table in index.items()]
        return pa.concat_tables(left) if left else SCHEMA.empty_table().select(list(_INDEX))


def _known(row: Row, reports_from: Band | None) -> Known:
    is_error = row["error"] is not None
    lacks_report = bool(
        reports_from and row["report"] is None and is_wanted(row["evidence_band"], row["verdict"], reports_from)
    )
    return Known(row["sha256"] or "", row["fingerprint"] or "", is_error, row["retry"], lacks_report)


def _errors() -> tuple[type[Exception], ...]:
    return (*store_errors(), pa.ArrowException)


def _versions(name: str, table: pa.Table) -> Iterator[tuple[str, Version]]:
    """Gives the path of each row of a part, and what orders the rows of one path."""
    for path, moment in zip(table["path"].to_pylist(), table["analysed_at"].to_pylist(), strict=True):
        yield path, (moment, name)
