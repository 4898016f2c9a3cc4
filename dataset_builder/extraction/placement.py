"""Finds where the frames of a fake lie in those of its original."""

from __future__ import annotations

import cv2
import numpy as np

from detector.facts import DetectedFace
from detector.media.videos.video import Video

# Mean difference of grey levels at which a fake shows the same picture as its original but for the face. Five
# Face2Face videos of FaceForensics++ c23, whose width was cut to a multiple of 64 px, have 1.6 to 2.2 in their place,
# and 7.8 to 21 when stretched instead.
MAX_DIFFERENCE = 6.0
# A fake that was stretched would fit better that way than in the middle.
MIN_GAIN = 2.0


def size_of(video: Video) -> tuple[int, int]:
    """Reads width and height in pixels."""
    return video.size_px


def offset_in_original(fake: Video, original: Video, fake_s: float, original_s: float) -> tuple[int, int] | None:
    """Finds how far right and down the frames of a fake lie in its original's; None where they do not fit.

    Frames of one size fit as they are. Smaller ones fit if they show the middle of the original.

    Args:
        fake: Opened.
        original: Opened.
        fake_s: An instant of the fake in seconds.
        original_s: The same instant of the original.
    """
    if size_of(fake) == size_of(original):
        return 0, 0
    (width, height), (whole_width, whole_height) = size_of(fake), size_of(original)
    if width > whole_width or height > whole_height:
        return None
    left, top = (whole_width - width) // 2, (whole_height - height) // 2
    part, whole = _grey_frame(fake, fake_s), _grey_frame(original, original_s)
    if part is None or whole is None:
        return None
    cut = _difference(part, whole[top : top + height, left : left + width])
    stretched = _difference(part, cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA))
    return (left, top) if cut <= MAX_DIFFERENCE and MIN_GAIN * cut <= stretched else None


def moved(face: DetectedFace, offset_px: tuple[int, int]) -> DetectedFace:
    """Moves a face of the original into the frames of a fake that lie so far right and down."""
    left, top = offset_px
    x0, y0, x1, y1 = face.box_px
    points = tuple((x - left, y - top) for x, y in face.landmarks_px)
    return DetectedFace((x0 - left, y0 - top, x1 - left, y1 - top), points, face.detector_score, face.quarter_turns)


def _grey_frame(video: Video, time_s: float) -> np.ndarray | None:
    frame = next(iter(video.frames_at([time_s])), None)
    return None if frame is None else cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY)


def _difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(cv2.absdiff(a, b).mean())
