"""Brings a file to this machine, within the limits, and takes it away again."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import unquote, urlsplit

from detector.batch.scan.addresses import fingerprint, is_remote, is_web, local_path, open_file_system, store_errors
from detector.batch.scan.inputs import Entry, local_fingerprint
from detector.errors import MediaError
from detector.limits import MAX_FETCH_S, MAX_FILE_BYTES
from detector.media.files import too_large
from detector.messages import Message
from detector.own_folder import own_folder, remove_leftovers

logger = logging.getLogger(__name__)

_CHUNK_BYTES = 1024**2
_MAX_NAME_BYTES = 200
# Once a process, when it begins.
_remove_leftovers = cache(remove_leftovers)


class FetchError(MediaError):
    """A file cannot be fetched now; it may be another time."""


def look_at(entry: Entry) -> str:
    """Gives the fingerprint of a file without reading it; empty where its place does not tell enough."""
    if not is_remote(entry.address):
        return local_fingerprint(local_path(entry.address))
    if is_web(entry.address):
        return ""  # asking costs as much as most photos, and few servers give a mark of the content
    try:
        file_system, path = open_file_system(entry.address)
        return fingerprint(file_system.info(path))
    except store_errors() as error:
        logger.info("%s: %s", entry.path, type(error).__name__)
        return ""


@contextmanager
def fetched(entry: Entry) -> Iterator[Path]:
    """Gives a file on this machine: itself, where it lies here, else a copy that is removed at the end.

    Raises:
        FetchError: It cannot be fetched.
        MediaError: It is too large.
    """
    if not is_remote(entry.address):
        yield Path(local_path(entry.address))
        return
    base = Path(tempfile.gettempdir())
    _remove_leftovers(base)
    with own_folder(base) as folder:
        try:
            copy = folder / _name(entry.address)
            file_system, path = open_file_system(entry.address)
            # block_size 0: one answer, read as it comes; sizes that servers tell are not relied on
            options = {"block_size": 0} if is_web(entry.address) else {}
            with file_system.open(path, "rb", **options) as source, open(copy, "wb") as target:
                _copy(source, target)
        except MediaError:
            raise
        except store_errors() as error:
            # without its text, which may hold a signed address
            logger.warning("%s: %s", entry.path, type(error).__name__)
            raise FetchError(
                Message("The file cannot be fetched; please check its address and the rights to read it.")
            ) from None
        yield copy


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    end, size = time.monotonic() + MAX_FETCH_S, 0
    while chunk := source.read(_CHUNK_BYTES):
        size += len(chunk)
        if size > MAX_FILE_BYTES:
            raise too_large(MAX_FILE_BYTES)
        if time.monotonic() > end:
            raise FetchError(
                Message(
                    "Fetching the file took longer than {seconds} seconds; please check the connection.",
                    {"seconds": MAX_FETCH_S},
                )
            )
        target.write(chunk)


def _name(address: str) -> str:
    path = urlsplit(address).path if is_web(address) else address
    name = PurePosixPath(unquote(path)).name.replace("\0", "")
    while len(name.encode()) > _MAX_NAME_BYTES:  # the ending is what people look at
        name = name[1:]
    return name if name not in ("", ".", "..", ".lock") else "file"
