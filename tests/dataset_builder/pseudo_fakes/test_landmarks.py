import cv2
import numpy as np

from dataset_builder.pseudo_fakes.landmarks import FaceLandmarker, face_in_crop
from detector.faces.detection import FaceDetector, crop_face, crop_square
from detector.facts import DetectedFace
from tests.media_factory import astronaut, texture

RIGHT_IRIS, LEFT_IRIS, NOSE_TIP, RIGHT_MOUTH, LEFT_MOUTH = 468, 473, 4, 61, 291


def test_landmarks_lie_where_the_detector_sees_eyes_and_mouth(face):
    landmarks = FaceLandmarker().locate(astronaut(), face)
    assert landmarks.shape == (478, 2)
    places = landmarks[[RIGHT_IRIS, LEFT_IRIS, RIGHT_MOUTH, LEFT_MOUTH]]
    expected = np.array(face.landmarks_px)[[0, 1, 3, 4]]
    assert np.linalg.norm(places - expected, axis=1).max() < 7  # the face is 112 px high


def test_face_crop_gives_the_same_landmarks_as_the_photo(face):
    image = astronaut()
    left, top, _ = crop_square(face.box_px)
    in_photo = FaceLandmarker().locate(image, face)
    in_crop = FaceLandmarker().locate(crop_face(image, face), face_in_crop(face.box_px, face.landmarks_px))
    assert np.abs(in_crop + [left, top] - in_photo).mean() < 1.5


def test_large_photo_gives_the_same_landmarks(face):
    large = cv2.resize(astronaut(), None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC)
    scaled = DetectedFace(
        tuple(5 * v for v in face.box_px), tuple((5 * x, 5 * y) for x, y in face.landmarks_px), face.detector_score
    )
    landmarks = FaceLandmarker().locate(large, scaled) / 5
    assert np.abs(landmarks - FaceLandmarker().locate(astronaut(), face)).mean() < 1.5


def test_crop_of_a_face_that_lay_on_its_side_is_upright():
    turned = np.ascontiguousarray(np.rot90(astronaut()))
    face = FaceDetector().detect(turned)[0]
    crop = crop_face(turned, face)
    landmarks = FaceLandmarker().locate(crop, face_in_crop(face.box_px, face.landmarks_px))
    eyes, mouth = landmarks[[RIGHT_IRIS, LEFT_IRIS]].mean(axis=0), landmarks[[RIGHT_MOUTH, LEFT_MOUTH]].mean(axis=0)
    assert mouth[1] - eyes[1] > 2 * abs(mouth[0] - eyes[0])


def test_picture_without_a_face_has_no_landmarks(face):
    assert FaceLandmarker().locate(texture(512, 512), face) is None
