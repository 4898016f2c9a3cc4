"""Runs the extraction: resumable, on several processes, in memory that does not grow with the number of videos.

A job is finished when its two files lie in the folder: the crops as Parquet, and what came of each
video as JSON. A run that was stopped leaves the finished ones, and the next run does the rest.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import datasets
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from dataset_builder.extraction.face_crops import FaceCrop, ItemCrops, Unit
from dataset_builder.extraction.units import cut_unit
from dataset_builder.grouping.near_duplicates import is_photo
from dataset_builder.records import crop_row
from dataset_builder.sources import REAL, SourceItem
from detector.faces.detection import CROP_SCALE, MIN_FACE_PX, FaceDetector

logger = logging.getLogger(__name__)

# Raised whenever the same source would give other crops, so that finished jobs of older code are not used.
EXTRACTION_VERSION = 3
PHOTOS_PER_JOB = 64
# Ranks of crops when classes are balanced: the highest goes first.
PAIRED, COMMON, EXTRA = range(3)


@dataclass(frozen=True)
class Job:
    """Units that are done and kept together: one of videos, or some photos."""

    units: tuple[Unit, ...]

    @property
    def items(self) -> list[SourceItem]:
        """Lists every photo and video of the job."""
        return [item for unit in self.units for item in unit.items]

    def key(self) -> str:
        """Names the job by every source file and setting that its crops depend on."""
        state: list[object] = [EXTRACTION_VERSION, CROP_SCALE, MIN_FACE_PX]
        for unit in self.units:
            state.append([unit.frames_per_video, unit.real_frames, unit.fake_frames])
        for item in self.items:
            paths = filter(None, (item.path, item.mask_path))
            state.append([asdict(item), [_file_state(path) for path in paths]])
        return hashlib.sha256(json.dumps(state).encode()).hexdigest()[:32]


def _file_state(path: str) -> list[int]:
    """Reads size and time of change; nothing of a link to nowhere, which is told as unreadable later."""
    try:
        return [os.stat(path).st_size, os.stat(path).st_mtime_ns]
    except OSError:
        return []


@dataclass(frozen=True)
class VideoOutcome:
    """What came of one photo or video.

    Attributes:
        video_id: As in the data set.
        manipulation: ``real`` for a real one.
        crops: Number of face crops.
        problem: Why there are none; empty otherwise.
        is_unreadable: Whether the file itself was the problem.
        has_own_box: See `face_crops.ItemCrops`.
        ranks: For each crop, `PAIRED` (its original, or a fake made from it, was cut at the same instant), `COMMON`, or
            `EXTRA` (taken for balance).
    """

    video_id: str
    manipulation: str
    crops: int
    problem: str
    is_unreadable: bool
    has_own_box: bool
    ranks: tuple[int, ...]

    @property
    def label(self) -> int:
        """Gives 0 for real, 1 for fake."""
        return int(self.manipulation != REAL)


@dataclass(frozen=True)
class JobOutcome:
    """A finished job: its Parquet file and, in the order of its rows, what came of each video."""

    crops_file: str
    videos: tuple[VideoOutcome, ...]


def make_jobs(units: list[Unit]) -> list[Job]:
    """Makes one job of each unit of videos, and of some photos together."""
    photos, jobs = [], []
    for unit in units:
        if all(is_photo(item.path) for item in unit.items):
            photos.append(unit)
        else:
            jobs.append(Job((unit,)))
    return jobs + [
        Job(tuple(photos[start : start + PHOTOS_PER_JOB])) for start in range(0, len(photos), PHOTOS_PER_JOB)
    ]


def run_jobs(jobs: list[Job], folder: Path, features: datasets.Features, workers: int = 1) -> list[JobOutcome]:
    """Runs what is not finished yet, with a progress bar.

    A worker process that dies, as a native decoder can on a damaged file, costs the videos of its job only.

    Args:
        jobs: What to do.
        folder: Where finished jobs lie and go.
        features: Columns of the data set.
        workers: Processes.

    Returns:
        The outcomes in the order of the jobs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    FaceDetector()  # what ails the installation shows here, and is not taken for a damaged video
    keys = [job.key() for job in jobs]
    waiting = {key: job for key, job in zip(keys, jobs, strict=True) if not (folder / f"{key}.json").is_file()}
    total, left = (sum(len(job.items) for job in some) for some in (jobs, waiting.values()))
    with tqdm(total=total, initial=total - left, desc="cutting faces", unit="file", disable=None) as bar:
        suspects = {}
        while waiting:
            for key in _run_pool(waiting, folder, features, workers, bar):
                suspects[key] = waiting.pop(key)
        # which of the jobs that ran when a process died is to blame shows when each runs alone
        for key, job in suspects.items():
            if _run_pool({key: job}, folder, features, 1, bar):
                logger.warning("the decoder crashed on one of %s", ", ".join(item.path for item in job.items))
                _write(folder, key, job, features, {item: _crashed() for item in job.items})
                bar.update(len(job.items))
    return [_read_outcome(folder / f"{key}.json") for key in keys]


