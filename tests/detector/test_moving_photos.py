"""Animated pictures and motion photos, from the file to the answer."""

import av
import numpy as np
import pytest

from detector.analyzer import Analyzer
from detector.batch.runner import analyze_many
from detector.media.photos.images import FEW_COLOURS
from detector.report.evidence import build_evidence
from detector.report.evidence_report import evidence_html
from detector.report.pictures.annotated_video import write_annotated_video
from tests.made_media.moving_photos import ANIMATIONS, live_film, live_still, motion_photo, write_animation
from tests.media_factory import write_video
from tests.redness_model import portrait, redness_model

TITLE = np.full((200, 200, 3), 235, np.uint8)


@pytest.fixture(scope="module")
def analyzer():
    return Analyzer(redness_model())


@pytest.fixture(scope="module")
def red_film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return write_video(path, [portrait(tint=0.6)] * 6, fps=10)


@pytest.mark.parametrize("kind", ANIMATIONS)
def test_face_that_comes_after_a_title_is_found_on_either_door(analyzer, tmp_path, kind):
    # what does not move, Pillow writes as one frame
    frames = [TITLE, TITLE // 2] + [np.roll(portrait(tint=0.6), step, axis=1) for step in range(4)]
    path = write_animation(tmp_path / "a", kind, frames, [300, 300, 100, 100, 100, 100])
    results = [analyze(path).result for analyze in (analyzer.analyze, analyzer.analyze_image, analyzer.analyze_video)]
    for result in results:
        assert (result.verdict, len(result.faces)) == ("manipulated", 1)
        assert result.warnings == ((FEW_COLOURS,) if kind == "GIF" else ())
        assert result.file.duration_s == pytest.approx(1.0, abs=2e-3) and result.sampling is not None
        assert [frame.time_s for frame in result.faces[0].frames][0] == pytest.approx(0.6)
    assert results[0] == results[1]


@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_annotated_video_of_an_animation_keeps_its_times_and_has_no_sound(analyzer, tmp_path, kind):
    path = write_animation(tmp_path / "a", kind, [TITLE, portrait(), portrait(tint=0.6)], [200, 300, 500])
    result = analyzer.analyze_image(path).result
    write_annotated_video(path, result, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        (stream,) = container.streams
        assert float(stream.duration * stream.time_base) == pytest.approx(1.0, abs=0.01)
        assert [frame.time for frame in container.decode(stream)] == pytest.approx([0, 0.2, 0.5], abs=1e-3)


def test_film_behind_a_photo_is_judged_for_itself(analyzer, tmp_path, red_film):
    (tmp_path / "motion.jpg").write_bytes(motion_photo("google", red_film.read_bytes()))
    photo = analyzer.analyze(tmp_path / "motion.jpg")
    film = analyzer.analyze(tmp_path / "motion.jpg", item=2)
    assert (photo.result.verdict, film.result.verdict) == ("no_manipulation_found", "manipulated")
    assert [item.assessed for item in photo.result.items] == [True, False]
    assert [item.assessed for item in film.result.items] == [False, True]
    assert film.result.file.sha256 == photo.result.file.sha256 and film.result.file.duration_s == pytest.approx(0.6)
    assert "a film of 0.6 s that was not assessed" in evidence_html(build_evidence(photo, analyzer.model))
    # the result says which of both is drawn
    write_annotated_video(tmp_path / "motion.jpg", film.result, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].frames == 6


def test_second_half_of_a_live_photo_names_the_first(analyzer, tmp_path, red_film):
    still = live_still(tmp_path / "IMG_1.JPG", "1-2-3")
    film = live_film(tmp_path / "IMG_1.MOV", red_film, "1-2-3")
    other = live_still(tmp_path / "IMG_2.JPG", "4-5-6")
    first, second, third = (str(item.result.warnings[0]) for item in analyze_many(analyzer, [still, film, other], 4))
    assert "has to be checked as well" in first and "has to be checked as well" in third
    assert second == "The file is half of a Live Photo; the other half, IMG_1.JPG, was checked as well."
