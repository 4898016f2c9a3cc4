import gc
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PIL import Image

from detector.errors import MediaError
from detector.media.photos.images import Photo
from detector.media.reading import MEDIA_ANSWERS, FileEnd, read_media
from detector.sandbox import client, worker
from detector.sandbox.client import MediaWorkers
from tests.media_factory import astronaut, clip


@pytest.fixture
def workers():
    client.WORKERS.close()  # so that what is counted here are this test's
    pool = MediaWorkers()
    yield pool
    pool.close()


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    Image.fromarray(astronaut()).save(path)
    return path


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "detector.sandbox.worker" in " ".join(child.cmdline())]


def only_child() -> psutil.Process:
    """The one worker; on a busy machine its command line may not be there yet when it was just started."""
    ends_s = time.monotonic() + 10
    while not (found := children()) and time.monotonic() < ends_s:
        time.sleep(0.01)
    (process,) = found
    return process


def read(workers: MediaWorkers, path: Path) -> Photo:
    """What a worker makes of a photo."""
    first, end = workers.stream(read_media, path, "photo", 1, True, "", False, answers=MEDIA_ANSWERS)
    assert isinstance(end, FileEnd)
    return first


def frames_of(workers: MediaWorkers, path: Path, frames) -> Iterator:
    """A clip that is being read."""
    return workers.stream(read_media, path, "video", frames, True, "", False, answers=MEDIA_ANSWERS)


def test_photo_comes_back_as_it_was_read(workers, photo):
    answer = read(workers, photo)
    assert answer.facts.name == "photo.jpg" and answer.image.shape == (512, 512, 3)
    assert answer.image.mean() == pytest.approx(astronaut().mean(), abs=1)


def test_error_of_a_job_is_raised_here_and_the_worker_goes_on(workers, photo, tmp_path):
    (tmp_path / "text.jpg").write_text("no photo")
    workers.warm_up()
    process = only_child()
    with pytest.raises(MediaError, match="not a photo"):
        read(workers, tmp_path / "text.jpg")
    with pytest.raises(FileNotFoundError):
        read(workers, tmp_path / "missing.jpg")
    assert isinstance(read(workers, photo), Photo)
    assert children() == [process]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal on this system")
def test_worker_that_is_killed_gives_one_sentence_and_the_next_job_works(workers, photo, tmp_path):
    stream = frames_of(workers, clip(tmp_path / "clip.mp4", 0), 8)
    next(stream)
    for child in children():
        os.kill(child.pid, signal.SIGSEGV)
    with pytest.raises(MediaError, match=r"^Reading the file broke down; .*\.$"):
        list(stream)
    assert isinstance(read(workers, photo), Photo)


def test_worker_that_hangs_is_stopped_with_one_sentence(workers, photo, monkeypatch):
    monkeypatch.setattr(client, "MAX_ANSWER_S", 0.5)
    workers.warm_up()
    process = only_child()
    process.suspend()
    with pytest.raises(MediaError, match=r"^Reading the file takes too long; .*\.$"):
        read(workers, photo)
    assert not process.is_running()


def test_worker_that_died_while_it_was_idle_costs_no_answer(workers, photo):
    workers.warm_up()
    process = only_child()
    process.kill()
    psutil.wait_procs([process], 5)
    assert isinstance(read(workers, photo), Photo)


def test_unforeseen_error_ends_the_worker_not_this_process(workers, tmp_path):
    with pytest.raises(MediaError, match="broke down"):
        list(frames_of(workers, clip(tmp_path / "clip.mp4", 0), "not a number"))


def test_leaving_early_stops_the_job(workers, tmp_path):
    stream = frames_of(workers, clip(tmp_path / "clip.mp4", 0), 8)
    next(stream)
    process = only_child()
    stream.close()
    gc.collect()
    assert not process.is_running()
    assert not [thread for thread in threading.enumerate() if thread.name == "media-answers" and _outlives(thread)]


def _outlives(thread: threading.Thread) -> bool:
    thread.join(2)
    return thread.is_alive()


def test_jobs_at_once_have_a_worker_each_of_which_two_are_kept(workers, photo, tmp_path):
    streams = [frames_of(workers, clip(tmp_path / f"{number}.mp4", 0), 4) for number in range(2)]
    for stream in streams:
        next(stream)
    assert isinstance(read(workers, photo), Photo)
    assert len(children()) == 3
    assert [len(list(stream)) for stream in streams] == [5, 5]  # four frames and the end
    assert len(children()) == 2


def test_worker_ends_with_its_server(photo):
    """The server may be killed: nothing that it could still do is needed."""
    client.WORKERS.close()
    pool = MediaWorkers()
    read(pool, photo)
    process = only_child()
    pool._idle[0]._requests.close()
    process.wait(5)
    pool.close()


def test_worker_may_not_take_all_memory(workers, tmp_path, monkeypatch):
    resource = pytest.importorskip("resource")
    workers.warm_up()
    process = only_child()
    Path(tmp_path / "a.jpg").write_bytes(b"x")
    with pytest.raises(MediaError):
        read(workers, tmp_path / "a.jpg")
    assert process.rlimit(resource.RLIMIT_AS)[0] == worker.MAX_WORKER_MEMORY_BYTES
    assert process.rlimit(resource.RLIMIT_FSIZE)[0] == worker.MAX_WORKER_FILE_BYTES
    spent = process.rlimit(resource.RLIMIT_CPU)[0]
    assert worker.MAX_JOB_CPU_S <= spent <= worker.MAX_JOB_CPU_S + 60


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")
def test_memory_of_the_job_before_cannot_show_through():
    script = """
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
libc.mallopt(-3, 1 << 25)  # so that it comes back from the heap, as after some jobs
first = libc.malloc(ctypes.c_size_t(100_000))
ctypes.memset(first, 65, 100_000)
libc.free(first)
again = libc.malloc(ctypes.c_size_t(100_000))
print(first == again, ctypes.string_at(again, 100_000).count(b"A"))
"""
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=client.worker_environment()
    )
    assert told.stdout.split() == ["True", "0"]


def test_worker_runs_nothing_but_its_jobs(workers, photo):
    def system(command: str):
        yield command

    assert set(worker.JOBS) == {
        "read_media",
        "frames_at",
        "annotate_clip",
        "examine_photo",
        "examine_clip",
        "read_case",
    }
    assert all(callable(worker.job_named(name)) for name in worker.JOBS)
    for arguments in (("echo",), (str(photo),)):
        with pytest.raises(MediaError, match="broke down"):
            list(workers.stream(system, *arguments, answers=(str,)))
