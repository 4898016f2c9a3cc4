"""Runs the extraction: resumable, by any pool of workers, in memory that does not grow with the number of videos."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import datasets
from tqdm import tqdm

from dataset_builder.extraction.face_crops import ItemCrops
from dataset_builder.extraction.jobs import Job, JobOutcome, finished_jobs, read_outcome, write_outcome
from dataset_builder.extraction.units import cut_unit
from dataset_builder.sources import SourceItem
from detector.faces.detection import FaceDetector

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CutTask:
    """A job to do, as it is sent to a worker.

    Attributes:
        key: Of the job.
        job: What to cut.
        folder: Where finished jobs go.
        features: Columns of the data set.
    """

    key: str
    job: Job
    folder: Path
    features: datasets.Features


# Calls the function with each task, in any order, and gives the task back with why it was given up, empty where it was not:
# a worker that dies, as a native decoder can on a damaged file, costs only the task in its hands.
Pool = Callable[[Callable[[CutTask], None], list[CutTask]], Generator[tuple[CutTask, str], None, None]]


def run_jobs(jobs: list[Job], folder: Path, features: datasets.Features, pool: Pool) -> list[JobOutcome]:
    """Runs what is not finished yet, with a progress bar.

    Args:
        jobs: What to do.
        folder: Where finished jobs lie and go.
        features: Columns of the data set.
        pool: Who does it.

    Returns:
        The outcomes in the order of the jobs.
    """
    folder = folder.resolve()  # a worker may have another working directory
    folder.mkdir(parents=True, exist_ok=True)
    FaceDetector()  # what ails the installation shows here, and is not taken for a damaged video
    keys = [job.key() for job in jobs]
    finished = finished_jobs(folder)
    tasks = {
        key: CutTask(key, job, folder, features) for key, job in zip(keys, jobs, strict=True) if key not in finished
    }
    total, left = (sum(len(job.items) for job in some) for some in (jobs, [task.job for task in tasks.values()]))
    with tqdm(total=total, initial=total - left, desc="cutting faces", unit="file", disable=None) as bar:
        if tasks:
            with closing(pool(cut_job, list(tasks.values()))) as done:
                for task, lost in done:
                    if lost:
                        _give_up(task, lost)
                    bar.update(len(task.job.items))
    return [read_outcome(folder, key) for key in keys]


def cut_job(task: CutTask) -> None:
    """Does a job, in the process of a worker, and writes what came of it."""
    results: dict[SourceItem, ItemCrops] = {}
    for unit in task.job.units:
        results |= cut_unit(unit, _detector())
    write_outcome(task.folder, task.key, task.job, task.features, results)


@functools.cache
def _detector() -> FaceDetector:
    return FaceDetector()


def _give_up(task: CutTask, lost: str) -> None:
    items = task.job.items
    logger.warning("the decoder crashed on one of %s: %s", ", ".join(item.path for item in items), lost)
    crashed = ItemCrops(problem="the decoder crashed on it or on a video it belongs to.", is_unreadable=True)
    write_outcome(task.folder, task.key, task.job, task.features, dict.fromkeys(items, crashed))
