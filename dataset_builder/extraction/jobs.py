"""Describes the jobs of an extraction, and what a finished one leaves behind.

A job is finished when its two files lie in the folder: the crops as Parquet, and what came of each
video as JSON. A run that was stopped leaves the finished ones, and the next run does the rest.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq

from dataset_builder.extraction.face_crops import FaceCrop, ItemCrops, Unit
from dataset_builder.grouping.near_duplicates import is_photo
from dataset_builder.records import crop_row
from dataset_builder.sources import REAL, SourceItem
from detector.faces.detection import CROP_SCALE, MIN_FACE_PX

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


def write_outcome(
    folder: Path, key: str, job: Job, features: datasets.Features, results: dict[SourceItem, ItemCrops]
) -> None:
    """Writes the two files of a finished job.

    Args:
        folder: Where finished jobs lie.
        key: Of the job.
        job: Tells the order of the rows.
        features: Columns of the data set.
        results: What came of every photo and video of the job.
    """
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
    # two runs on one cache, or two nodes of a cluster, must not write into one file
    part = file.with_name(f"{file.name}.{uuid.uuid4().hex}.part")
    write(part)
    os.replace(part, file)


def finished_jobs(folder: Path) -> set[str]:
    """Lists the keys of the jobs that are finished.

    One listing, not a look for each job: a network disk would remember for a while which files were not there.
    """
    return {file.stem for file in folder.glob("*.json")}


def read_outcome(folder: Path, key: str) -> JobOutcome:
    """Reads what a finished job left."""
    file = folder / f"{key}.json"
    videos = json.loads(file.read_text(encoding="utf-8"))
    outcomes = tuple(VideoOutcome(**video | {"ranks": tuple(video["ranks"])}) for video in videos)
    return JobOutcome(str(file.with_suffix(".parquet")), outcomes)
