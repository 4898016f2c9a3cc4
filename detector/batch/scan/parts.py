"""The files of a table: Parquet parts in one folder a partition, each of them whole or not there."""

from __future__ import annotations

import io
import json
import os
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from detector.batch.scan.addresses import open_file_system, protocol_of, public
from detector.errors import CommandError

_FACTS = "_scan.json"  # readers of Parquet folders skip names that begin so
_FORM = 1
_PART = "part-"
# Of one partition: a query for one path reads one row in as many.
ROWS_PER_PARTITION = 50_000
MAX_PARTITIONS = 256
# A part is left alone from this size on: some 10,000 clips, which take five times as much in memory while they are merged.
BYTES_PER_PART = 8 * 1024**2


class Parts:
    """The parts of a table.

    Attributes:
        partitions: How many there are, for good.
        small: Parts below `BYTES_PER_PART` with their sizes in bytes, by partition, as far as they are known.
    """

    def __init__(self, address: str, expected_rows: int):
        """Opens a table, or begins one; see `Output`."""
        self._place, self._is_local = public(address), protocol_of(address) == "file"
        self._files, self._root = open_file_system(address)
        self.small: defaultdict[int, dict[str, int]] = defaultdict(dict)
        self.partitions = self._begin(expected_rows)

    def _begin(self, expected_rows: int) -> int:
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
        wanted = min(-(-expected_rows // ROWS_PER_PARTITION), MAX_PARTITIONS)
        partitions = 1 << max(wanted - 1, 0).bit_length()
        self._put(facts, json.dumps({"form": _FORM, "partitions": partitions}).encode())
        return partitions

    def _remove_unfinished(self) -> None:
        """Removes what a scan that was killed was writing."""
        if self._is_local:
            for file in Path(self._root).glob(f"partition=*/.{_PART}*"):
                file.unlink(missing_ok=True)

    def _folder(self, partition: int) -> str:
        return f"{self._root}/partition={partition:03d}"

    def sizes(self, partition: int) -> dict[str, int]:
        """Lists the parts of a partition, in the order in which they were written, with their sizes in bytes."""
        try:
            # not by a pattern: the address of the table may hold what a pattern would be made of
            found = self._files.ls(self._folder(partition), detail=True)
        except FileNotFoundError:
            return {}
        sizes = {facts["name"].rpartition("/")[2]: int(facts["size"] or 0) for facts in found}
        return {name: sizes[name] for name in sorted(sizes) if name.startswith(_PART) and name.endswith(".parquet")}

    def merge(self, partition: int, sizes: dict[str, int], kept: dict[str, pa.Array] | None = None) -> None:
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
            tables = [self.read(partition, old) for old in group]
            if kept:
                tables = [table.filter(kept[old]) for old, table in zip(group, tables, strict=True)]
            if (merged := pa.concat_tables(tables)).num_rows:
                self.write(partition, merged.sort_by("path"))
            for old in group:
                self._files.rm_file(f"{self._folder(partition)}/{old}")
                self.small[partition].pop(old, None)
            group = {}

    def read(self, partition: int, name: str, columns: Iterable[str] | None = None) -> pa.Table:
        """Reads a part, or some of its columns."""
        with self._files.open(f"{self._folder(partition)}/{name}", "rb") as stream:
            return pq.read_table(stream, columns=list(columns) if columns else None)

    def write(self, partition: int, table: pa.Table) -> None:
        """Writes a part."""
        content = io.BytesIO()
        pq.write_table(table, content, compression="zstd")
        name = f"{_PART}{time.time_ns():020d}-{uuid.uuid4().hex[:8]}.parquet"
        self._put(f"{self._folder(partition)}/{name}", content.getvalue())
        if (size := content.tell()) < BYTES_PER_PART:
            self.small[partition][name] = size

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
