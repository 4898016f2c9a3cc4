"""Finds faces with YuNet and cuts the one crop that data set, training and application share."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from detector.facts import Box, DetectedFace

# Shown to the model, so part of the data protocol: a change here needs a newly built data set.
CROP_SCALE = 1.3
# Faces in the training crops are hardly ever smaller; below this there is no detail to judge.
MIN_FACE_PX = 48
# Detection runs on reduced copies: YuNet misses most faces above some 900 px, so the second,
# small copy is for those. The first is a whole fraction of 1080p and 4K, which is the cheapest to reduce to.
DETECTION_SIDES_PX = (960, 320)
MIN_DETECTOR_SCORE = 0.7
# YuNet also finds faces that lie on their side, at lower scores (.84 for .94 on the astronaut
# portrait) and with the landmarks of an upright face, so only the score tells.
SURE_DETECTOR_SCORE = 0.9
TURN_GAIN = 0.03
# Where `FaceDetector.is_tilted` begins to hold: of 800 readings of 100 real portraits, turned in steps of 15 degrees, for
# none up to 20 degrees, 1 % up to 40, 28 % up to 50, 76 % up to 60 and 98 % beyond. In clips, 116 real faces of test and
# validation score .09 higher at 60 degrees and .15 at 75; within 45 degrees, in photos, 106 of test score .02 higher.
MAX_TILT_DEGREES = 50
NMS_IOU = 0.4
# What is looked at of a face to tell its tilt: its side over the longer side of the face box, and in pixels.
_TILT_SCALE, _TILT_SIDE_PX = 2.0, 192

_WEIGHTS = Path(__file__).parent / "weights" / "face_detection_yunet_2023mar.onnx"


class FaceDetector:
    """YuNet (OpenCV Zoo, 2023-03) on reduced copies of an image. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        cv2.utils.logging.setLogLevel(
            cv2.utils.logging.LOG_LEVEL_ERROR
        )  # OpenCV 5 warns of a target that YuNet's loader names and does not need
        self._yunet = cv2.FaceDetectorYN.create(
            str(_WEIGHTS), "", (320, 320), score_threshold=MIN_DETECTOR_SCORE, nms_threshold=NMS_IOU
        )

    def detect(self, image: np.ndarray, try_turned: bool = True, turned: int = 0) -> list[DetectedFace]:
        """Finds all faces of an image, the largest first.

        Where none is found, the image is tried again with a border around it, for faces that fill
        the picture; where one is not found for sure, turned by 90, 270 and 180 degrees.

        Args:
            image: ``(H, W, 3)`` uint8 RGB.
            try_turned: Whether to look for faces that lie on their side or head. Frames of a video
                are not turned one by one, so that a face seen from the side does not tip over from one
                to the next.
            turned: Quarter turns, counter-clockwise, that set the whole picture upright; see `clip_turn`.
        """
        found = self._detect_turned(image, turned)
        found = found or self._detect_with_border(image)
        if try_turned and min((face.detector_score for face in found), default=0.0) < SURE_DETECTOR_SCORE:
            others = [face for turns in (1, 3, 2) for face in self._detect_turned(image, turns)]
            found = _merge(found, others)
        return sorted(found, key=lambda face: (-_area(face.box_px), face.box_px))

    def clip_turn(self, images: Iterable[np.ndarray]) -> int:
        """Finds the quarter turns that set a clip upright which lies on its side without saying so; mostly 0.

        Args:
            images: Some of its frames; the others are not looked at where the first shows a face for sure.
        """
        totals = dict.fromkeys((0, 1, 3, 2), 0.0)
        for number, image in enumerate(images, start=1):
            upright = _best_score(self._detect(image))
            if number == 1 and upright >= SURE_DETECTOR_SCORE:
                return 0
            totals[0] += upright + TURN_GAIN
            for turns in (1, 3, 2):
                totals[turns] += _best_score(self._detect_turned(image, turns))
        return max(totals, key=lambda turns: totals[turns])

    def is_tilted(self, image: np.ndarray, face: DetectedFace) -> bool:
        """Tells whether a face is tilted by more than some `MAX_TILT_DEGREES`: it is more surely one when turned by a quarter.

        The line of its eyes does not tell: YuNet draws it with half the angle at 30 to 45 degrees, and nearly level beyond.

        Args:
            image: ``(H, W, 3)`` uint8 RGB.
            face: A face of this image.
        """
        if face.detector_score >= SURE_DETECTOR_SCORE:
            return False
        left, top, side = crop_square(face.box_px, _TILT_SCALE)
        left, top, right, bottom = max(left, 0), max(top, 0), max(left + side, 0), max(top + side, 0)
        around = image[top:bottom, left:right]
        if not around.size:
            return False
        scale = min(1.0, _TILT_SIDE_PX / side)
        if scale < 1:
            size = [max(round(length * scale), 1) for length in around.shape[1::-1]]
            around = cv2.resize(around, size, interpolation=cv2.INTER_AREA)
        x0, y0, x1, y1 = face.box_px
        box = ((x0 - left) * scale, (y0 - top) * scale, (x1 - left) * scale, (y1 - top) * scale)
        as_found, sideways, other_side = (
            _best_score(
                found
                for found in self._detect_turned(around, (face.quarter_turns + more) % 4)
                if _is_centred_in(box, found.box_px)  # the others are neighbours
            )
            for more in (0, 1, 3)
        )
        return max(sideways, other_side) > as_found + TURN_GAIN

    def _detect_turned(self, image: np.ndarray, turns: int) -> list[DetectedFace]:
        if not turns:
            return self._detect(image)
        height, width = image.shape[:2]
        found = self._detect(np.ascontiguousarray(np.rot90(image, turns)))
        return [_turn_back(face, turns, width, height) for face in found]

    def _detect_with_border(self, image: np.ndarray) -> list[DetectedFace]:
        # reduced first: a border around a large or narrow picture would be many times its size
        scale = min(1.0, DETECTION_SIDES_PX[0] / max(image.shape[:2]))
        size = [max(round(length * scale), 1) for length in image.shape[1::-1]]
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image
        margin = max(size) // 4
        bordered = cv2.copyMakeBorder(small, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=(128, 128, 128))
        return [
            DetectedFace(
                tuple((value - margin) / scale for value in face.box_px),
                tuple(((x - margin) / scale, (y - margin) / scale) for x, y in face.landmarks_px),
                face.detector_score,
            )
            for face in self._detect(bordered)
        ]

    def _detect(self, image: np.ndarray) -> list[DetectedFace]:
        height, width = image.shape[:2]
        small = image
        found_rows: list[np.ndarray] = []
        scales = {min(1.0, side / max(height, width)) for side in DETECTION_SIDES_PX}
        for scale in sorted(scales, reverse=True):
            size = (max(round(width * scale), 1), max(round(height * scale), 1))
            if scale < 1:  # of the copy before, which is smaller
                small = cv2.resize(small, size, interpolation=cv2.INTER_AREA)
            with self._lock:
                self._yunet.setInputSize(size)
                _, found = self._yunet.detect(cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
            if found is not None:
                found[:, :14] *= np.tile([width / size[0], height / size[1]], 7)
                found_rows.append(found)
        if not found_rows:
            return []
        rows = np.concatenate(found_rows)
        kept = cv2.dnn.NMSBoxes(rows[:, :4].tolist(), rows[:, 14].tolist(), MIN_DETECTOR_SCORE, NMS_IOU)
        return [_face_from_row(rows[index]) for index in np.asarray(kept).reshape(-1)]


def _face_from_row(row: np.ndarray) -> DetectedFace:
    x, y, width, height = (float(value) for value in row[:4])
    landmarks = tuple((float(a), float(b)) for a, b in row[4:14].reshape(5, 2))
    return DetectedFace((x, y, x + width, y + height), landmarks, float(row[14]))


def _merge(upright: list[DetectedFace], turned: list[DetectedFace]) -> list[DetectedFace]:
    """Keeps one reading of each face: upright, unless a turned one is clearly surer; faces seen only turned must be sure."""
    merged = list(upright)
    needed = SURE_DETECTOR_SCORE if upright else 0.0
    for face in sorted(turned, key=lambda face: -face.detector_score):
        same = [other for other in merged if _overlap(face.box_px, other.box_px) > NMS_IOU]
        if not same and face.detector_score >= needed:
            merged.append(face)
        elif same and all(
            not other.quarter_turns and face.detector_score > other.detector_score + TURN_GAIN for other in same
        ):
            merged = [other for other in merged if other not in same] + [face]
    return merged


def _overlap(a: Box, b: Box) -> float:
    """Computes the intersection over union of two boxes."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    return shared / (_area(a) + _area(b) - shared) if shared else 0.0


def _is_centred_in(outer: Box, box: Box) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return outer[0] < x < outer[2] and outer[1] < y < outer[3]


def _best_score(faces: Iterable[DetectedFace]) -> float:
    return max((face.detector_score for face in faces), default=0.0)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _turn_back(face: DetectedFace, turns: int, width: int, height: int) -> DetectedFace:
    """Maps a face found in ``rot90(image, turns)`` to the coordinates of the image."""

    def back(x: float, y: float) -> tuple[float, float]:
        return {1: (width - y, x), 2: (width - x, height - y), 3: (y, height - x)}[turns]

    corners = [back(*face.box_px[:2]), back(*face.box_px[2:])]
    (xa, ya), (xb, yb) = corners
    box = (min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb))
    return DetectedFace(box, tuple(back(*point) for point in face.landmarks_px), face.detector_score, turns)


def crop_square(box_px: Box, scale: float = CROP_SCALE) -> tuple[int, int, int]:
    """Gives the square around a box: ``(left, top, side)`` in whole pixels, possibly beyond the border."""
    x0, y0, x1, y1 = box_px
    side = max(round(scale * max(x1 - x0, y1 - y0)), 1)
    return round((x0 + x1 - side) / 2), round((y0 + y1 - side) / 2), side


def crop_face(image: np.ndarray, face: DetectedFace, scale: float = CROP_SCALE) -> np.ndarray:
    """Cuts the square crop around a face: never stretched, mirrored at the border, upright.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        face: A face of this image.
        scale: Side of the crop over the longer side of the face box.

    Returns:
        ``(S, S, 3)`` uint8 RGB at the resolution of the image.
    """
    left, top, side = crop_square(face.box_px, scale)
    rows = _mirrored(top, side, image.shape[0])
    columns = _mirrored(left, side, image.shape[1])
    return np.ascontiguousarray(np.rot90(image[rows[:, None], columns], face.quarter_turns))


def _mirrored(start: int, count: int, length: int) -> np.ndarray:
    """Indices ``start .. start + count - 1``, reflected into ``0 .. length - 1`` as often as needed."""
    period = max(2 * (length - 1), 1)
    indices = np.abs(np.arange(start, start + count)) % period
    return np.where(indices < length, indices, period - indices)
