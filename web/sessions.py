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

    A check on the page has three moments, and can be cancelled from the first to the last: the click, after which it is
    expected (`expect`), its start, once it has waited for its place (`begun`), and its end. Between the first two there may
    be other work for it, such as fetching a link (`running`), and beside it what else the page has asked for.

    Files are deleted when their session ends, or was silent for `MAX_UPLOAD_AGE_S`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[str] = set()
        self._running: Counter[str] = Counter()
        self._cancelled: set[str] = set()
        self._files: dict[str, _Files] = {}
        self._kept: frozenset[Path] = frozenset()

    def keep(self, paths: Iterable[str]) -> None:
        """Protects files that belong to everyone: an example lies where an upload of the same bytes and name would."""
        self._kept = frozenset(Path(path) for path in paths)

    def expect(self, session: str) -> None:
        """Notes the click that asks for a check, which from now on can be cancelled; what was cancelled before is over."""
        with self._lock:
            self._waiting.add(session)
            self._cancelled.discard(session)

    @contextmanager
    def begun(self, session: str) -> Iterator[None]:
        """Marks a session as busy with the check that was expected.

        Raises:
            Cancelled: It was cancelled since it was expected.
        """
        with self.running(session, []):  # first, so that there is no moment at which it cannot be cancelled
            with self._lock:
                self._waiting.discard(session)
            self.check(session)
            yield

    @contextmanager
    def running(self, session: str, uploads: Iterable[str]) -> Iterator[None]:
        """Marks a session as busy while its uploads are worked on; at the end of all its work, what was cancelled is over."""
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
                    if session not in self._waiting:
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
        """Stops what a session waits for and what runs for it, if anything does."""
        with self._lock:
            if session in self._running or session in self._waiting:
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
        """Stops what runs for a session and deletes its files, except uploads that another session sent as well."""
        with self._lock:
            self._waiting.discard(session)
            if session in self._running:
                self._cancelled.add(session)
            else:
                self._cancelled.discard(session)
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
