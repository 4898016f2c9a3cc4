import gc
import os
import platform
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from PIL import Image

from detector.errors import MediaError
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


def test_photo_comes_back_as_it_was_read(workers, photo):
    answer = workers.run("read_photo", photo)
    assert answer.facts.name == "photo.jpg" and answer.image.shape == (512, 512, 3)
    assert answer.image.mean() == pytest.approx(astronaut().mean(), abs=1)


def test_error_of_a_job_is_raised_here_and_the_worker_goes_on(workers, photo, tmp_path):
    (tmp_path / "text.jpg").write_text("no photo")
    workers.warm_up()
    (process,) = children()
    with pytest.raises(MediaError, match="not a photo"):
        workers.run("read_photo", tmp_path / "text.jpg")
    with pytest.raises(FileNotFoundError):
        workers.run("read_photo", tmp_path / "missing.jpg")
    assert workers.run("is_photo", photo) is True
    assert children() == [process]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal on this system")
def test_worker_that_is_killed_gives_one_sentence_and_the_next_job_works(workers, photo, tmp_path):
    stream = workers.stream("sample_clip", clip(tmp_path / "clip.mp4", 0), 8, True)
    next(stream)
    for child in children():
        os.kill(child.pid, signal.SIGSEGV)
    with pytest.raises(MediaError, match=r"^Reading the file broke down; .*\.$"):
        list(stream)
    assert workers.run("is_photo", photo) is True


def test_worker_that_hangs_is_stopped_with_one_sentence(workers, photo, monkeypatch):
    monkeypatch.setattr(client, "MAX_ANSWER_S", 0.5)
    workers.warm_up()
    (process,) = children()
    process.suspend()
    with pytest.raises(MediaError, match=r"^Reading the file takes too long; .*\.$"):
        workers.run("is_photo", photo)
    assert not process.is_running()


def test_worker_that_died_while_it_was_idle_costs_no_answer(workers, photo):
    workers.warm_up()
    (process,) = children()
    process.kill()
    psutil.wait_procs([process], 5)
    assert workers.run("is_photo", photo) is True


def test_unforeseen_error_ends_the_worker_not_this_process(workers, tmp_path):
    with pytest.raises(MediaError, match="broke down"):
        list(workers.stream("sample_clip", clip(tmp_path / "clip.mp4", 0), "not a number", True))


def test_leaving_early_stops_the_job(workers, tmp_path):
    stream = workers.stream("sample_clip", clip(tmp_path / "clip.mp4", 0), 8, True)
    next(stream)
    (process,) = children()
    stream.close()
    gc.collect()
    assert not process.is_running()
    assert not [thread for thread in threading.enumerate() if thread.name == "media-answers" and _outlives(thread)]


def _outlives(thread: threading.Thread) -> bool:
    thread.join(2)
    return thread.is_alive()


def test_jobs_at_once_have_a_worker_each_of_which_two_are_kept(workers, photo, tmp_path):
    streams = [workers.stream("sample_clip", clip(tmp_path / f"{number}.mp4", 0), 4, True) for number in range(2)]
    for stream in streams:
        next(stream)
    assert workers.run("is_photo", photo) is True
    assert len(children()) == 3
    assert [len(list(stream)) for stream in streams] == [5, 5]  # four frames and the problems
    assert len(children()) == 2


def test_worker_ends_with_its_server(photo):
    """The server may be killed: nothing that it could still do is needed."""
    client.WORKERS.close()
    pool = MediaWorkers()
    pool.run("is_photo", photo)
    (process,) = children()
    pool._idle[0]._running.stdin.close()
    process.wait(5)
    pool.close()


def test_worker_may_not_take_all_memory(workers, tmp_path, monkeypatch):
    resource = pytest.importorskip("resource")
    workers.warm_up()
    (process,) = children()
    Path(tmp_path / "a.jpg").write_bytes(b"x")
    with pytest.raises(MediaError):
        workers.run("read_photo", tmp_path / "a.jpg")
    assert process.rlimit(resource.RLIMIT_AS)[0] == worker.MAX_WORKER_MEMORY_BYTES
    assert process.rlimit(resource.RLIMIT_FSIZE)[0] == worker.MAX_WORKER_FILE_BYTES
    spent = process.rlimit(resource.RLIMIT_CPU)[0]
    assert worker.MAX_JOB_CPU_S <= spent <= worker.MAX_JOB_CPU_S + 60


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")
def test_memory_of_the_job_before_cannot_show_through():
    script = """
import ctypes
from detector.sandbox.worker import wipe_memory
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
libc.mallopt(-3, 1 << 25)  # so that it comes back from the heap, as after some jobs
wipe_memory()
first = libc.malloc(ctypes.c_size_t(100_000))
ctypes.memset(first, 65, 100_000)
libc.free(first)
again = libc.malloc(ctypes.c_size_t(100_000))
print(first == again, ctypes.string_at(again, 100_000).count(b"A"))
"""
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=Path(worker.__file__).parents[2], check=True
    )
    assert told.stdout.split() == ["True", "0"]
