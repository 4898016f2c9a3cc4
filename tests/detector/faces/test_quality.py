"""Which faces cannot be judged, and why."""

import cv2
import pytest
from PIL import Image

from detector.analyzer import Analyzer
from detector.faces.detection import MAX_TILT_DEGREES
from detector.faces.quality import MIN_ASSESSED_SCORE, MIN_JPEG_QUALITY, blur, problem_of_crop, problem_of_place
from detector.facts import DetectedFace
from detector.media.photos.images import read_photo
from tests.media_factory import astronaut, turned_by, write_video
from tests.redness_model import portrait, redness_model


def face(x0: float, y0: float, x1: float, y1: float) -> DetectedFace:
    return DetectedFace((x0, y0, x1, y1), ((0.0, 0.0),) * 5, 0.9)


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        ((10, 10, 50, 50), "too_small"),
        ((10, 10, 110, 110), None),
        ((-14, 10, 86, 110), None),
        ((-16, 10, 84, 110), "outside_picture"),
        ((-60, 10, 40, 110), "outside_picture"),
        ((250, 150, 350, 250), "outside_picture"),
    ],
)
def test_place_of_a_face_decides_first(box, reason):
    assert problem_of_place(face(*box), width=300, height=200) == reason


def test_face_that_the_detector_hardly_finds_is_hidden():
    hidden = DetectedFace((10, 10, 110, 110), ((0.0, 0.0),) * 5, MIN_ASSESSED_SCORE - 0.01)
    assert problem_of_place(hidden, width=300, height=200) == "hidden"


def test_heavy_blur_is_told_from_a_soft_portrait():
    sharp = portrait()
    assert problem_of_crop(sharp) is None
    assert problem_of_crop(cv2.GaussianBlur(sharp, (0, 0), 8)) == "too_blurred"
    assert blur(sharp) < blur(cv2.GaussianBlur(sharp, (0, 0), 2)) < blur(cv2.GaussianBlur(sharp, (0, 0), 8))


@pytest.mark.parametrize("quality", [5, 15, 19, 20, 30, 50, 75, 95])
def test_jpeg_quality_is_read_off_the_file(tmp_path, quality):
    Image.fromarray(portrait()).save(tmp_path / "photo.jpg", quality=quality)
    found = read_photo(tmp_path / "photo.jpg").jpeg_quality
    # libjpeg clips the entries of very low qualities to 255
    assert found == pytest.approx(quality, abs=8 if quality < 10 else 2)
    assert found >= MIN_JPEG_QUALITY or quality < 20


def test_other_formats_have_no_jpeg_quality(tmp_path):
    Image.fromarray(portrait()).save(tmp_path / "photo.png")
    assert read_photo(tmp_path / "photo.png").jpeg_quality is None


def test_photo_that_is_crushed_is_inconclusive_with_the_reason(tmp_path):
    Image.fromarray(portrait(tint=0.6)).save(tmp_path / "crushed.jpg", quality=8)
    result = Analyzer(redness_model()).analyze_image(tmp_path / "crushed.jpg").result
    assert (result.verdict, result.score, result.faces) == ("inconclusive", None, ())
    assert [found.reason for found in result.not_assessed] == ["too_compressed"]
    assert "more compressed" in str(result.warnings[0])


def test_head_on_its_side_in_a_clip_is_inconclusive_with_the_reason(tmp_path):
    write_video(tmp_path / "lying.mp4", [turned_by(0)] + [turned_by(70)] * 3, fps=4)
    result = Analyzer(redness_model()).analyze_video(tmp_path / "lying.mp4", frames=4, exact=True).result
    assert [(found.reason, found.time_s) for found in result.not_assessed] == [("tilted", 0.25 * n) for n in (1, 2, 3)]
    assert f"Faces tilted by more than {MAX_TILT_DEGREES} degrees were found in 3 of 4 frames" in " ".join(
        str(warning) for warning in result.warnings
    )


def test_head_on_its_side_in_a_photo_is_set_upright_and_assessed(tmp_path):
    Image.fromarray(turned_by(70)).save(tmp_path / "lying.png")
    result = Analyzer(redness_model()).analyze_image(tmp_path / "lying.png").result
    assert len(result.faces) == 1 and not result.not_assessed


@pytest.mark.parametrize(("times_larger", "reasons"), [(1.05, []), (1.1, []), (1.4, ["outside_picture"])])
def test_face_that_fills_the_picture_is_assessed_while_little_of_it_is_cut_off(tmp_path, times_larger, reasons):
    x, y, width, height = 224, 118.6, 44.8 / times_larger, 55.9 / times_larger  # middle and half sides
    filled = astronaut()[round(y - height) : round(y + height), round(x - width) : round(x + width)]
    Image.fromarray(filled).save(tmp_path / "filled.png")
    result = Analyzer(redness_model()).analyze_image(tmp_path / "filled.png").result
    assert [found.reason for found in result.not_assessed] == reasons
    assert len(result.faces) == 1 - len(reasons)
