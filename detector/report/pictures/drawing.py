"""Results as pictures with numbered boxes."""

from __future__ import annotations

import cv2
import numpy as np

from detector.network.saliency import overlay
from detector.report.wording.verdicts import score_text
from detector.results import ShownFrame

_LINE_COLOR = (255, 255, 255)
_SHADOW_COLOR = (0, 0, 0)


def draw_faces(frame: ShownFrame, with_overlay: bool) -> np.ndarray:
    """Draws the picture with numbered boxes, with or without the saliency overlay, ``(H, W, 3)`` uint8 RGB."""
    image = frame.image.copy()
    if with_overlay:
        image = overlay(image, [(shown.face, shown.evidence, shown.score) for shown in frame.faces])
    width = max(round(max(image.shape[:2]) / 400), 1)
    for shown in frame.faces:
        x0, y0, x1, y1 = (round(value) for value in shown.face.box_px)
        label, size = f"{shown.track_id}: {score_text(shown.score)}", max(image.shape[:2]) / 1200 + 0.2
        # a dark line under a light one stays visible on every picture
        for color, thickness in ((_SHADOW_COLOR, 3 * width), (_LINE_COLOR, width)):
            cv2.rectangle(image, (x0, y0), (x1, y1), color, thickness)
            cv2.putText(
                image,
                label,
                (max(x0, 0), max(y0 - 3 * width, round(25 * size))),
                cv2.FONT_HERSHEY_SIMPLEX,
                size,
                color,
                thickness,
                cv2.LINE_AA,
            )
    return image
