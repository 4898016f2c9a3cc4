"""No codec that is used gives a thread a real-time policy; matters as root, who may have one, see `tests.real_time`."""

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from detector.media.reading import MEDIA_ANSWERS, read_media
from detector.report.pictures.annotated_video import annotate, write_annotated_video
from detector.sandbox.client import WORKERS
from tests.detector.report.pictures.test_annotated_video import result_for
from tests.hostile.originals import FIXTURES, sound_photos, video
from tests.real_time import HAS_PROC, real_time_threads

CODECS = {
    "h264.mp4": ("mp4", "libx264"),
    "hevc.mp4": ("mp4", "libx265"),
    "vp8.webm": ("webm", "libvpx"),
    "vp9.webm": ("webm", "libvpx-vp9"),
}
CLIPS = [*CODECS, "av1.mp4", "av1-10-bit.webm"]
PHOTOS = ["photo.avif", "photo.heic", "photo.webp", "photo.jpg", "photo.png"]
pytestmark = pytest.mark.skipif(not HAS_PROC, reason="the system does not list threads under /proc")


def written(folder: Path, name: str) -> Path:
    """A photo or clip of these."""
    path = folder / name
    if name in PHOTOS:
        path.write_bytes(sound_photos()[name])
    else:
        path.write_bytes(video(*CODECS[name]) if name in CODECS else (FIXTURES / name).read_bytes())
    return path


def read(path: Path, kind: str) -> None:
    """Has a worker read a file to its end."""
    for _ in WORKERS.stream(read_media, path, kind, 4, True, "", True, answers=MEDIA_ANSWERS):
        pass


def workers() -> list[int]:
    """The processes that read media."""
    children = psutil.Process().children()
    return [child.pid for child in children if "detector.sandbox.worker" in " ".join(child.cmdline())]


@pytest.fixture
def only_worker() -> Iterator[int]:
    """The one that does all that a test asks for."""
    WORKERS.close()
    WORKERS.warm_up()
    (worker,) = workers()
    yield worker
    assert workers() == [worker]


@pytest.mark.parametrize("name", CLIPS)
def test_no_decoder_or_encoder_at_work_has_a_real_time_thread(tmp_path, name):
    clip = written(tmp_path, name)
    reading = read_media(str(clip), "video", 4, True, "", False)
    for steps in (reading, annotate(clip, result_for(clip), tmp_path / "annotated.mp4")):
        for _ in steps:  # the codecs are open between two steps
            assert real_time_threads(os.getpid()) == []
    assert real_time_threads(os.getpid()) == []


def test_worker_that_has_read_and_written_everything_has_no_real_time_thread(tmp_path, only_worker):
    for name in PHOTOS:
        read(written(tmp_path, name), "photo")
        assert real_time_threads(only_worker) == [], name
    for name in CLIPS:
        clip = written(tmp_path, name)
        read(clip, "video")
        assert real_time_threads(only_worker) == [], name
        write_annotated_video(clip, result_for(clip), tmp_path / "annotated.mp4")
        assert real_time_threads(only_worker) == [], name
