"""What must not happen happens: the server is killed, the disk is full, the cache cannot be written."""

import errno
import os
import resource
import signal
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import httpx2
import numpy as np
import pytest
from gradio.utils import get_upload_folder
from PIL import Image

import app
from benchmarks.load import media
from benchmarks.server_process import ServerProcess
from benchmarks.visits import Visitor
from detector.analyzer import Analyzer
from detector.report.evidence import build_evidence
from detector.report.evidence_report import write_evidence
from detector.report.pictures.annotated_video import write_annotated_video
from detector.sandbox.client import WORKERS
from tests.benchmarks.test_load import FAKE_SERVER
from tests.media_factory import write_video
from tests.redness_model import portrait, redness_model
from web.desk.answers import Desk
from web.desk.kept import keep
from web.desk.making import Making
from web.service import Service
from web.sessions import Sessions
from web.work import CANNOT_WRITE, Work

REQUEST = SimpleNamespace(session_hash="someone")
KILLED_SERVER = ("-c", FAKE_SERVER)


def noisy(image: np.ndarray, seed: int) -> np.ndarray:
    """What no encoder makes small."""
    noise = np.random.default_rng(seed).integers(-20, 20, image.shape)
    return (image + noise).clip(0, 255).astype(np.uint8)


def quiet(*args, **kwargs) -> None:
    """Progress that nobody looks at."""


@pytest.fixture(scope="module")
def analyzer():
    return Analyzer(redness_model())


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(portrait(tint=0.6)).save(path)
    return path


@pytest.fixture
def clip(tmp_path):
    return write_video(tmp_path / "clip.mp4", [noisy(portrait(tint=0.6), seed) for seed in range(30)], fps=10)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    return folder


@contextmanager
def full_disk():
    """Writing ends after 20 kB, as on a disk that fills up in the midst of a file; PyAV writes past Python.

    No fixture: the limit is that of the whole process, which between call and teardown writes its own log.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    WORKERS.close()  # the next worker starts with the limit of its parent
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        WORKERS.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Of a server that is killed, and of the next one."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def killed(folder):
    """A server that was killed while it looked at a clip; gives what it left."""
    with ServerProcess(folder, KILLED_SERVER) as server:
        visitor = Visitor(server.address, media())
        with visitor._page() as session:
            visitor._join(session, "analyze_video", [visitor._upload(session, media().clip, ".mp4"), 128])
            time.sleep(0.3)
            server.kill()
    return clips_below(folder)


@pytest.fixture(scope="module")
def next_server(folder, killed):
    """Hears Ctrl-C: a suite that a script runs in the background ignores it, and so would all that it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with ServerProcess(folder, KILLED_SERVER) as server:
        signal.signal(signal.SIGINT, before)
        yield server


def clips_below(folder: Path) -> list[Path]:
    """What people sent."""
    return [path for path in (folder / "temporary").rglob("*.mp4") if path.name != "astronaut.mp4"]


def test_killed_server_leaves_nothing_once_the_next_one_has_started(folder, killed, next_server):
    assert len(killed) == 1
    assert clips_below(folder) == []
    assert len(list((folder / "temporary").glob("face-check-*"))) == 1
    Visitor(next_server.address, media()).photo()


def test_upload_on_a_full_disk_is_refused_and_the_server_lives(next_server):
    before = resource.prlimit(next_server.process.pid, resource.RLIMIT_FSIZE, (3_000_000, -1))
    for _ in range(2):
        files = {"files": ("a.jpg", bytes(5_000_000))}
        answer = httpx2.post(f"{next_server.address}/gradio_api/upload", files=files, timeout=60)
        assert answer.status_code == 507
        assert answer.json()["error"] == "The server's disk is full; please try again later."
    Visitor(next_server.address, media()).photo()
    resource.prlimit(next_server.process.pid, resource.RLIMIT_FSIZE, before)


def test_server_that_is_stopped_by_hand_leaves_nothing(folder, next_server):
    httpx2.post(f"{next_server.address}/gradio_api/upload", files={"files": ("a.jpg", media().photo)})
    next_server.process.send_signal(signal.SIGINT)
    assert next_server.process.wait(30) == 130
    assert list((folder / "temporary").glob("face-check-*")) == []


def test_server_that_is_stopped_while_it_starts_makes_no_fuss(monkeypatch, tmp_path):
    def stopped(*asked) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(app, "load_model", stopped)
    assert app.main() == 130
    assert list(tmp_path.glob("face-check-*")) == []


def refused(service: Service | Making, name: str, *arguments) -> str:
    with pytest.raises(gr.Error) as caught:
        getattr(service, name)(*arguments)
    return caught.value.message


def test_full_disk_is_one_sentence_for_every_answer_and_the_next_request_works(
    analyzer, photo, clip, cache, monkeypatch
):
    service = Service(analyzer, Work(Sessions()))
    real = Path.write_text

    def fail(path, *args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(Path, "write_text", fail)
    assert refused(service, "analyze_image", str(photo), None, 0, REQUEST) == str(CANNOT_WRITE)
    assert refused(service, "analyze_video", str(clip), 8, False, None, 0, REQUEST, quiet) == str(CANNOT_WRITE)
    assert refused(service, "analyze_batch", [str(photo)], 8, REQUEST, quiet) == str(CANNOT_WRITE)
    monkeypatch.setattr(Path, "write_text", real)
    assert len(service.analyze_image(str(photo), request=REQUEST)) == 4


def test_full_disk_is_told_on_the_page_where_the_answer_would_stand(analyzer, clip, cache):
    desk = Desk(analyzer, Work(Sessions()))
    with full_disk():
        shown = desk.check([str(clip)], None, None, 8, False, 0, "es", REQUEST, quiet)
    assert any("disco está lleno" in str(part) for part in shown)
    assert [path for path in cache.rglob("*") if path.is_file()] == []


def test_annotated_video_on_a_full_disk_is_one_sentence_and_leaves_no_half(analyzer, clip, cache):
    folder = Path(get_upload_folder(), "kept")
    folder.mkdir(parents=True)
    kept = keep(analyzer.analyze_video(clip, frames=8), analyzer.model, str(clip), folder)
    making = Making(analyzer.model, Work(Sessions()))
    with full_disk():
        assert refused(making, "annotated", kept, "en", REQUEST, quiet) == str(CANNOT_WRITE)
    assert [path for path in cache.rglob("*") if path.is_file()] == [kept.case]


def test_writers_on_a_full_disk_leave_what_was_there(analyzer, clip, tmp_path):
    analysis = analyzer.analyze_video(clip, frames=8)
    (tmp_path / "out").mkdir()
    video, page = tmp_path / "out" / "annotated.mp4", tmp_path / "out" / "evidence.html"
    for path in (video, page):
        path.write_text("older")
    with full_disk(), pytest.raises(OSError, match="too large"):
        write_annotated_video(clip, analysis.result, video)
    with full_disk(), pytest.raises(OSError, match="too large"):
        write_evidence(build_evidence(analysis, analyzer.model), page.parent, "evidence")
    assert (video.read_text(), page.read_text()) == ("older", "older")
    assert (
        sorted(path.name for path in page.parent.iterdir() if path.suffix == ".part" or ".partial" in path.name) == []
    )


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_cache_that_cannot_be_written_is_one_sentence(analyzer, photo, cache, monkeypatch, number):
    def fail(path, *args, **kwargs):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "mkdir", fail)
    assert refused(Service(analyzer, Work(Sessions())), "analyze_image", str(photo), None, 0, REQUEST) == str(
        CANNOT_WRITE
    )
