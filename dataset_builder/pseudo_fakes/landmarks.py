"""478 face landmarks with the network of MediaPipe, run by OpenCV.

After Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs",
CVPR workshops 2019. The point numbers are MediaPipe's.
"""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np

from detector.faces.detection import crop_square
from detector.facts import DetectedFace

POINTS = 478
# The last ten points lie on the irises and move with the gaze; the face itself has 468.
FACE_POINTS = 468

_WEIGHTS = Path(__file__).parent / "weights" / "face_landmarks_detector.tflite"
_INPUT_SIDE = 256
# Side of the input over the longer side of the face box: the network was trained with this margin.
_INPUT_SCALE = 1.5


class FaceLandmarker:
    """Finds the landmarks of detected faces. Safe to share between threads."""

    def __init__(self):
        self._lock = threading.Lock()
        # OpenCV's new engine hides two of the three outputs of this network
        self._network = cv2.dnn.readNetFromTFLite(str(_WEIGHTS), cv2.dnn.ENGINE_CLASSIC)

    def locate(self, image: np.ndarray, face: DetectedFace) -> np.ndarray | None:
        """The landmarks of a face, or None where the network sees none (as in full profile).

        Args:
            image: ``(H, W, 3)`` uint8 RGB, a photo or a face crop; mirrored beyond its border.
            face: A face of this image; in a face crop, from `face_in_crop`.

        Returns:
            ``(478, 2)`` float32, x and y in pixels of the image, possibly beyond its border.
        """
        matrix = _to_input(face)
        size = (_INPUT_SIDE, _INPUT_SIDE)
        shrinks = matrix[0, 0] ** 2 + matrix[0, 1] ** 2 < 0.25
        if shrinks:  # a warp alone would skip pixels
            factor = 2 * float(np.hypot(matrix[0, 0], matrix[0, 1]))
            height, width = (max(round(length * factor), 1) for length in image.shape[:2])
            image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
            upright = cv2.warpAffine(
                image, matrix @ np.diag([1 / factor, 1 / factor, 1]), size, borderMode=cv2.BORDER_REFLECT_101
            )
        else:
            upright = cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REFLECT_101)
        with self._lock:
            self._network.setInput(cv2.dnn.blobFromImage(upright, 1 / 255))
            points, presence = self._network.forward(["Identity", "Identity_1"])
        if presence.item() < 0:  # a logit
            return None
        back = cv2.invertAffineTransform(matrix)
        return (points.reshape(POINTS, 3)[:, :2] @ back[:, :2].T + back[:, 2]).astype(np.float32)


def _to_input(face: DetectedFace) -> np.ndarray:
    """``(2, 3)`` affine map of the image to the network's input: box in the middle, eyes level."""
    x0, y0, x1, y1 = face.box_px
    center = ((x0 + x1) / 2, (y0 + y1) / 2)
    (right_x, right_y), (left_x, left_y) = face.landmarks_px[:2]
    tilt = float(np.degrees(np.arctan2(left_y - right_y, left_x - right_x)))
    side = _INPUT_SCALE * max(x1 - x0, y1 - y0, 1.0)
    matrix = cv2.getRotationMatrix2D(center, tilt, _INPUT_SIDE / side)
    matrix[:, 2] += _INPUT_SIDE / 2 - np.asarray(center)
    return matrix


def face_in_crop(box_px: list[float], landmarks_px: list[list[float]]) -> DetectedFace:
    """A face of a photo in the coordinates of its face crop.

    Args:
        box_px: ``(x0, y0, x1, y1)`` in pixels of the photo.
        landmarks_px: ``(5, 2)`` in pixels of the photo.
    """
    left, top, side = crop_square(tuple(box_px))
    points = np.asarray(landmarks_px, np.float64) - [left, top]
    corners = np.asarray(box_px, np.float64).reshape(2, 2) - [left, top]
    for _ in range(3):
        across, down = points[3:].mean(axis=0) - points[:2].mean(axis=0)
        if down >= abs(across):
            break
        # the crop of a face that lay on its side was turned upright: as numpy.rot90, counter-clockwise
        points, corners = (np.stack([part[:, 1], side - part[:, 0]], axis=1) for part in (points, corners))
    box = (*corners.min(axis=0), *corners.max(axis=0))
    return DetectedFace(tuple(map(float, box)), tuple((float(x), float(y)) for x, y in points), 1.0)
