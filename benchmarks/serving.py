"""Measures the server: from its start to the first verdict, eight visitors at once, and the memory of all that."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from gradio_client import Client, handle_file

from benchmarks.server_process import ServerProcess
from benchmarks.speed import Row

CLIENTS = 8
PHOTOS_PER_CLIENT = 3


def first_verdict(photo: Path, folder: Path) -> float:
    """Measures the seconds from the start of the server's process to the verdict on a photo."""
    start = time.perf_counter()
    with ServerProcess(folder) as server:
        Client(server.address, verbose=False).predict(handle_file(photo), api_name="/analyze_image")
        return time.perf_counter() - start


class _PeakMemory(threading.Thread):
    """Watches the memory of a server.

    Attributes:
        memory_mb: Largest resident memory so far, in MB.
    """

    def __init__(self, server: ServerProcess):
        super().__init__(daemon=True)
        self._server, self._done, self.memory_mb = server, threading.Event(), 0

    def run(self) -> None:
        """Looks ten times per second."""
        while not self._done.wait(0.1):
            self.memory_mb = max(self.memory_mb, self._server.footprint().memory_mb)

    def stop(self) -> int:
        """Stops watching; gives the largest memory in MB."""
        self._done.set()
        self.join()
        return self.memory_mb


def serving(photo: Path, clips: dict[str, Path], folder: Path, starts: int = 3) -> list[Row]:
    """Measures cold starts, clips, and several visitors at once; every answer is a verdict, or this fails.

    Args:
        photo: Photo to send.
        clips: Clips to send, by the names that rows give them.
        folder: Folder for the files of the servers.
        starts: Number of cold starts.
    """
    rows = []
    cold = [first_verdict(photo, _new(folder, f"start{number}")) for number in range(starts)]
    rows.append(Row("start of the server to the first verdict on a photo", median(cold)))
    with ServerProcess(_new(folder, "server")) as server:
        watch = _PeakMemory(server)
        watch.start()
        clients = [Client(server.address, verbose=False) for _ in range(CLIENTS)]
        peaks = []
        for name, path in clips.items():
            clients[0].predict(handle_file(path), api_name="/analyze_video")  # read once, so in the file cache
            start = time.perf_counter()
            clients[0].predict(handle_file(path), api_name="/analyze_video")
            rows.append(Row(f"{name}, through the API, with its report", time.perf_counter() - start))
            peaks.append(Row(f"{name}: memory of the server and its worker so far", 0.0, watch.memory_mb, "MB at most"))

        def visit(client: Client) -> list[float]:
            taken = []
            for _ in range(PHOTOS_PER_CLIENT):
                start = time.perf_counter()
                client.predict(handle_file(photo), api_name="/analyze_image")
                taken.append(time.perf_counter() - start)
            return taken

        start = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            taken = [seconds for answers in pool.map(visit, clients) for seconds in answers]
        rate = len(taken) / (time.perf_counter() - start)
        rows.append(Row(f"{CLIENTS} clients at once, slowest answer", max(taken), 60 * rate, "photos a minute"))
        peaks.append(Row("all of this: memory of the server and its worker", 0.0, watch.stop(), "MB at most"))
    return rows + peaks


def _new(folder: Path, name: str) -> Path:
    """Makes a folder."""
    (folder / name).mkdir()
    return folder / name
