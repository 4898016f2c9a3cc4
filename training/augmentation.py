"""Training-time changes that stand for what happens to media before a fact-checker sees them."""

from __future__ import annotations

import cv2
import numpy as np

_FILTERS = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)


def augment(crop: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Mirrors, shifts, re-colours, blurs, rescales, adds noise and re-compresses a face crop.

    Real and fake crops go through the same changes with the same odds, so none of them can become
    a cue. Compression comes last, at the resolution of the crop, as in a re-posted photo.

    Args:
        crop: ``(S, S, 3)`` uint8 RGB.
        random: Source of all randomness.

    Returns:
        ``(T, T, 3)`` uint8 RGB, T about S.
    """
    if random.random() < 0.5:
        crop = crop[:, ::-1]
    crop = _shift_and_zoom(crop, random)
    if random.random() < 0.5:
        gain, offset = random.uniform(0.75, 1.25, 3) * random.uniform(0.8, 1.2), random.uniform(-20, 20)
        crop = _to_uint8((crop.astype(np.float32) - 128) * gain + 128 + offset)
    if random.random() < 0.3:
        crop = cv2.GaussianBlur(crop, (0, 0), random.uniform(0.3, 2.0))
    if random.random() < 0.5:
        side = crop.shape[0]
        small = max(int(side * random.uniform(0.35, 1.0)), 32)
        crop = cv2.resize(crop, (small, small), interpolation=int(random.choice(_FILTERS)))
        crop = cv2.resize(crop, (side, side), interpolation=int(random.choice(_FILTERS)))
    if random.random() < 0.2:
        crop = _to_uint8(crop + random.normal(0, random.uniform(1, 10), crop.shape))
    if random.random() < 0.7:
        crop = jpeg(crop, int(random.integers(30, 100)))
    return np.ascontiguousarray(crop)


def jpeg(crop: np.ndarray, quality: int) -> np.ndarray:
    """The image after JPEG compression at a quality of 0..100."""
    _, data = cv2.imencode(".jpg", crop[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[:, :, ::-1])


def _shift_and_zoom(crop: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A square part of 85 to 100 % of the side: face boxes are never placed twice alike."""
    side = crop.shape[0]
    part = max(int(side * random.uniform(0.85, 1.0)), 1)
    left, top = random.integers(0, side - part + 1, 2)
    return np.ascontiguousarray(crop[top : top + part, left : left + part])


def _to_uint8(values: np.ndarray) -> np.ndarray:
    return values.clip(0, 255).astype(np.uint8)
