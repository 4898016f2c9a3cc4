"""Starts, watches and kills the server as a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Footprint:
    """What a server and its children hold at one moment.

    Attributes:
        memory_mb: Resident memory of all of them, in MB.
        descriptors: Number of open files and connections.
        files: Number of files with content below its temporary folder.
        empty_files: Number of empty ones; Gradio's file input leaves one per request, and they are swept.
    """

    memory_mb: int
    descriptors: int
    files: int
    empty_files: int


def files_below(folder: Path) -> Iterator[Path]:
    """Lists the files of a running server: passes over folders that it deletes meanwhile; a listed file may be gone."""
    for parent, _, names in os.walk(folder):  # `rglob` raises where a folder goes
        yield from (Path(parent, name) for name in names)


class ServerProcess:
    """A server on loopback whose temporary files go below a folder; as a context manager it waits for the start."""

    def __init__(self, folder: Path, command: tuple[str, ...] = ("app.py",), **environment: str):
        """Starts the server.

        Args:
            folder: Folder for its log and its temporary files.
            command: Arguments of Python.
            **environment: Further variables.
        """
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self.folder = folder
        self._log = folder / "server.log"
        variables = os.environ | {
            "GRADIO_SERVER_PORT": str(port),
            "GRADIO_SERVER_NAME": "127.0.0.1",
            "GRADIO_TEMP_DIR": str(folder / "temporary"),
            **environment,
        }
        with self._log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=variables, stdout=log, stderr=subprocess.STDOUT
            )

    def __enter__(self) -> ServerProcess:
        try:
            self._wait_until_up()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.kill()

    def _wait_until_up(self, timeout_s: float = 120) -> None:
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended: {self._log.read_text()[-2000:]}")
            try:
                httpx2.get(f"{self.address}/config", timeout=5).raise_for_status()
                return
            except httpx2.HTTPError:
                time.sleep(0.2)
        raise TimeoutError(f"the server gave no answer within {timeout_s} s")

    def kill(self) -> None:
        """Kills the server, which cannot clean up."""
        if self.process.poll() is None:
            for child in psutil.Process(self.process.pid).children(recursive=True):
                child.send_signal(signal.SIGKILL)
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def footprint(self) -> Footprint:
        """Measures what it holds now."""
        server = psutil.Process(self.process.pid)
        memory = descriptors = 0
        for process in (server, *server.children(recursive=True)):
            try:
                memory += process.memory_info().rss
                descriptors += process.num_fds()
            except psutil.NoSuchProcess:  # a worker that ended
                continue
        sizes = []
        for path in files_below(self.folder / "temporary"):
            with suppress(FileNotFoundError):
                if path.name != ".lock":
                    sizes.append(path.stat().st_size)
        return Footprint(memory // 1024**2, descriptors, sum(size > 0 for size in sizes), sizes.count(0))
