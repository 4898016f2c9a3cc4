import cv2
import numpy as np
import pytest

from dataset_builder.pseudo_fakes.landmarks import FaceLandmarker
from detector.faces.detection import FaceDetector
from detector.facts import DetectedFace
from tests.builds import built_in_this_process
from tests.media_factory import astronaut


@pytest.fixture(scope="session", autouse=True)
def builds_start_no_process():
    with built_in_this_process():
        yield


@pytest.fixture(scope="session")
def face() -> DetectedFace:
    """The astronaut's face in her portrait."""
    return FaceDetector().detect(astronaut())[0]


@pytest.fixture(scope="session")
def portrait(face) -> tuple[np.ndarray, np.ndarray]:
    """A part of the portrait, ``(240, 200, 3)``, and its landmarks, ``(478, 2)``."""
    landmarks = FaceLandmarker().locate(astronaut(), face)
    return np.ascontiguousarray(astronaut()[10:250, 120:320]), landmarks - np.float32([120, 10])


@pytest.fixture(scope="session")
def other_person(portrait) -> tuple[np.ndarray, np.ndarray]:
    """The portrait a little wider and in green: another person of the same pose."""
    image, landmarks = portrait
    wider = cv2.resize(image, (220, 240), interpolation=cv2.INTER_CUBIC)
    wider = (wider * np.array([0.3, 1.0, 0.3])).astype(np.uint8)
    return wider, landmarks * np.float32([1.1, 1.0])
