import numpy as np
import pytest
from PIL import Image

from detector.faces.detection import FaceDetector, crop_face, crop_square
from detector.facts import DetectedFace
from tests.media_factory import astronaut, face_frame, texture, turned_by


@pytest.fixture(scope="module")
def detector():
    return FaceDetector()


def face_at(*box: float) -> DetectedFace:
    return DetectedFace(box, ((0.0, 0.0),) * 5, 0.9)


def test_face_is_found_where_it_is(detector):
    (face,) = detector.detect(astronaut())
    assert face.box_px == pytest.approx((179, 63, 269, 175), abs=6)
    right_eye, left_eye = face.landmarks_px[:2]
    assert right_eye[0] < left_eye[0]


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turned_photo_gives_the_same_upright_crop(detector, turns):
    upright = crop_face(astronaut(), detector.detect(astronaut())[0])
    turned = np.ascontiguousarray(np.rot90(astronaut(), turns))
    (face,) = detector.detect(turned)
    assert face.quarter_turns == 4 - turns
    crop = crop_face(turned, face)
    side = min(len(crop), len(upright))
    assert np.abs(crop[:side, :side].astype(int) - upright[:side, :side]).mean() < 12


def test_face_that_fills_the_picture_is_found(detector):
    filled = np.asarray(Image.fromarray(astronaut()[63:175, 179:269]).resize((1200, 1500)))
    assert detector.detect(filled)[0].size_px > 900


@pytest.mark.parametrize("picture", [np.zeros((300, 400, 3), np.uint8), texture(400, 300)])
def test_picture_without_a_face_has_none(detector, picture):
    assert detector.detect(picture) == []


def test_face_of_75_px_in_full_hd_is_found(detector):
    (face,) = detector.detect(face_frame(1920, 1080, 75, 1500, 700))
    assert face.size_px > 50
    assert face.box_px[0] > 1500 and face.box_px[1] > 700


def test_all_faces_are_found_the_largest_first(detector):
    frame = face_frame(800, 500, 150, 20, 20)
    frame[:, 400:] = face_frame(400, 500, 90, 100, 100)
    sizes = [face.size_px for face in detector.detect(frame)]
    assert len(sizes) == 2 and sizes[0] > sizes[1]


@pytest.mark.parametrize(("degrees", "tilted"), [(0, False), (-30, False), (40, False), (65, True), (-70, True)])
def test_face_on_its_side_is_told_from_one_that_is_a_little_tilted(detector, degrees, tilted):
    picture = turned_by(degrees)
    (face, *_) = detector.detect(picture, try_turned=False)
    assert detector.is_tilted(picture, face) is tilted
    # where turning is tried, the reading that is less tilted is taken
    (face, *_) = detector.detect(picture)
    assert detector.is_tilted(picture, face) is False


def test_face_beyond_the_picture_is_not_called_tilted(detector):
    beyond = DetectedFace((-300, -300, -200, -200), ((0.0, 0.0),) * 5, 0.8)
    assert detector.is_tilted(astronaut(), beyond) is False


def test_crop_is_a_square_of_1_3_times_the_longer_side():
    assert crop_square((100, 100, 180, 200)) == (75, 85, 130)
    crop = crop_face(astronaut(), face_at(100, 100, 180, 200))
    assert np.array_equal(crop, astronaut()[85:215, 75:205])


def test_crop_is_mirrored_at_the_border():
    image = astronaut()
    crop = crop_face(image, face_at(0, 0, 100, 100))
    padded = np.pad(image, ((15, 0), (15, 0), (0, 0)), mode="reflect")
    assert np.array_equal(crop, padded[:130, :130])


def test_crop_far_beyond_a_tiny_picture_still_has_its_size():
    crop = crop_face(astronaut()[:5, :3], face_at(-40, -40, 60, 60))
    assert crop.shape == (130, 130, 3)


def test_crop_of_a_single_pixel_row_is_possible():
    assert crop_face(astronaut()[:1], face_at(0, 0, 20, 20)).shape == (26, 26, 3)


def test_noise_has_no_face(detector):
    assert detector.detect(np.random.default_rng(0).integers(0, 256, (600, 800, 3)).astype(np.uint8)) == []


def test_border_is_mirrored_as_often_as_needed():
    image = astronaut()[:50, :40]
    crop = crop_face(image, face_at(-100, -100, 100, 100))  # 260 px around (0, 0)
    padded = np.pad(image, ((130, 200), (130, 200), (0, 0)), mode="reflect")
    assert np.array_equal(crop, padded[:260, :260])
