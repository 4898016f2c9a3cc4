"""Changes pixels as cameras, editors and networks of the web do."""

from __future__ import annotations

import cv2
import numpy as np


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """Compresses an ``(H, W, 3)`` uint8 RGB image as JPEG, with a quality of 0..100, and reads it again."""
    _, data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None  # it was encoded a line before
    return np.ascontiguousarray(decoded[:, :, ::-1])


def to_uint8(values: np.ndarray) -> np.ndarray:
    """Rounds and clips: a cast alone would wrap overshoot into speckles."""
    return np.rint(values).clip(0, 255).astype(np.uint8)
