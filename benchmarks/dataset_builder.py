"""Measures videos per minute and peak memory of the data set builder.

    python -m benchmarks.dataset_builder

Makes 10-second 720p clips in FaceForensics++ layout, builds a data set of them with 1 and with 2
processes, and of twice as many clips with 1, to show whether memory grows.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import psutil
from tqdm import tqdm

from benchmarks.media import portrait
from detector.command_line import stoppable
from detector.markdown import markdown_table

ROOT = Path(__file__).parent.parent
SIZE, FPS, SECONDS = (1280, 720), 25, 10


def make_clips(root: Path, pairs: int) -> int:
    """Writes clips in FaceForensics++ layout: for each pair both originals and the fakes in both directions.

    Args:
        root: Folder to write to.
        pairs: Number of pairs of sequences.

    Returns:
        The number of clips.
    """
    head = portrait(360)
    random = np.random.default_rng(0)
    names = []
    for number in range(pairs):
        a, b = f"{2 * number:03d}", f"{2 * number + 1:03d}"
        names += [("original_sequences/youtube", a), ("original_sequences/youtube", b)]
        names += [("manipulated_sequences/Deepfakes", f"{a}_{b}"), ("manipulated_sequences/Deepfakes", f"{b}_{a}")]
    for folder, name in tqdm(names, desc="making clips", unit="clip", disable=None):
        path = root / folder / "c23" / "videos" / f"{name}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = random.integers(40, 220, (9, 16, 3), dtype=np.uint8)
        background: np.ndarray = cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC)
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=FPS)
            stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
            stream.options = {"crf": "23", "preset": "veryfast"}
            for step in range(FPS * SECONDS):
                frame = background.copy()
                frame[180:540, 200 + step : 560 + step] = head
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            container.mux(stream.encode())
    return len(names)


def measure(root: Path, videos: int, processes: int, output: Path) -> dict[str, Any]:
    """Runs the builder as a command and samples the resident memory of it and its workers.

    Args:
        root: Folder with the clips.
        videos: Number of the clips.
        processes: Number of processes of the builder.
        output: Folder for the data set.

    Returns:
        Processes, videos, seconds, videos per minute, and the peak of the summed resident memory in MB.

    Raises:
        RuntimeError: The builder failed.
    """
    command = ["-m", "dataset_builder", "--root", str(root), "--output", str(output), "--num-proc", str(processes)]
    start = time.monotonic()
    running = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peak, done = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.1):
            try:
                family = [psutil.Process(running.pid), *psutil.Process(running.pid).children(recursive=True)]
                peak = max(peak, sum(process.memory_info().rss for process in family))
            except psutil.NoSuchProcess:
                continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, errors = running.communicate()
    seconds = time.monotonic() - start
    done.set()
    watcher.join()
    if running.returncode:
        raise RuntimeError(errors.decode(errors="replace")[-2000:])
    return {
        "processes": processes,
        "videos": videos,
        "seconds": round(seconds, 1),
        "videos_per_minute": round(60 * videos / seconds, 1),
        "peak_memory_mb": peak // 1024**2,
    }


@stoppable
def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code: 0 done, 130 stopped by Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.dataset_builder",
        description="Measures videos per minute and peak memory of the builder, on 10-second 720p clips that it makes.",
        epilog="example: python -m benchmarks.dataset_builder --pairs 6 --json",
    )
    parser.add_argument(
        "--pairs", type=int, default=6, help="pairs of sequences, four clips each (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small"), Path(folder, "large")
        videos = make_clips(large, 2 * options.pairs)
        shutil.copytree(large, small)
        for path in small.rglob("*.mp4"):
            if int(path.stem[:3]) >= 2 * options.pairs:
                path.unlink()
        runs = [
            measure(small, videos // 2, 1, Path(folder, "out1")),
            measure(small, videos // 2, 2, Path(folder, "out2")),
            measure(large, videos, 1, Path(folder, "out3")),
        ]
    text = markdown_table(
        tuple(key.replace("_", " ") for key in runs[0]), [tuple(str(value) for value in run.values()) for run in runs]
    )
    sys.stdout.write((json.dumps(runs) if options.json else text) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
