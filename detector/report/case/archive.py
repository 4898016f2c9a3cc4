"""ZIP archives that are the same bytes for the same content, and are whole or not there."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

HASHES = "SHA256SUMS"
_CHUNK_BYTES = 1024**2
_UNIX = 3
_PERMISSIONS = 0o644 << 16
# What gains nothing from being packed.
_PACKED = (".jpg", ".pdf")
_EARLIEST_YEAR = 1980  # that a ZIP can tell


class Archive:
    """A ZIP that is written member by member, each with the same time."""

    def __init__(self, stream: IO[bytes], moment: datetime):
        """Begins an archive whose members have this time."""
        self._zip = zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED)
        year, month, day, hour, minute, second = moment.timetuple()[:6]
        self._time = (max(year, _EARLIEST_YEAR), month, day, hour, minute, second)
        self._hashes: dict[str, str] = {}

    def add(self, name: str, content: bytes | str) -> None:
        """Adds a member; text becomes UTF-8."""
        data = content.encode("utf-8") if isinstance(content, str) else content
        with self._member(name, name.endswith(_PACKED)) as member:
            member.write(data)
        self._hashes[name] = hashlib.sha256(data).hexdigest()

    def add_file(self, name: str, path: Path) -> str:
        """Adds a file as it is; returns the hex digest of the bytes that were added."""
        digest = hashlib.sha256()
        with path.open("rb") as source, self._member(name, is_packed=True) as member:
            while data := source.read(_CHUNK_BYTES):
                digest.update(data)
                member.write(data)
        self._hashes[name] = digest.hexdigest()
        return self._hashes[name]

    def add_hashes(self) -> None:
        """Adds the hashes of all members, as ``sha256sum --check`` reads them."""
        self.add(HASHES, "".join(f"{digest}  {name}\n" for name, digest in self._hashes.items()))

    def close(self) -> None:
        """Ends the archive."""
        self._zip.close()

    @contextmanager
    def _member(self, name: str, is_packed: bool) -> Iterator[IO[bytes]]:
        info = zipfile.ZipInfo(name, self._time)
        info.create_system, info.external_attr = _UNIX, _PERMISSIONS  # the same on every system
        info.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
        with self._zip.open(info, "w", force_zip64=is_packed) as member:
            yield member


@contextmanager
def new_archive(output: Path, moment: datetime) -> Iterator[Archive]:
    """Gives an archive to fill; what fails or is stopped leaves no trace.

    Args:
        output: Is replaced when all is written.
        moment: Time of its members.
    """
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream, closing(Archive(stream, moment)) as archive:
            yield archive
            archive.add_hashes()
        os.replace(part, output)
    finally:
        part.unlink(missing_ok=True)
