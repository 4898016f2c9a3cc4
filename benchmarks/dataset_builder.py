"""Measures videos per minute and peak memory of the data set builder.

    python -m benchmarks.dataset_builder

Makes 10-second 720p clips in FaceForensics++ layout, builds a data set of them with 1 and with 2
processes and over Ray on this machine with 2 workers, and of twice as many clips with 1 process, to show whether memory grows.
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
# Ways to run the builder, with its options.
ONE, TWO, RAY = "1 process", "2 processes", "Ray, 2 workers"
WAYS = {ONE: ["--num-proc", "1"], TWO: ["--num-proc", "2"], RAY: ["--num-proc", "2", "--address", "local"]}


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


def measure(root: Path, videos: int, way: str, output: Path) -> dict[str, Any]:
    """Runs the builder as a command and samples the resident memory of it and its workers.

    Args:
        root: Folder with the clips.
        videos: Number of the clips.
        way: One of `WAYS`.
        output: Folder for the data set.

    Returns:
        Way, videos, crops, seconds, videos per minute, crops per second, and the peak of the summed resident memory in MB.

    Raises:
        RuntimeError: The builder failed.
    """
    command = ["-m", "dataset_builder", "--root", str(root), "--output", str(output), "--json", *WAYS[way]]
    start = time.monotonic()
    running = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
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
    summary, errors = running.communicate()
    seconds = time.monotonic() - start
    done.set()
    watcher.join()
    if running.returncode:
        raise RuntimeError(errors.decode(errors="replace")[-2000:])
    crops = sum(sum(counts.values()) for counts in json.loads(summary)["frames"].values())
    return {
        "way": way,
        "videos": videos,
        "crops": crops,
        "seconds": round(seconds, 1),
        "videos_per_minute": round(60 * videos / seconds, 1),
        "crops_per_second": round(crops / seconds, 2),
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
            *(measure(small, videos // 2, way, Path(folder, way)) for way in WAYS),
            measure(large, videos, ONE, Path(folder, "large")),
        ]
    text = markdown_table(
        tuple(key.replace("_", " ") for key in runs[0]), [tuple(str(value) for value in run.values()) for run in runs]
    )
    sys.stdout.write((json.dumps(runs) if options.json else text) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
