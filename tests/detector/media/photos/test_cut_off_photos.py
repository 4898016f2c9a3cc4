import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from detector.analyzer import Analyzer
from detector.errors import MediaError
from detector.faces.quality import problem_of_missing
from detector.facts import DetectedFace
from detector.media.photos.images import read_image, read_photo
from detector.media.photos.orientation import upright, upright_box
from tests.made_media.colour_profiles import DISPLAY_P3, in_primaries, matrix_profile
from tests.media_factory import astronaut
from tests.redness_model import redness_model


@pytest.fixture(scope="module")
def analyzer():
    return Analyzer(redness_model())


KINDS = {
    "baseline": {"format": "JPEG", "quality": 90},
    "optimised": {"format": "JPEG", "quality": 90, "optimize": True},
    "restarts": {"format": "JPEG", "quality": 90, "restart_marker_rows": 1},
    "progressive": {"format": "JPEG", "quality": 90, "progressive": True},
    "grey": {"format": "JPEG", "quality": 90},
    "png": {"format": "PNG"},
}


def encoded(kind: str, image: np.ndarray | None = None) -> bytes:
    picture = Image.fromarray(astronaut() if image is None else image)
    stream = io.BytesIO()
    (picture.convert("L") if kind == "grey" else picture).save(stream, **KINDS[kind])
    return stream.getvalue()


