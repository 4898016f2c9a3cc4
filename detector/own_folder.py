"""A folder for the temporary files of a process, so that nothing stays behind, not even after the process was killed."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

logger = logging.getLogger(__name__)

PREFIX = "face-check-"
_LOCK = ".lock"


@contextmanager
def own_folder(base: Path) -> Iterator[Path]:
    """Makes a folder in `base` that nobody else may read; it is locked meanwhile, and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    try:
        with FileLock(folder / _LOCK):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(base: Path) -> None:
    """Removes the folders of processes that no longer run, whose lock nobody holds."""
    for folder in base.glob(f"{PREFIX}*"):
        lock = folder / _LOCK
        if not lock.is_file():  # it is being made, or is not ours
            continue
        try:
            with FileLock(lock, timeout=0):
                pass
        except (Timeout, OSError):  # its process runs, or the folder belongs to somebody else
            continue
        logger.info("removing %s, left by a process that ended", folder)
        shutil.rmtree(folder, ignore_errors=True)
