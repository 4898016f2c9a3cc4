"""Everything temporary of a server lies in one folder of its own, so that nothing stays behind: not even after it was killed."""

from __future__ import annotations

import logging
import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from detector.limits import MAX_UPLOAD_AGE_S
from web.settings import SettingError

logger = logging.getLogger(__name__)

PREFIX = "face-check-"
_LOCK = ".lock"
_SWEEP_EVERY_S = 600


@contextmanager
def own_temporary_folder() -> Iterator[Path]:
    """While a server runs: uploads of Gradio and all temporary files of this process and its children go there.

    It lies in ``GRADIO_TEMP_DIR``, else where the system keeps such files; nobody else may read it. Folders of servers that
    are no more are removed.

    Yields:
        Where in it the uploads lie.

    Raises:
        SettingError: No folder can be made there.
    """
    base = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir()).resolve()
    try:
        base.mkdir(parents=True, exist_ok=True)
        remove_leftovers(base)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        uploads = folder / "uploads"
        uploads.mkdir()
    except OSError as error:
        reason = error.strerror or "no reason given"
        raise SettingError(
            f"No temporary folder can be made in {base} ({reason}); GRADIO_TEMP_DIR can name another."
        ) from error
    before, before_dir = dict(os.environ), tempfile.tempdir
    os.environ.update(GRADIO_TEMP_DIR=str(uploads), TMPDIR=str(folder))
    tempfile.tempdir = str(folder)
    try:
        with FileLock(folder / _LOCK):
            yield uploads
    finally:
        for name in ("GRADIO_TEMP_DIR", "TMPDIR"):
            del os.environ[name]
        os.environ.update({name: before[name] for name in ("GRADIO_TEMP_DIR", "TMPDIR") if name in before})
        tempfile.tempdir = before_dir
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def swept(uploads: Path, kept: Collection[str]) -> Iterator[None]:
    """Meanwhile files go that Gradio has lost sight of; `kept` stay."""
    done = threading.Event()

    def sweep() -> None:
        while not done.wait(_SWEEP_EVERY_S):
            remove_old(uploads, MAX_UPLOAD_AGE_S, kept)
            remove_abandoned(uploads, _SWEEP_EVERY_S)

    thread = threading.Thread(target=sweep, name="sweep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def remove_leftovers(base: Path) -> None:
    """Removes folders of servers that no longer run: nobody holds their lock."""
    for folder in base.glob(f"{PREFIX}*"):
        lock = folder / _LOCK
        if not lock.is_file():  # just being made, or none of ours
            continue
        try:
            with FileLock(lock, timeout=0):
                pass
        except (Timeout, OSError):  # it runs, or belongs to somebody else
            continue
        logger.info("removing %s, left by a server that ended", folder)
        shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned(folder: Path, age_s: float) -> None:
    """Removes halves of uploads that broke off, and the empty files of Gradio's file input: nobody wrote to them lately."""
    before = time.time() - age_s
    for path in folder.glob("tmp*"):
        try:
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_ctime <= before:
                path.unlink()
        except OSError:  # gone meanwhile
            continue


def remove_old(folder: Path, age_s: float, kept: Collection[str] = ()) -> None:
    """Removes files that came more than `age_s` seconds ago, and folders that have been empty for as long."""
    before = time.time() - age_s
    # from the bottom up, where `rglob` would end at a folder that goes meanwhile; the change time, because copies keep the time
    # of their original
    for parent, folders, files in os.walk(folder, topdown=False):
        for path in (Path(parent, name) for name in (*files, *folders)):
            try:
                if path.lstat().st_ctime > before or str(path) in kept:
                    continue
                if path.is_dir() and not path.is_symlink():
                    path.rmdir()
                else:
                    path.unlink()
            except OSError:  # gone meanwhile, or not empty
                continue
