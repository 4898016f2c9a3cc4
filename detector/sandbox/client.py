"""Has untrusted media read by worker processes, so that what breaks a decoder does not break the server."""

from __future__ import annotations

import logging
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_type_hints

from detector.errors import MediaError
from detector.limits import MAX_ANSWER_S
from detector.sandbox import protocol

logger = logging.getLogger(__name__)

_ROOT = Path(__file__).parents[2]
# Answers that are read ahead, so that decoding and classifying go on side by side.
_AHEAD = 2
# The most that Linux gives without being asked as root: a frame of 1080p has 6 MB, and each piece of it costs a wait.
_PIPE_BYTES = 1024**2
# A clip whose first frame shows no face for sure is read in two places at once.
_KEPT = 2


@cache
def answer_types() -> dict[str, tuple[Any, ...]]:
    """What each job of `detector.sandbox.worker.JOBS` may answer, as it declares."""
    # not at the top: the page shows before they are needed
    from detector.media.provenance import Provenance
    from detector.sandbox.worker import JOBS

    answers = {
        name: get_args(get_type_hints(job, localns={"Provenance": Provenance})["return"])[0]
        for name, job in JOBS.items()
    }
    return {name: get_args(kind) if isinstance(kind, UnionType) else (kind,) for name, kind in answers.items()}


def _broke_down() -> MediaError:
    return MediaError("Reading the file broke down; it is damaged or made to do harm. Please send the original file.")


class _Process:
    """One worker; does one job at a time."""

    def __init__(self):
        # not multiprocessing: it would import the server's own main module, and all that it imports, once more
        self._running = subprocess.Popen(
            [sys.executable, "-m", "detector.sandbox.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pipesize=_PIPE_BYTES,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")])},
        )
        self.is_usable = True

    @property
    def is_alive(self) -> bool:
        """Whether it can still be asked."""
        return self._running.poll() is None

    def stream(self, job: str, arguments: tuple) -> Iterator[Any]:
        """Answers to a job."""
        self.is_usable = False  # until the last answer was read: the next job would get what is left
        answers: queue.Queue[tuple[str, Any]] = queue.Queue(_AHEAD)
        stopped = threading.Event()
        reading = (answer_types()[job], answers, stopped)
        threading.Thread(target=self._read, args=reading, name="media-answers", daemon=True).start()
        try:
            try:
                protocol.write(self._running.stdin, [job, arguments])
            except OSError as error:
                raise _broke_down() from error
            while True:
                try:
                    kind, value = answers.get(timeout=MAX_ANSWER_S)
                except queue.Empty as error:
                    raise MediaError(
                        "Reading the file takes too long; please send a shorter or smaller version."
                    ) from error
                if kind == "value":
                    yield value
                    continue
                self.is_usable = kind != "broken"
                if kind == "broken":
                    logger.error("a worker ended with code %s during %s", self._running.wait(), job)
                    raise _broke_down()
                if kind == "error":
                    raise value
                return
        finally:
            stopped.set()
            if not self.is_usable:
                self.end()

    def _read(self, types: tuple[Any, ...], answers: queue.Queue[tuple[str, Any]], stopped: threading.Event) -> None:
        """Reads answers ahead until the job is over."""
        kind = "value"
        while kind == "value" and not stopped.is_set():
            try:
                kind, value = protocol.read_answer(self._running.stdout, types)
            except (EOFError, OSError, ValueError):  # the last one where the stream was closed from here
                kind, value = "broken", None
            except protocol.MessageError:
                logger.exception("a worker sent what it should not")
                self._running.kill()  # it would go on
                kind, value = "broken", None
            while not stopped.is_set():
                try:
                    answers.put((kind, value), timeout=0.2)
                    break
                except queue.Full:
                    continue

    def end(self) -> None:
        """Stops the process at once."""
        self.is_usable = False
        self._running.kill()
        self._running.wait()
        for stream in (self._running.stdin, self._running.stdout):
            with suppress(OSError):  # what was not yet written to a process that is gone
                stream.close()


class MediaWorkers:
    """Workers by demand; two that are idle are kept, as starting one takes half a second. Safe to share between threads."""

    def __init__(self):
        self._lock = threading.Lock()
        self._idle: list[_Process] = []

    def warm_up(self) -> None:
        """Starts the first worker before it is needed."""
        with self._lock:
            if not self._idle:
                self._idle.append(_Process())

    def stream(self, job: str, *arguments: Any) -> Iterator[Any]:
        """The answers to a job of `detector.sandbox.worker.JOBS`; leaving early stops it.

        Raises:
            MediaError: The file cannot be read, or reading it broke down or took too long.
            OSError: It cannot be opened.
        """
        with self._lock:
            process = self._idle.pop() if self._idle else None
        if process and not process.is_alive:  # the system may have ended it while it was idle
            process.end()
            process = None
        process = process or _Process()
        try:
            yield from process.stream(job, arguments)
        finally:
            with self._lock:
                keep = process.is_usable and len(self._idle) < _KEPT
                if keep:
                    self._idle.append(process)
            if process.is_usable and not keep:
                process.end()

    def run(self, job: str, *arguments: Any) -> Any:
        """The one answer to a job; raises as `stream` does."""
        (answer,) = self.stream(job, *arguments)
        return answer

    def close(self) -> None:
        """Ends the idle workers."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            process.end()


# One for the process: workers hold nothing between two jobs.
WORKERS = MediaWorkers()
