"""Where the model looked: maps of evidence (see `detector.network.runtimes.Prediction`) laid over the picture."""

from __future__ import annotations

import cv2
import numpy as np

from detector.faces.detection import crop_square
from detector.facts import DetectedFace
from detector.messages import Message

CAPTION = Message("Where the model looked, not proof.")
# Opacity of the overlay where the evidence is complete and the face scores 1.
MAX_OPACITY = 0.65
# Evidence that is drawn at full strength: maps of the bundled model peak at 28 to 177 on validation fakes that score as
# manipulated, and at no more than 8 on real faces (10th to 90th percentile).
FULL_EVIDENCE = 30.0
# ``(256, 3)`` uint8 RGB, from no opacity to `MAX_OPACITY`.
_COLOURS = cv2.applyColorMap(np.arange(256, dtype=np.uint8), cv2.COLORMAP_INFERNO).reshape(256, 3)[:, ::-1]


def opacity(evidence: np.ndarray, score: float) -> np.ndarray:
    """Gives the opacity of the overlay for a map in log odds, of the same shape, 0..`MAX_OPACITY`.

    Maps are not stretched to their own range: strength is in fixed units of evidence, times the
    score of the face. A face with a low score hardly shows, whatever its map looks like.
    """
    return MAX_OPACITY * score * np.clip(evidence / FULL_EVIDENCE, 0, 1)


def colours(alpha: np.ndarray) -> np.ndarray:
    """Gives the colours of the overlay for its opacity, ``(H, W, 3)`` uint8 RGB."""
    strength = np.round(alpha / MAX_OPACITY * 255).astype(np.uint8)
    return np.asarray(_COLOURS[strength])


def overlay_square(evidence: np.ndarray, score: float, quarter_turns: int, side_px: int) -> np.ndarray | None:
    """Draws an evidence map by itself, to be laid over the square of `detector.faces.detection.crop_square`.

    Args:
        evidence: Map in log odds, of the upright crop.
        score: Of the face, 0..1.
        quarter_turns: Of the face, see `detector.facts.DetectedFace`; the drawing lies as the picture does.
        side_px: Of the drawing.

    Returns:
        ``(side_px, side_px, 4)`` uint8 RGBA; None where nothing of it would be seen.
    """
    turned = np.ascontiguousarray(np.rot90(evidence, -quarter_turns))
    alpha = opacity(cv2.resize(turned, (side_px, side_px), interpolation=cv2.INTER_CUBIC), score).astype(np.float32)
    opacities = np.round(alpha * 255).astype(np.uint8)
    return np.dstack([colours(alpha), opacities]) if opacities.any() else None


def overlay(image: np.ndarray, faces: list[tuple[DetectedFace, np.ndarray, float]]) -> np.ndarray:
    """Draws evidence maps onto a picture.

    Args:
        image: ``(H, W, 3)`` uint8 RGB; not changed.
        faces: Per face its place in this image, its map in log odds and its score.

    Returns:
        A new ``(H, W, 3)`` uint8 RGB image.
    """
    result = image.copy()
    height, width = image.shape[:2]
    for face, evidence, score in faces:
        left, top, side = crop_square(face.box_px)
        x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
        if x0 >= x1 or y0 >= y1:
            continue
        turned = np.ascontiguousarray(np.rot90(evidence, -face.quarter_turns))
        alpha = opacity(cv2.resize(turned, (side, side), interpolation=cv2.INTER_CUBIC), score)
        alpha = alpha[y0 - top : y1 - top, x0 - left : x1 - left, None].astype(np.float32)
        color = colours(alpha[:, :, 0])
        region = result[y0:y1, x0:x1]
        result[y0:y1, x0:x1] = (region * (1 - alpha) + color * alpha).round().astype(np.uint8)
    return result
