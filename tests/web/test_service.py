"""What is answered to odd requests."""

import math
from types import SimpleNamespace

import gradio as gr
import pytest
from PIL import Image

from detector.analyzer import Analyzer
from detector.limits import MAX_BATCH_FILES, MAX_FRAMES
from tests.media_factory import write_video
from tests.redness_model import evidence_scales, portrait, redness_model
from web.service import Service
from web.sessions import Sessions
from web.work import Work

REQUEST = SimpleNamespace(session_hash="someone")


@pytest.fixture(scope="module")
def service():
    return Service(Analyzer(redness_model()), Work(Sessions()))


def test_too_many_files_are_refused_before_any_is_read(service, tmp_path):
    with pytest.raises(gr.Error, match=f"More than {MAX_BATCH_FILES} files"):
        service.analyze_batch([str(tmp_path / "gone.jpg")] * (MAX_BATCH_FILES + 1), 8, REQUEST)


@pytest.mark.parametrize(("asked", "given"), [(-3, 1), (2, 2), (10**6, MAX_FRAMES), (None, 32)])
def test_number_of_frames_is_kept_within_bounds(tmp_path, monkeypatch, asked, given):
    analyzer = Analyzer(redness_model())
    service = Service(analyzer, Work(Sessions()))
    wanted = []
    real = analyzer.analyze_video
    monkeypatch.setattr(
        analyzer,
        "analyze_video",
        lambda path, frames, progress, exact, **options: wanted.append((frames, exact)) or real(path, frames=1),
    )
    write_video(tmp_path / "clip.mp4", [portrait()] * 2, fps=2)
    service.analyze_video(
        str(tmp_path / "clip.mp4"), asked, True, None, 0, REQUEST, progress=lambda *args, **kwargs: None
    )
    assert wanted == [(given, True)]


def test_name_of_the_upload_does_not_decide_where_the_report_lies(service, tmp_path):
    path = tmp_path / f"{'x' * 200}.png"
    Image.fromarray(portrait()).save(path)
    *_, page, record = service.analyze_image(str(path), request=REQUEST)
    assert page.endswith("x-evidence.html") and record.endswith("x-evidence.json")
    assert str(tmp_path) not in page


def test_model_tells_what_its_evidence_scales_rest_on(service):
    assert service.model_info()["evidence_scale"] is None
    told = Service(Analyzer(redness_model(scales=evidence_scales())), Work(Sessions())).model_info()["evidence_scale"]
    assert list(told) == ["photo", "clip", "span"]
    assert told["photo"]["bounds"] == [-1.3, 2.0]
    assert (told["photo"]["real_files"], told["photo"]["fake_files"]) == (100, 80)
    assert told["photo"]["thresholds"]["manipulated"] == pytest.approx(1 / (1 + math.exp(-2.5)))
    assert "real" not in told["photo"]  # the reference files themselves stay with the model
