"""Pseudo-fakes made of one real face: a self-blended image and its mask.

After Shiohara & Yamasaki, "Detecting Deepfakes with Self-Blended Images", CVPR 2022: one copy of
the face gets another colour, sharpness and place, then is blended into the other. Real and fake show
the same person and scene, so only the traces of blending tell them apart. The masks are hulls of
MediaPipe's landmarks, where the paper uses those of dlib's 68 and 81. Beyond the paper, the copy may come
with other light, noise or JPEG traces, bent features and a seam without a step in colour, as a face of
another picture or out of a generator does.
"""

from __future__ import annotations

import cv2
import numpy as np

from dataset_builder.pseudo_fakes.blending import (
    bent_grid,
    blend,
    change_colour,
    change_frequency,
    change_grain,
    change_light,
    clone,
    face_size,
    soft_mask,
)

# Odds of the parts that are blended.
PARTS = {"face": 3, "without_forehead": 3, "inner": 2, "lower": 1, "eyes_and_nose": 1, "mouth": 1}
# Weights of the source in the middle of the mask, as in the paper.
RATIOS = (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)
# Most that the features of a face move against each other, as a share of its size (one standard deviation).
MAX_BEND = 0.015


def self_blend(
    image: np.ndarray, landmarks_px: np.ndarray, random: np.random.Generator, altered: str | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Blends an altered copy of a face into itself, or itself into an altered copy.

    Where the mask is 0 the result is the target: the image itself when the source was altered, else a
    copy of it with other colours and sharpness. Beside the result, the target is what to show as real, as in
    the paper: beside the image itself, another colour or sharpness of the whole would tell the fake.

    Args:
        image: ``(H, W, 3)`` uint8 RGB, a photo or face crop.
        landmarks_px: ``(478, 2)`` of its face, in pixels of the image.
        random: Source of all randomness.
        altered: ``source`` (the face) or ``target`` (the rest); None draws one.

    Returns:
        The blended image, ``(H, W, 3)`` uint8 RGB, the mask, ``(H, W)`` float32 0..1: the weight of the source, and
        the target, like the image.
    """
    height, width = image.shape[:2]
    size, center = face_size(landmarks_px), landmarks_px.mean(axis=0)
    drawn = altered or ("source" if random.random() < 0.5 else "target")
    copy = change_colour(image, random)
    if random.random() < 0.4:
        copy = change_light(copy, center, size, random)
    copy = change_frequency(copy, size, random)
    if random.random() < 0.4:
        copy = change_grain(copy, random)
    source, target = (copy, image) if drawn == "source" else (image, copy)
    mask = soft_mask((height, width), landmarks_px, PARTS, random)
    source = _moved(source, center, size, random)
    if drawn == "source" and random.random() < 0.25:
        source = clone(source, target, mask, size)
    mask = mask * np.float32(random.choice(RATIOS))
    return blend(source, target, mask), mask, target


def _moved(image: np.ndarray, center: np.ndarray, size: float, random: np.random.Generator) -> np.ndarray:
    """A face up to 3 % of its size aside and up to 5 % larger or smaller, and in half of all cases bent a little too."""
    rows, columns = bent_grid(image.shape[:2], size, MAX_BEND if random.random() < 0.5 else 0.0, random)
    scale = random.uniform(0.95, 1.05)
    right, down = random.uniform(-0.03, 0.03, 2) * size
    columns = (columns - center[0] - right) / scale + center[0]
    rows = (rows - center[1] - down) / scale + center[1]
    return cv2.remap(
        image, columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    )
