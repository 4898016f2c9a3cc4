"""Measures what becomes of the scores of real faces when the same photos are reduced until the faces are tiny."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from scipy.special import expit

from detector.faces.detection import FaceDetector, crop_face
from detector.network.loading import LoadedModel

# Face sizes in px: just over the smallest that is assessed, and half as large again.
SIDES_PX = (52, 78)
_JPEG_QUALITY = 90
_BATCH = 16


def reduced(image: np.ndarray, scale: float) -> np.ndarray:
    """Reduces an ``(H, W, 3)`` uint8 RGB photo and stores it as JPEG again, as a site that shows it small does."""
    height, width = image.shape[:2]
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    stored = cv2.imencode(".jpg", small[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
    again = np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR))
    return np.ascontiguousarray(again[:, :, ::-1])


def score_reduced(
    model: LoadedModel, detector: FaceDetector, images: Sequence[np.ndarray], side_px: float
) -> np.ndarray:
    """Scores the largest face of each photo after it was reduced to a size.

    Args:
        model: What scores.
        detector: What finds the faces, before and after.
        images: Photos, each ``(H, W, 3)`` uint8 RGB.
        side_px: Shorter side of the face box to reach.

    Returns:
        Scores, 0..1, ``(N,)``; NaN where no face is found, before or after, or it is smaller already.
    """
    scores = np.full(len(images), np.nan)
    crops, numbers = [], []
    for number, image in enumerate(images):
        before = detector.detect(image)
        if not before or before[0].size_px <= side_px:
            continue
        small = reduced(image, side_px / before[0].size_px)
        after = detector.detect(small)
        if after:
            crops.append(crop_face(small, after[0]))
            numbers.append(number)
    for start in range(0, len(crops), _BATCH):
        scores[numbers[start : start + _BATCH]] = expit(model.predict(crops[start : start + _BATCH]).log_odds)
    return scores
