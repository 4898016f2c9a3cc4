import concurrent.futures
import os
import subprocess
import sys
import time

import psutil
import pytest

from dataset_builder.extraction import jobs
from dataset_builder.extraction.face_crops import Unit
from dataset_builder.extraction.jobs import Job, make_jobs, run_jobs
from dataset_builder.records import features
from dataset_builder.sources import SourceItem
from tests.media_factory import clip

COLUMNS = features(("Deepfakes",))


@pytest.fixture
def processes(monkeypatch):
    """Has the jobs done as users have it."""
    monkeypatch.setattr(jobs, "ProcessPoolExecutor", concurrent.futures.ProcessPoolExecutor)


def unit(path) -> Unit:
    item = SourceItem(str(path), "real", "c23", f"youtube/{path.stem}", path.stem, "", (path.stem,))
    return Unit(item, (), 2, 2, 2)


@pytest.fixture
def three(tmp_path):
    return make_jobs([unit(clip(tmp_path / f"{number:03d}.mp4", number)) for number in range(3)])


@pytest.mark.usefixtures("processes")
def test_finished_videos_are_not_done_again(three, tmp_path):
    folder = tmp_path / "crops"
    run_jobs(three[:2], folder, COLUMNS)
    before = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    outcomes = run_jobs(three, folder, COLUMNS)
    after = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert len(before) == 4 and len(after) == 6
    assert before.items() <= after.items()
    assert [outcome.videos[0].video_id for outcome in outcomes] == ["youtube/000", "youtube/001", "youtube/002"]


def test_job_that_was_stopped_while_writing_is_done_again(three, tmp_path):
    folder = tmp_path / "crops"
    run_jobs(three[:1], folder, COLUMNS)
    (folder / f"{three[0].key()}.json").unlink()  # it is written last
    (outcome,) = run_jobs(three[:1], folder, COLUMNS)
    assert outcome.videos[0].crops == 2


def test_changed_video_is_done_again(three, tmp_path):
    before = three[0].key()
    clip(tmp_path / "000.mp4", 9)
    assert three[0].key() != before


def dying(folder, key, job, columns):
    """What a crash of a native decoder does to a worker process."""
    if job.items[0].video_id.endswith("001"):
        os._exit(1)
    return REAL_DO(folder, key, job, columns)


REAL_DO = jobs._do


@pytest.mark.usefixtures("processes")
def test_crash_of_a_decoder_costs_its_video_only(three, tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "_do", dying)
    outcomes = run_jobs(three, tmp_path / "crops", COLUMNS, workers=2)
    assert [outcome.videos[0].crops for outcome in outcomes] == [2, 0, 2]
    assert outcomes[1].videos[0].is_unreadable and "crashed" in outcomes[1].videos[0].problem


PARENT = """
import multiprocessing, os, signal
from concurrent.futures import ProcessPoolExecutor
from dataset_builder.extraction import jobs
pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), jobs._start, (1,))
print(pool.submit(os.getpid).result(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_workers_end_with_a_parent_that_was_killed():
    done = subprocess.run([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, timeout=60)
    worker = int(done.stdout)
    until = time.monotonic() + 20
    while _runs(worker) and time.monotonic() < until:
        time.sleep(0.1)
    assert not _runs(worker)


def _runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_photos_are_kept_together_and_videos_are_not(tmp_path):
    photos = [unit(tmp_path / f"{number}.jpg") for number in range(100)]
    videos = [unit(tmp_path / f"{number}.mp4") for number in range(3)]
    sizes = [len(job.units) for job in make_jobs(photos + videos)]
    assert sizes == [1, 1, 1, jobs.PHOTOS_PER_JOB, 100 - jobs.PHOTOS_PER_JOB]
    assert isinstance(make_jobs(videos)[0], Job)
