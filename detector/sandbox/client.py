"""Has untrusted media read by worker processes, so that what breaks a decoder does not break the server."""

from __future__ import annotations

import logging
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from typing import Any, TypeVar

from detector.errors import MediaError
from detector.limits import MAX_ANSWER_S
from detector.sandbox import protocol

logger = logging.getLogger(__name__)

_ROOT = Path(__file__).parents[2]
# Answers that are read ahead, so that decoding and classifying go on side by side.
_AHEAD = 2
# The most that Linux gives without being asked as root: a frame of 1080p has 6 MB, and each piece of it costs a wait.
_PIPE_BYTES = 1024**2
_PATTERN = 0x5A
# A clip whose first frame shows no face for sure is read in two places at once.
_KEPT = 2

Answer = TypeVar("Answer")


def broke_down() -> MediaError:
    """Makes the error for a worker that ended, or sent what it should not."""
    return MediaError("Reading the file broke down; it is damaged or made to do harm. Please send the original file.")


def worker_environment() -> dict[str, str]:
    """Gives the environment of a worker: ours, where this package lies, and glibc's order to overwrite memory.

    That is done when memory is taken and when it is freed: a decoder that gives what it never wrote then gives a pattern, not
    the photo of whoever came before. It makes decoding a twentieth to a tenth slower. Other allocators do not know it.
    """
    tunables = [os.environ.get("GLIBC_TUNABLES", ""), f"glibc.malloc.perturb={_PATTERN}"]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")]),
        "GLIBC_TUNABLES": ":".join(filter(None, tunables)),
    }


class _Process:
    """One worker; does one job at a time."""

    def __init__(self) -> None:
        # not multiprocessing: it would import the server's own main module, and all that it imports, once more
        self._running = subprocess.Popen(
            [sys.executable, "-m", "detector.sandbox.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pipesize=_PIPE_BYTES,
            env=worker_environment(),
        )
        assert self._running.stdin and isinstance(self._running.stdout, BufferedReader)  # both are pipes
        self._requests, self._answers = self._running.stdin, self._running.stdout
        self.is_usable = True

    @property
    def is_alive(self) -> bool:
        """Whether it can still be asked."""
        return self._running.poll() is None

    def stream(self, job: str, arguments: tuple[Any, ...], types: tuple[Any, ...]) -> Generator[Any, None, None]:
        """Gives the answers to a job, each of one of these types."""
        self.is_usable = False  # until the last answer was read: the next job would get what is left
        answers: queue.Queue[tuple[str, Any]] = queue.Queue(_AHEAD)
        stopped = threading.Event()
        reading = (types, answers, stopped)
        threading.Thread(target=self._read, args=reading, name="media-answers", daemon=True).start()
        try:
            try:
                protocol.write(self._requests, [job, arguments])
            except OSError as error:
                raise broke_down() from error
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
                    raise broke_down()
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
                kind, value = protocol.read_answer(self._answers, types)
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
        for stream in (self._requests, self._answers):
            with suppress(OSError):  # what was not yet written to a process that is gone
                stream.close()


class MediaWorkers:
    """Workers by demand; two that are idle are kept, as starting one takes half a second. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Process] = []

    def warm_up(self) -> None:
        """Starts the first worker before it is needed."""
        with self._lock:
            if not self._idle:
                self._idle.append(_Process())

    def stream(
        self, job: Callable[..., Iterator[Answer]], *arguments: Any, answers: tuple[Any, ...]
    ) -> Generator[Answer, None, None]:
        """Gives the answers to a job; leaving early stops it.

        Args:
            job: One of `detector.sandbox.worker.JOBS`. It runs in a worker; here only its name is used.
            arguments: Builtins, dataclasses, paths and uint8 arrays.
            answers: The types that its answers may have; anything else is refused.

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
            yield from process.stream(job.__name__, arguments, answers)
        finally:
            with self._lock:
                keep = process.is_usable and len(self._idle) < _KEPT
                if keep:
                    self._idle.append(process)
            if process.is_usable and not keep:
                process.end()

    def close(self) -> None:
        """Ends the idle workers."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            process.end()


# One for the process: workers hold nothing between two jobs.
WORKERS = MediaWorkers()
