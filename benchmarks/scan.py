"""Measures how `python -m detector scan` grows with workers, what Ray adds to a file, and what is lost where a node or the driver dies.

python -m benchmarks scan
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pyarrow.dataset
from ray.cluster_utils import Cluster
from tqdm import tqdm

from benchmarks.__main__ import table
from benchmarks.media import ClipKind, make_clip
from benchmarks.speed import Row, default_model
from detector.analyzer import Analyzer
from detector.batch.cluster import ClusterOptions, connected, outcomes
from detector.batch.scan.command import ScanOptions
from detector.batch.scan.command import run as run_scan
from detector.command_line import stoppable

FILES = 24
PIECES = 1000
# Of a clip: fewer than usual, so that a run takes minutes.
FRAMES_PER_VIDEO = 8
CLIP_FRAMES = 300
NODES = 3
# Of the files, when the node or the driver is killed.
_KILL_AT = 3
_LOOK_S = 0.2
_FREE_BOX = b"free"


def make_archive(folder: Path, files: int, frames: int = CLIP_FRAMES) -> Path:
    """Makes clips of which no two have the same bytes; all show the same."""
    folder.mkdir()
    first = make_clip(folder / "0000.mp4", ClipKind(keyframe_every=30), frames)
    for number in range(1, files):
        copy = folder / f"{number:04d}.mp4"
        shutil.copy(first, copy)
        with open(copy, "ab") as stream:  # a box of MP4 that readers pass over
            content = _FREE_BOX + number.to_bytes(4, "big")
            stream.write((len(content) + 4).to_bytes(4, "big") + content)
    return folder


def rows_of(table: Path) -> dict[str, str]:
    """Reads which files have a row, and when each was analysed.

    Raises:
        RuntimeError: A file has two.
    """
    if not any(table.glob("partition=*/*.parquet")):
        return {}
    found = pyarrow.dataset.dataset(table, partitioning="hive").to_table(["path", "analysed_at", "error"]).to_pylist()
    rows = {row["path"]: str(row["analysed_at"]) for row in found if row["error"] is None}
    if len(rows) != len(found):
        raise RuntimeError(f"{len(found)} rows for {len(rows)} files with a result")
    return rows


def speed(archive: Path, folder: Path) -> list[Row]:
    """Measures the whole archive by a plain loop, by the plain command, and by scans with one and two workers."""
    files = sorted(archive.iterdir())
    works: dict[str, Callable[[], object]] = {
        "a plain loop over Analyzer.analyze": lambda: _loop(files),
        "python -m detector": lambda: _command(str(archive), "--json", "--output", str(folder / "lines.jsonl")),
    }
    for workers in (1, 2):
        table = str(folder / f"{workers}-workers")
        works[f"scan, {workers} worker{'s' * (workers > 1)}"] = lambda table=table, workers=workers: _command(  # type: ignore[misc]
            "scan", str(archive), "--output", table, "--workers", str(workers)
        )
    rows = []
    for name, work in works.items():
        start = time.perf_counter()
        work()
        seconds = time.perf_counter() - start
        rows.append(Row(f"{len(files)} clips, {name}", seconds, 60 * len(files) / seconds, "files a minute"))
    return rows


def _loop(files: list[Path]) -> None:
    analyzer = Analyzer(default_model())
    for file in files:
        analyzer.analyze(file, FRAMES_PER_VIDEO)


def _command(*arguments: str) -> None:
    subprocess.run(_line(*arguments), check=True, stderr=subprocess.DEVNULL)


def _line(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "detector", *arguments, "--frames", str(FRAMES_PER_VIDEO)]


def overhead(pieces: int) -> list[Row]:
    """Measures what starting Ray takes, and what it adds to a piece of work that does nothing."""
    options = ClusterOptions(workers=2)
    start = time.perf_counter()
    with connected(options):
        list(outcomes(_nothing, range(4), options, "nothing"))
        started = time.perf_counter() - start
        start = time.perf_counter()
        list(outcomes(_nothing, range(pieces), options, "nothing"))
        each = (time.perf_counter() - start) / pieces
    return [Row("start of Ray, to the first answer", started), Row("what Ray adds to a file", each, 1000 * each, "ms")]


def _nothing(number: int) -> int:
    return number


def node_dies(archive: Path, folder: Path) -> list[Row]:
    """Scans on three nodes, of which one is killed midway, and checks that every file has exactly one row."""
    files, table = len(list(archive.iterdir())), folder / "node"
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    others = [cluster.add_node(num_cpus=1) for _ in range(NODES - 1)]
    killed_at: list[int] = []

    def kill() -> None:
        killed_at.append(len(rows_of(table)))
        cluster.remove_node(others[0], allow_graceful=False)

    try:
        with _once(table, files // _KILL_AT, kill):
            code = run_scan(ScanOptions([str(archive)], str(table), cluster.address, frames=FRAMES_PER_VIDEO))
    finally:
        cluster.shutdown()
    rows = len(rows_of(table))
    if code or rows != files:
        raise RuntimeError(f"{rows} rows for {files} files, exit code {code}")
    return [
        Row(f"rows when one of {NODES} nodes was killed", 0, killed_at[0], "rows"),
        Row(f"rows of {files} files in the end, one each", 0, rows, "rows"),
    ]


def driver_dies(archive: Path, folder: Path) -> list[Row]:
    """Kills a scan midway, starts it again, and checks that nothing with a row was analysed twice."""
    files, table = len(list(archive.iterdir())), folder / "driver"
    command = _line("scan", str(archive), "--output", str(table), "--workers", "2", "--json")
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    with _once(table, files // _KILL_AT, lambda: os.kill(running.pid, signal.SIGKILL)):
        running.wait()
    before = rows_of(table)
    summary = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    after = rows_of(table)
    again = [path for path, moment in before.items() if after[path] != moment]
    if len(after) != files or again or summary["done_before"] != len(before):
        raise RuntimeError(f"{len(after)} rows for {files} files, {len(again)} analysed again")
    return [
        Row("rows when the scan was killed", 0, len(before), "rows"),
        Row("of them analysed again by the next one", 0, len(again), "rows"),
        Row(f"rows of {files} files in the end, one each", 0, len(after), "rows"),
    ]


@contextmanager
def _once(table: Path, rows: int, do: Callable[[], object]) -> Iterator[None]:
    """Does something once as many rows are there."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK_S):
            if len(rows_of(table)) >= rows:
                do()
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def run(files: int) -> list[Row]:
    """Measures all of it."""
    rows = overhead(PIECES)
    with tempfile.TemporaryDirectory() as name, tqdm(total=3, unit="part", disable=None) as bar:
        archive = make_archive(Path(name, "archive"), files)
        for part in (speed, node_dies, driver_dies):
            bar.set_description(part.__name__.replace("_", " "))
            rows += part(archive, Path(name))
            bar.update()
    return rows


@stoppable
def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code: 0 done, 130 stopped by Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks scan",
        description="Measures scans of archives on this machine, and what is lost where a node or the driver is killed; "
        "takes some ten minutes.",
        epilog="example: python -m benchmarks scan --files 12 --json",
    )
    parser.add_argument("--files", type=int, default=FILES, help="clips to make (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    if options.files < _KILL_AT:
        parser.error(f"--files must be at least {_KILL_AT}")
    rows = run(options.files)
    sys.stdout.write((json.dumps([asdict(row) for row in rows]) if options.json else table(rows)) + "\n")
    return 0
