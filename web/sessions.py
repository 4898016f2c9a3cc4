"""Sessions: analyses that can be cancelled, and files that are deleted when their session ends."""

from __future__ import annotations

import logging
import secrets
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from detector.errors import MediaError
from detector.limits import MAX_UPLOAD_AGE_S

logger = logging.getLogger(__name__)

# Gradio may put an upload in its place a moment after the page has heard of it.
_PUT_IN_PLACE_S = 1.0


class Cancelled(MediaError):
    """The person who asked for an analysis has stopped it."""


@dataclass
class _Files:
    """Uploads, output folders and last activity of one session.

    Attributes:
        uploads: When each upload was last mentioned, in seconds since the epoch.
        folders: Folders of files that were made for the session.
        last_s: Time of the last activity, on the monotonic clock.
    """

    uploads: dict[Path, float] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)
    last_s: float = 0.0


class Sessions:
    """Running analyses and files by session.

    Files are deleted when their session ends, or was silent for `MAX_UPLOAD_AGE_S`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._cancelled: set[str] = set()
        self._files: dict[str, _Files] = {}
        self._kept: frozenset[Path] = frozenset()

    def keep(self, paths: Iterable[str]) -> None:
        """Protects files that belong to everyone: an example lies where an upload of the same bytes and name would."""
        self._kept = frozenset(Path(path) for path in paths)

    @contextmanager
    def running(self, session: str, uploads: Iterable[str]) -> Iterator[None]:
        """Marks a session as busy while its uploads are analysed."""
        self.received(session, uploads)
        with self._lock:
            self._running[session] += 1
        self._forget_silent()
        try:
            yield
        finally:
            with self._lock:
                self._running[session] -= 1
                if not self._running[session]:
                    del self._running[session]
                    self._cancelled.discard(session)

    def received(self, session: str, uploads: Iterable[str]) -> None:
        """Notes uploads of a session, whether they will be analysed or not."""
        with self._lock:
            self._of(session).uploads.update((Path(upload), time.time()) for upload in uploads)

    def new_folder(self, session: str, inside: str | Path) -> Path:
        """Makes an empty folder for files of a session; its name cannot be guessed."""
        folder = Path(inside) / secrets.token_hex(16)
        folder.mkdir(parents=True)
        with self._lock:
            self._of(session).folders.append(folder)
        return folder

    def cancel(self, session: str) -> None:
        """Stops the analysis of a session, if one runs."""
        with self._lock:
            if session in self._running:
                self._cancelled.add(session)

    def is_cancelled(self, session: str) -> bool:
        """Tells whether the analysis of a session must stop."""
        return session in self._cancelled

    def check(self, session: str) -> None:
        """Leaves an analysis that was cancelled.

        Raises:
            Cancelled: It was.
        """
        if self.is_cancelled(session):
            raise Cancelled("The analysis was cancelled.")

    def forget(self, session: str) -> None:
        """Stops the analysis of a session and deletes its files, except uploads that another session sent as well."""
        self.cancel(session)
        with self._lock:
            files = self._files.pop(session, _Files())
            still_used = self._kept.union(*(other.uploads for other in self._files.values()))
        for folder in files.folders:
            shutil.rmtree(folder, ignore_errors=True)
        for upload in files.uploads.keys() - still_used:
            try:
                # somebody who has not asked about it yet may have sent the same bytes and name since
                if upload.stat().st_ctime <= files.uploads[upload] + _PUT_IN_PLACE_S:
                    # its folder is left: Gradio may be about to put the same file of another session into it
                    upload.unlink()
            except FileNotFoundError:
                continue
            except OSError:
                logger.warning("could not delete an upload", exc_info=True)

    def _of(self, session: str) -> _Files:
        """Returns the files of a session that is active now."""
        files = self._files.setdefault(session, _Files())
        files.last_s = time.monotonic()
        return files

    def _forget_silent(self) -> None:
        before = time.monotonic() - MAX_UPLOAD_AGE_S
        with self._lock:
            silent = [
                session
                for session, files in self._files.items()
                if files.last_s < before and session not in self._running
            ]
        for session in silent:
            self.forget(session)
