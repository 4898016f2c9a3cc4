"""Pseudo-fakes made of one real face: a self-blended image and its mask.

After Shiohara & Yamasaki, "Detecting Deepfakes with Self-Blended Images", CVPR 2022: one copy of
the face gets another colour, sharpness and place, then is blended into the other. Real and fake show
the same person and scene, so only the traces of blending tell them apart. The masks are hulls of
MediaPipe's landmarks, where the paper uses those of dlib's 68 and 81.
"""

from __future__ import annotations

import cv2
import numpy as np

from dataset_builder.blending import blend, change_colour, change_frequency, face_size, soft_mask

# Odds of the parts that are blended.
PARTS = {"face": 3, "without_forehead": 3, "inner": 2, "lower": 1, "eyes_and_nose": 1, "mouth": 1}
# Weights of the source in the middle of the mask, as in the paper.
RATIOS = (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)


def self_blend(
    image: np.ndarray, landmarks_px: np.ndarray, random: np.random.Generator, altered: str | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Blends an altered copy of a face into itself, or itself into an altered copy.

    Where the mask is 0 the result is the target: the image itself when the source was altered, else a
    copy of it with other colours and sharpness.

    Args:
        image: ``(H, W, 3)`` uint8 RGB, a photo or face crop.
        landmarks_px: ``(478, 2)`` of its face, in pixels of the image.
        random: Source of all randomness.
        altered: ``source`` (the face) or ``target`` (the rest); None draws one.

    Returns:
        The blended image, ``(H, W, 3)`` uint8 RGB, and the mask, ``(H, W)`` float32 0..1: the weight of the source.
    """
    size = face_size(landmarks_px)
    drawn = "source" if random.random() < 0.5 else "target"
    copy = change_frequency(change_colour(image, random), size, random)
    source, target = (copy, image) if (altered or drawn) == "source" else (image, copy)
    height, width = image.shape[:2]
    mask = soft_mask((height, width), landmarks_px, PARTS, random)
    source = cv2.warpAffine(
        source,
        _small_move(landmarks_px.mean(axis=0), size, random),
        (width, height),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    mask = mask * np.float32(random.choice(RATIOS))
    return blend(source, target, mask), mask


def _small_move(center: np.ndarray, size: float, random: np.random.Generator) -> np.ndarray:
    """``(2, 3)`` affine map: up to 3 % of the face aside, up to 5 % larger or smaller."""
    matrix = cv2.getRotationMatrix2D(tuple(map(float, center)), 0, random.uniform(0.95, 1.05))
    matrix[:, 2] += random.uniform(-0.03, 0.03, 2) * size
    return matrix