def _run_pool(waiting: dict[str, Job], folder: Path, features: datasets.Features, workers: int, bar: tqdm) -> set[str]:
    """Takes jobs out of `waiting` as they finish; when a process dies, gives back which ones were running."""
    queue = iter(list(waiting.items()))
    running: dict[Future[None], str] = {}
    # spawn: a fork of a process with running OpenCV and FFmpeg threads can hang
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(workers,)) as pool:
        try:
            while True:
                # never more than can be worked on, so that memory does not grow with the number of videos
                for key, job in itertools.islice(queue, 2 * workers - len(running)):
                    running[pool.submit(_do, folder, key, job, features)] = key
                if not running:
                    return set()
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    future.result()
                    job = waiting.pop(running.pop(future))
                    bar.update(len(job.items))
        except BrokenProcessPool:
            return set(running.values())
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


_detector: FaceDetector | None = None


def _start(workers: int) -> None:
    global _detector
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: the parent stops after the videos in work
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if workers > 1:
        cv2.setNumThreads(1)
    _detector = FaceDetector()


def _end_with_parent() -> None:
    """Ends this worker when its parent is killed: it would wait for work forever."""
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _do(folder: Path, key: str, job: Job, features: datasets.Features) -> None:
    results: dict[SourceItem, ItemCrops] = {}
    assert _detector is not None  # `_start` made it
    for unit in job.units:
        results |= cut_unit(unit, _detector)
    _write(folder, key, job, features, results)


def _crashed() -> ItemCrops:
    return ItemCrops(problem="the decoder crashed on it or on a video it belongs to.", is_unreadable=True)


def _write(folder: Path, key: str, job: Job, features: datasets.Features, results: dict[SourceItem, ItemCrops]) -> None:
    rows, outcomes = [], []
    for item in job.items:
        result = results[item]
        rows += [crop_row(item, result.sha256, crop, features) for crop in result.crops]
        outcome = VideoOutcome(
            video_id=item.video_id,
            manipulation=item.manipulation,
            crops=len(result.crops),
            problem=result.problem,
            is_unreadable=result.is_unreadable,
            has_own_box=result.has_own_box,
            ranks=tuple(map(_rank, result.crops)),
        )
        outcomes.append(asdict(outcome))
    # the JSON comes last: it is the sign that the job is finished
    _replace(folder / f"{key}.parquet", lambda part: pq.write_table(_table(rows, features), part))
    _replace(folder / f"{key}.json", lambda part: part.write_text(json.dumps(outcomes), encoding="utf-8"))


def _rank(crop: FaceCrop) -> int:
    """Ranks a crop for the balance of classes; see `VideoOutcome.ranks`."""
    if crop.is_paired:
        return PAIRED
    return EXTRA if crop.is_extra else COMMON


def _table(rows: list[dict[str, Any]], features: datasets.Features) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=features.arrow_schema)


def _replace(file: Path, write: Callable[[Path], object]) -> None:
    # two runs on one cache must not write into one file
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    write(part)
    os.replace(part, file)


def _read_outcome(file: Path) -> JobOutcome:
    videos = json.loads(file.read_text(encoding="utf-8"))
    outcomes = tuple(VideoOutcome(**video | {"ranks": tuple(video["ranks"])}) for video in videos)
    return JobOutcome(str(file.with_suffix(".parquet")), outcomes)
