"""What is answered to odd requests."""

import math
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
from PIL import Image

from detector.analyzer import Analyzer
from detector.limits import MAX_BATCH_FILES, MAX_FRAMES
from tests.made_media.moving_photos import motion_photo
from tests.media_factory import write_video
from tests.redness_model import evidence_scales, portrait, redness_model
from web.service import Service

REQUEST = SimpleNamespace(session_hash="someone")


@pytest.fixture(scope="module")
def service():
    return Service(Analyzer(redness_model()))


@pytest.mark.parametrize("files", [None, []])
def test_no_file_is_told_in_the_language_of_the_page(service, files):
    with pytest.raises(gr.Error, match="No se envió ningún archivo"):
        service.show_batch(files, 8, "es", REQUEST, progress=lambda *args, **kwargs: None)


def test_too_many_files_are_refused_before_any_is_read(service, tmp_path):
    with pytest.raises(gr.Error, match=f"More than {MAX_BATCH_FILES} files"):
        service.analyze_batch([str(tmp_path / "gone.jpg")] * (MAX_BATCH_FILES + 1), 8, REQUEST)


@pytest.mark.parametrize(("asked", "given"), [(-3, 1), (2, 2), (10**6, MAX_FRAMES), (None, 32)])
def test_number_of_frames_is_kept_within_bounds(service, tmp_path, monkeypatch, asked, given):
    wanted = []
    real = service._analyzer.analyze_video
    monkeypatch.setattr(
        service._analyzer,
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


def test_report_is_in_the_language_of_the_page_and_its_json_in_english(service, tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(portrait(tint=0.6)).save(path)
    *_, page, record, _, _ = service.show_photo(str(path), None, 0, "es-MX", REQUEST)
    assert "Veredicto: Indicios de manipulación" in Path(page).read_text(encoding="utf-8")
    assert "Absence of detection proves nothing" in Path(record).read_text(encoding="utf-8")


def test_model_tells_what_its_evidence_scales_rest_on(service):
    assert service.model_info()["evidence_scale"] is None
    told = Service(Analyzer(redness_model(scales=evidence_scales()))).model_info()["evidence_scale"]
    assert list(told) == ["photo", "clip", "span"]
    assert told["photo"]["bounds"] == [-1.3, 2.0]
    assert (told["photo"]["real_files"], told["photo"]["fake_files"]) == (100, 80)
    assert told["photo"]["thresholds"]["manipulated"] == pytest.approx(1 / (1 + math.exp(-2.5)))
    assert "real" not in told["photo"]  # the reference files themselves stay with the model


@pytest.mark.parametrize("door", ["show_photo", "show_video"])
def test_animated_picture_is_shown_as_a_clip_on_either_tab(service, tmp_path, door):
    first, *others = [Image.fromarray(portrait(tint)) for tint in (0.0, 0.3, 0.6)]
    first.save(tmp_path / "a.gif", save_all=True, append_images=others, duration=200)
    arguments = (
        [str(tmp_path / "a.gif"), None, 0, "en"]
        if door == "show_photo"
        else [str(tmp_path / "a.gif"), None, 8, False, 0, "en"]
    )
    result, _, _, viewer, *_ = getattr(service, door)(*arguments, REQUEST, progress=lambda *args, **kwargs: None)
    assert result["file"]["duration_s"] == 0.6
    assert all(f"{time_s} s" in viewer for time_s in (0.2, 0.4)) and "<svg" in viewer


def test_film_of_a_motion_photo_is_chosen_on_the_photo_tab(service, tmp_path):
    film = write_video(tmp_path / "film.mp4", [portrait(tint=0.6)] * 4, fps=4, faststart=True)
    (tmp_path / "motion.jpg").write_bytes(motion_photo("google", film.read_bytes()))
    for item, assessed in ((0, 1), (2, 2)):
        result, verdict, _, viewer, *_, place, numbers = service.show_photo(
            str(tmp_path / "motion.jpg"), None, item, "en", REQUEST, progress=lambda *args, **kwargs: None
        )
        assert place["visible"] and numbers["value"] == assessed
        assert ("<svg" in viewer) == (item == 2)  # the plot over time
        assert "2: film of 1.0 s" in verdict
        assert (result["score"] > 0.9) == (item == 2)
