"""What is measured of a face in a photo."""

import cv2
import numpy as np
import pytest

from tests.media_factory import astronaut
from training.evaluation.face_traits import TraitReader, luminance, typology_angle
from training.evaluation.small_faces import reduced, score_reduced


@pytest.fixture(scope="module")
def reader():
    return TraitReader()


@pytest.fixture(scope="module")
def photo():
    return astronaut()[0:300, 80:380]


def test_face_of_a_portrait_is_light_nearly_frontal_and_evenly_lit(reader, photo):
    traits = reader.read(photo)
    assert traits.tone_degrees > 28 and traits.turned_degrees < 30
    assert 0.5 < traits.darker_share <= 1 and 60 < traits.size_px < 150


def test_shadow_over_half_of_the_face_is_seen_and_leaves_the_tone(reader, photo):
    as_it_is = reader.read(photo)
    face = reader._detector.detect(photo)[0]
    shaded = photo.copy()
    nose = round(face.landmarks_px[2][0])
    shaded[:, nose:] = (shaded[:, nose:] * 0.35).astype(np.uint8)
    traits = reader.traits_of(shaded, face)
    assert traits.darker_share < 0.35 < as_it_is.darker_share
    assert traits.tone_degrees == pytest.approx(as_it_is.tone_degrees, abs=12)


def test_photo_without_a_face_has_no_traits(reader):
    assert reader.read(np.full((200, 200, 3), 128, np.uint8)) is None


@pytest.mark.parametrize(("lab", "degrees"), [((70, 10, 20), 45.0), ((50, 10, 20), 0.0), ((30, 10, 20), -45.0)])
def test_typology_angle_is_that_of_lightness_over_yellow(lab, degrees):
    colour = cv2.cvtColor(np.array([[lab]], np.float32), cv2.COLOR_LAB2RGB)[0]
    pixels = np.repeat(np.round(255 * colour), 9, axis=0).astype(np.uint8)
    assert typology_angle(pixels) == pytest.approx(degrees, abs=1.5)


def test_luminance_is_linear_in_light():
    assert luminance(np.full((4, 3), 255, np.uint8)) == pytest.approx(1.0)
    assert luminance(np.full((4, 3), 188, np.uint8)) == pytest.approx(0.5, abs=0.01)


class Counting:
    """Stands for a model; remembers the sides of the crops."""

    def __init__(self):
        self.sides = []

    def predict(self, crops):
        self.sides += [crop.shape[0] for crop in crops]
        return type("Scores", (), {"log_odds": np.zeros(len(crops))})


def test_photo_is_reduced_until_its_face_has_the_size(reader, photo):
    model, none = Counting(), np.full((200, 200, 3), 128, np.uint8)
    scores = score_reduced(model, reader._detector, [photo, none, reduced(photo, 0.45)], 52)
    assert scores[0] == 0.5 and np.isnan(scores[1:]).all()
    assert model.sides == [pytest.approx(1.3 * 52 * 1.3, rel=0.25)]  # a face is higher than wide
