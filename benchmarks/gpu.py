"""Measures how fast the network is on an NVIDIA GPU, against a matrix product of the same type on the same card.

    python -m benchmarks.gpu

A convolution is a matrix product with fewer numbers to fetch, so that product is what the card can do.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from benchmarks.__main__ import table
from benchmarks.media import CLIPS, make_clip
from benchmarks.speed import OPERATIONS_PER_CROP, Row, interleaved, sample_crops
from detector.analyzer import Analyzer
from detector.command_line import stoppable
from detector.network.loading import BUNDLED_FOLDER, LoadedModel, load_folder
from detector.network.runtimes import Runtime, RuntimeFacts
from detector.network.runtimes.batching import Batcher
from detector.network.runtimes.cuda_runtime import CudaRuntime, build_cuda_runtime

NO_GPU = "This machine has no NVIDIA GPU that PyTorch can use, so there is nothing to measure."
BATCHES = (1, 8, 64, 256)
DTYPES = (torch.float16, torch.bfloat16, torch.float32)
_USUAL = next(iter(CLIPS.values()))


def crops_on(
    device: str,
    rounds: int,
    batches: Sequence[int] = BATCHES,
    dtypes: Sequence[torch.dtype] = DTYPES,
    product_side: int = 8192,
    in_a_row: int = 4,
) -> list[Row]:
    """Measures crops a second by size of batch, from uint8 crops on the CPU to scores on the CPU, and agreement with float32.

    Args:
        device: ``cuda`` or ``cpu``.
        rounds: Runs behind each median.
        batches: How many crops are computed at once.
        dtypes: Types of the convolutions.
        product_side: Rows of the matrices.
        in_a_row: How many batches are asked for together, so that uploads can overlap.
    """
    reference = load_folder(BUNDLED_FOLDER, "reference", runtime="torch")
    faces = sample_crops(in_a_row)
    exact = reference.predict(faces)
    rows = []
    for dtype in dtypes:
        runtimes = {batch: _runtime(reference, device, dtype, batch) for batch in batches}
        works: dict[str, Callable[[], object]] = {"product": _product(product_side, dtype, device)}
        works |= {
            str(batch): partial(runtime.predict, [faces[number % in_a_row] for number in range(in_a_row * batch)])
            for batch, runtime in runtimes.items()
        }
        seconds = interleaved(works, rounds)
        peak = 2 * product_side**3 / seconds["product"]
        name = next(iter(runtimes.values())).name
        rows.append(Row(f"{name}, matrix product", seconds["product"], peak / 1e12, "trillion operations a second"))
        for batch in batches:
            rate = in_a_row * batch / seconds[str(batch)]
            rows.append(Row(f"{name}, batches of {batch}", seconds[str(batch)], rate, "crops a second"))
            share = 100 * rate * OPERATIONS_PER_CROP / peak
            rows.append(Row(f"{name}, batches of {batch}, against the product", 0.0, share, "% of its speed"))
        found = next(iter(runtimes.values())).predict(faces)
        moved = float(np.abs(found.log_odds - exact.log_odds).max())
        rows.append(Row(f"{name}, largest change of log odds", 0.0, 1000 * moved, "thousandths"))
    return rows


def clips_on(runtime: Runtime, clip: Path, count: int, at_once: Sequence[int]) -> list[Row]:
    """Measures clips a minute, so many analysed at once, each by a thread of its own with a process that decodes.

    Args:
        runtime: Computes the bundled model.
        clip: A clip, which all of them are.
        count: How many are analysed each time.
        at_once: How many at the same time.
    """
    model = replace(load_folder(BUNDLED_FOLDER, "bundled", runtime="torch"), runtime=runtime)
    analyzer = Analyzer(model)
    analyzer.analyze_video(clip)  # what is set up at the first call is not measured
    rows = []
    for number in at_once:
        start = time.perf_counter()
        with ThreadPoolExecutor(number) as threads:
            results = list(threads.map(analyzer.analyze_video, [clip] * count))
        seconds = time.perf_counter() - start
        assert all(analysis.result.faces for analysis in results)
        rows.append(Row(f"{count} clips, {number} at once, {runtime.name}", seconds, 60 * count / seconds, "a minute"))
    return rows


def _runtime(model: LoadedModel, device: str, dtype: torch.dtype, batch_size: int) -> CudaRuntime:
    config = json.loads((BUNDLED_FOLDER / "config.json").read_text(encoding="utf-8"))
    facts = RuntimeFacts(model.info.real, (), model.info.weights_sha256 or "")
    return build_cuda_runtime(BUNDLED_FOLDER, config, facts, device, dtype, batch_size)


def _product(side: int, dtype: torch.dtype, device: str) -> Callable[[], object]:
    """Makes a matrix product that is waited for."""
    matrix = torch.rand(side, side, device=device).to(dtype)

    def multiply() -> None:
        torch.mm(matrix, matrix)
        if device == "cuda":
            torch.cuda.synchronize()

    return multiply


@stoppable
def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code: 0 done, 2 there is no GPU, 130 stopped by Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description="Measures crops a second and clips a minute on an NVIDIA GPU; takes about five minutes.",
        epilog="example: python -m benchmarks.gpu --json",
    )
    parser.add_argument("--rounds", type=int, default=5, help="runs behind each median (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    if not torch.cuda.is_available():
        sys.stderr.write(f"{NO_GPU}\n")
        return 2
    rows = crops_on("cuda", options.rounds)
    cores = os.cpu_count() or 1
    batcher = Batcher(_runtime(load_folder(BUNDLED_FOLDER, "bundled", runtime="torch"), "cuda", torch.float16, 16))
    with tempfile.TemporaryDirectory() as name:
        clip = make_clip(Path(name) / "clip.mp4", _USUAL)
        rows += clips_on(batcher, clip, 4 * cores, sorted({1, max(cores // 2, 1), cores}))
    sys.stdout.write((json.dumps([asdict(row) for row in rows]) if options.json else table(rows)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
