"""Who is waiting for what: analyses that can be cancelled, and files that go when their session goes."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from detector.files import MediaError

logger = logging.getLogger(__name__)

# What is made for a person is copied to the server's cache at once; this is only where it is made.
MAX_WORK_AGE_S = 600


class Sessions:
    """Running analyses and uploads by session."""

    def __init__(self):
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._cancelled: set[str] = set()
        self._uploads: defaultdict[str, set[Path]] = defaultdict(set)

    @contextmanager
    def running(self, session: str, uploads: Iterable[str]) -> Iterator[None]:
        """While an analysis of these uploads runs."""
        with self._lock:
            self._running[session] += 1
            self._uploads[session].update(Path(upload) for upload in uploads)
        try:
            yield
        finally:
            with self._lock:
                self._running[session] -= 1
                if not self._running[session]:
                    del self._running[session]
                    self._cancelled.discard(session)

    def cancel(self, session: str) -> None:
        """Stops the analysis that runs for a session, if one does."""
        with self._lock:
            if session in self._running:
                self._cancelled.add(session)

    def is_cancelled(self, session: str) -> bool:
        """Whether its analysis must stop."""
        return session in self._cancelled

    def check(self, session: str) -> None:
        """Leaves an analysis that was cancelled.

        Raises:
            MediaError: It was.
        """
        if self.is_cancelled(session):
            raise MediaError("The analysis was cancelled.")

    def forget(self, session: str) -> None:
        """Stops the analysis of a session, and deletes its uploads that nobody else sent as well."""
        self.cancel(session)
        with self._lock:
            uploads = self._uploads.pop(session, set())
            still_used = set().union(*self._uploads.values())
        for upload in uploads - still_used:
            try:
                upload.unlink(missing_ok=True)
            except OSError:
                logger.warning("could not delete an upload", exc_info=True)


class WorkFolder:
    """A folder for files on their way to a person; what is older than `MAX_WORK_AGE_S` goes."""

    def __init__(self):
        self._root = tempfile.TemporaryDirectory(prefix="face-check-", ignore_cleanup_errors=True)

    def new(self) -> Path:
        """An empty folder of its own."""
        root = Path(self._root.name)
        for folder in root.iterdir():
            try:
                is_old = time.time() - folder.stat().st_mtime > MAX_WORK_AGE_S
            except FileNotFoundError:  # another request was faster
                continue
            if is_old:
                shutil.rmtree(folder, ignore_errors=True)
        return Path(tempfile.mkdtemp(dir=root))
