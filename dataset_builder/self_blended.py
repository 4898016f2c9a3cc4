"""Pseudo-fakes made of one real face: a self-blended image and its mask.

After Shiohara & Yamasaki, "Detecting Deepfakes with Self-Blended Images", CVPR 2022: one copy of
the face gets another colour, sharpness and place, then is blended into the other. Real and fake show
the same person and scene, so only the traces of blending tell them apart. The mask here is an
ellipse from five landmarks, where the paper uses the hull of 68.
"""

from __future__ import annotations

import cv2
import numpy as np


def self_blend(
    crop: np.ndarray, landmarks_px: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Blends an altered copy of a face into itself.

    Args:
        crop: ``(S, S, 3)`` uint8 RGB face crop.
        landmarks_px: ``(5, 2)`` eyes, nose and mouth corners in pixels of the crop.
        random: Source of all randomness.

    Returns:
        The blended crop, ``(S, S, 3)`` uint8 RGB, and the mask, ``(S, S)`` float32 0..1.
    """
    source, target = crop, crop
    if random.random() < 0.5:
        source = _altered(source, random)
    else:
        target = _altered(target, random)
    mask = _face_mask(crop.shape[0], np.asarray(landmarks_px, np.float32), random)
    matrix = _small_shift(crop.shape[0], random)
    size = (crop.shape[1], crop.shape[0])
    source = cv2.warpAffine(source, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    mask = cv2.warpAffine(mask, matrix, size).clip(0, 1) * random.choice([0.5, 0.75, 1.0, 1.0, 1.0])
    blended = source * mask[:, :, None] + target * (1 - mask[:, :, None])
    return blended.round().clip(0, 255).astype(np.uint8), mask.astype(np.float32)


def _face_mask(side: int, landmarks: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A soft, irregular ellipse over the whole face or a part of it."""
    eyes, mouth = landmarks[:2].mean(axis=0), landmarks[3:].mean(axis=0)
    height = max(float(np.linalg.norm(mouth - eyes)), side * 0.1)
    width = max(float(np.linalg.norm(landmarks[1] - landmarks[0])), height * 0.5)
    part = random.choice(["face", "face", "face", "lower", "eyes"])
    center = {"face": (eyes + mouth) / 2, "lower": mouth * 0.8 + eyes * 0.2, "eyes": eyes}[str(part)]
    axes = {
        "face": (1.0 * width, 1.25 * height),
        "lower": (0.8 * width, 0.6 * height),
        "eyes": (1.0 * width, 0.4 * height),
    }
    a, b = (value * random.uniform(0.75, 1.15) for value in axes[str(part)])
    across, down = mouth - eyes
    tilt = float(np.degrees(np.arctan2(-across, down)))
    mask = np.zeros((side, side), np.float32)
    cv2.ellipse(mask, (tuple(map(float, center)), (2 * a, 2 * b), tilt), 1.0, -1)
    # a smooth random displacement keeps the outline from always being an ellipse
    coarse = random.normal(0, 0.04 * side, (4, 4, 2)).astype(np.float32)
    shift = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    columns, rows = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
    mask = cv2.remap(mask, columns + shift[:, :, 0], rows + shift[:, :, 1], cv2.INTER_LINEAR)
    return cv2.GaussianBlur(mask, (0, 0), side * random.uniform(0.01, 0.05)).clip(0, 1)


def _altered(crop: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Another colour, and another sharpness or resolution."""
    values = crop.astype(np.float32)
    values = (values - 128) * random.uniform(0.85, 1.15) + 128 + random.uniform(-15, 15) + random.uniform(-15, 15, 3)
    altered = values.clip(0, 255).astype(np.uint8)
    hue, saturation, value = cv2.split(cv2.cvtColor(altered, cv2.COLOR_RGB2HSV))
    saturation = (saturation * random.uniform(0.75, 1.25)).clip(0, 255).astype(np.uint8)
    altered = cv2.cvtColor(cv2.merge([hue, saturation, value]), cv2.COLOR_HSV2RGB)
    kind = random.choice(["small", "blurred", "sharpened"])
    if kind == "small":
        side = crop.shape[0]
        small = max(int(side * random.uniform(0.3, 0.7)), 16)
        altered = cv2.resize(altered, (small, small), interpolation=cv2.INTER_AREA)
        return cv2.resize(altered, (side, side), interpolation=cv2.INTER_LINEAR)
    soft = cv2.GaussianBlur(altered, (0, 0), random.uniform(0.8, 2.0))
    return soft if kind == "blurred" else cv2.addWeighted(altered, 1.7, soft, -0.7, 0)


def _small_shift(side: int, random: np.random.Generator) -> np.ndarray:
    """Moves by up to 3 % and scales by up to 5 %."""
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), 0, random.uniform(0.95, 1.05))
    matrix[:, 2] += random.uniform(-0.03, 0.03, 2) * side
    return matrix
