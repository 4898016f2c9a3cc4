"""How far a face is turned to the side, from the five landmarks of the face detector."""

from __future__ import annotations

import numpy as np

from detector.facts import DetectedFace

# How far the tip of the nose lies before the eyes, over half the distance of the eyes: 135 over 150 units of the head
# that is common for estimating poses from six points (nose, chin, corners of eyes and mouth).
_NOSE_DEPTH = 0.9


def degrees_to_the_side(face: DetectedFace) -> float:
    """Estimates by how many degrees a head is turned from the camera, 0 to 90, whichever way.

    The tip of the nose lies before the eyes, so it moves across their line when the head turns. That is rough: heads differ,
    and in full profile the face detector guesses the hidden eye.

    Args:
        face: A face of a picture, tilted or not.
    """
    right, left, nose = (np.asarray(point, np.float64) for point in face.landmarks_px[:3])
    line = left - right
    half = float(np.hypot(*line)) / 2
    if half == 0:
        return 90.0
    across = abs(float((nose - (right + left) / 2) @ line)) / (2 * half)
    return float(np.degrees(np.arctan2(across, _NOSE_DEPTH * half)))
