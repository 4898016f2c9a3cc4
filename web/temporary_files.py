"""One folder for all temporary files of a server, so that nothing stays behind, not even after the server was killed."""

from __future__ import annotations

import logging
import os
import stat
import tempfile
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from detector.limits import MAX_UPLOAD_AGE_S
from detector.network.settings import SettingError
from detector.own_folder import own_folder, remove_leftovers

logger = logging.getLogger(__name__)

_SWEEP_EVERY_S = 600


@contextmanager
def own_temporary_folder(base: Path | None = None) -> Iterator[Path]:
    """Keeps Gradio's uploads and all temporary files of this process and its children in a folder that is removed at the end.

    Nobody else may read the folder. Folders of servers that no longer run are removed first.

    Args:
        base: Where the folder is made; None for where the system keeps temporary files.

    Yields:
        The folder inside it for uploads.

    Raises:
        SettingError: No folder can be made in `base`.
    """
    base = (base or Path(tempfile.gettempdir())).resolve()
    with ExitStack() as stack:
        try:
            base.mkdir(parents=True, exist_ok=True)
            remove_leftovers(base)
            folder = stack.enter_context(own_folder(base))
            uploads = folder / "uploads"
            uploads.mkdir()
        except OSError as error:
            reason = error.strerror or "no reason given"
            raise SettingError(
                f"No temporary folder can be made in {base} ({reason}); GRADIO_TEMP_DIR can name another."
            ) from error
        with _temporary_files_in(folder, uploads):
            yield uploads


@contextmanager
def _temporary_files_in(folder: Path, uploads: Path) -> Iterator[None]:
    """Points Gradio, this process and its children to the folders, and back at the end."""
    names = ("GRADIO_TEMP_DIR", "TMPDIR")
    before, before_dir = {name: os.environ[name] for name in names if name in os.environ}, tempfile.tempdir
    os.environ.update(zip(names, (str(uploads), str(folder)), strict=True))
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        for name in names:
            os.environ.pop(name, None)
        os.environ.update(before)
        tempfile.tempdir = before_dir


@contextmanager
def swept(uploads: Path, kept: Collection[str]) -> Iterator[None]:
    """Removes in the meantime files that Gradio has lost sight of; those in `kept` stay."""
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


def remove_abandoned(folder: Path, age_s: float) -> None:
    """Removes uploads that broke off and the empty files of Gradio's file input, once nobody has written to them for a while."""
    before = time.time() - age_s
    for path in folder.glob("tmp*"):
        try:
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_ctime <= before:
                path.unlink()
        except OSError:  # gone meanwhile
            continue


def remove_old(folder: Path, age_s: float, kept: Collection[str] = ()) -> None:
    """Removes files that are older than `age_s` seconds, and folders that have been empty for as long."""
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