def read(path: Path, data: bytes):
    path.write_bytes(data)
    return read_photo(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fill", [b"", b"\0"], ids=["cut off", "zeroed"])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.6])
def test_rows_above_the_missing_part_are_those_of_the_whole_photo(tmp_path, kind, fill, share):
    data = encoded(kind)
    whole = read(tmp_path / "whole", data)
    assert whole.missing_px is None and whole.problems == []
    end = round(len(data) * (1 - share))
    photo = read(tmp_path / "part", data[:end] + fill * (len(data) - end))
    left, top, right, bottom = photo.missing_px
    assert (left, right, bottom) == (0, 512, 512)
    assert np.array_equal(photo.image[:top], whole.image[:top])
    # a progressive one fills all rows in each of its passes, the last of which is a third of it
    if kind == "progressive":
        assert top == 0 if share == 0.6 else 512 * (1 - 4 * share) - 50 < top < 512
    else:
        assert 512 * (1 - share) - 50 < top < 512 * (1 - share) + 50
    percent = int(100 * top / 512)
    assert [str(problem) for problem in photo.problems] == [
        f"The file is incomplete: only {percent} percent of the photo could be read in full, "
        "and faces in the rest were not assessed."
    ]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_missing_part_is_told_in_the_upright_picture(tmp_path, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    stream = io.BytesIO()
    Image.fromarray(astronaut()[:400]).save(stream, "JPEG", quality=90, exif=exif)
    data = stream.getvalue()
    whole = read(tmp_path / "whole", data).image
    photo = read(tmp_path / "part", data[: len(data) * 7 // 10])
    x0, y0, x1, y1 = photo.missing_px
    differs = (photo.image != whole).any(2)
    assert differs[y0:y1, x0:x1].mean() > 0.9
    differs[y0:y1, x0:x1] = False
    assert not differs.any()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_turn_as_pixels_do(orientation):
    stored = np.zeros((30, 50, 3), np.uint8)
    stored[20:30, 5:17] = 1
    x0, y0, x1, y1 = upright_box((5, 20, 17, 30), (50, 30), orientation)
    turned = upright(stored, orientation)
    assert turned[y0:y1, x0:x1].all() and turned.sum() == stored.sum()


def test_piece_that_was_overwritten_with_zeros_ends_what_is_read(tmp_path):
    data = bytearray(encoded("baseline"))
    whole = read(tmp_path / "whole", bytes(data)).image
    place = len(data) // 2
    data[place : place + 2000] = bytes(2000)
    photo = read(tmp_path / "hole", bytes(data))
    top = photo.missing_px[1]
    assert 200 < top < 300 and np.array_equal(photo.image[:top], whole[:top])


@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"progressive": True}], ids=str)
def test_plain_surfaces_are_no_holes(tmp_path, options):
    # a code of zeros alone: the most frequent symbol of tables that are made for one picture
    image = np.full((1600, 1600, 3), 255, np.uint8)
    image[:40, :40] = astronaut()[:40, :40]
    Image.fromarray(image).save(tmp_path / "plain.jpg", quality=90, **options)
    photo = read_photo(tmp_path / "plain.jpg")
    assert photo.missing_px is None and photo.problems == []


def test_zeros_behind_the_end_are_no_loss(tmp_path):
    for kind in KINDS:
        photo = read(tmp_path / kind, encoded(kind) + bytes(5000))
        assert photo.missing_px is None and photo.problems == []


def test_photo_without_its_last_marker_is_read_nearly_whole(tmp_path):
    assert read(tmp_path / "photo", encoded("baseline")[:-2]).missing_px[1] >= 490


def test_photo_that_is_damaged_in_another_way_is_refused(tmp_path):
    data = bytearray(encoded("png"))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(MediaError, match="damaged"):
        read(tmp_path / "photo", bytes(data))


def test_cut_off_photo_is_converted_by_its_profile(tmp_path):
    image = Image.fromarray(in_primaries(astronaut(), DISPLAY_P3, None))
    image.save(tmp_path / "p3.jpg", quality=95, icc_profile=matrix_profile(DISPLAY_P3, None))
    photo = read(tmp_path / "part.jpg", (tmp_path / "p3.jpg").read_bytes()[:-10_000])
    top = photo.missing_px[1]
    assert np.abs(photo.image[:top].astype(int) - astronaut()[:top]).mean() < 3


def test_training_takes_no_cut_off_photo(tmp_path):
    (tmp_path / "part.jpg").write_bytes(encoded("baseline")[:-5000])
    with pytest.raises(MediaError, match="damaged or cut off"):
        read_image(tmp_path / "part.jpg")


def test_pillow_stays_as_strict_as_it_was(tmp_path):
    read(tmp_path / "part.png", encoded("png")[:100_000])
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


@pytest.mark.parametrize(("top", "reason"), [(300, None), (199, None), (180, "missing"), (0, "missing")])
def test_face_in_the_missing_part_cannot_be_judged(top, reason):
    face = DetectedFace((100, 100, 180, 200), (), 0.95)  # its crop ends at y = 215
    assert problem_of_missing(face, (0, top, 400, 400)) == (reason if top != 199 else "missing")


def test_face_above_the_missing_part_is_assessed(analyzer, tmp_path):
    data = encoded("baseline")
    (tmp_path / "part.jpg").write_bytes(data[: len(data) * 8 // 10])
    result = analyzer.analyze(tmp_path / "part.jpg").result
    assert len(result.faces) == 1 and "incomplete" in str(result.warnings[0])


def test_face_below_is_listed_as_missing_beside_one_that_is_there(analyzer, tmp_path):
    head = astronaut()[:256, 100:356]
    both = np.concatenate([head, head])
    data = encoded("progressive", both)  # what is missing can be seen, but coarsely
    (tmp_path / "part.jpg").write_bytes(data[: len(data) * 92 // 100])
    result = analyzer.analyze(tmp_path / "part.jpg").result
    assert len(result.faces) == 1
    assert [face.reason for face in result.not_assessed] == ["missing"]
    assert any("in the part of the photo that could not be read" in str(warning) for warning in result.warnings)


def test_photo_whose_face_is_missing_is_refused_with_how_much_was_read(analyzer, tmp_path):
    data = encoded("baseline")
    (tmp_path / "part.jpg").write_bytes(data[: len(data) // 5])
    with pytest.raises(MediaError, match=r"only \d+ percent .* no face in it .* please send the original file\."):
        analyzer.analyze(tmp_path / "part.jpg")
