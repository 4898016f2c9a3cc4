"""What a real face looks like, as far as it can be measured in a photo: size, pose, light and tone of the skin."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from dataset_builder.pseudo_fakes.landmarks import FaceLandmarker
from detector.faces.detection import FaceDetector
from detector.faces.pose import degrees_to_the_side
from detector.facts import DetectedFace

# Landmarks of MediaPipe around the cheek below each eye: skin in nearly every face, beside mouth, nose, beard and hair.
_RIGHT_CHEEK = (117, 118, 101, 36, 203, 206, 207, 187, 123)
_LEFT_CHEEK = (346, 347, 330, 266, 423, 426, 427, 411, 352)
_FEWEST_PIXELS = 30


@dataclass(frozen=True)
class FaceTraits:
    """Traits of a face in a photo.

    Attributes:
        size_px: Shorter side of the face box.
        turned_degrees: How far the head is turned to the side, 0 to 90.
        tone_degrees: Individual typology angle of the skin, from about 80 for very light to -60 for very dark; None where
            no cheek can be seen.
        darker_share: Luminance of the darker cheek over that of the brighter, 0..1; None likewise.
    """

    size_px: float
    turned_degrees: float
    tone_degrees: float | None
    darker_share: float | None


class TraitReader:
    """Measures the largest face of a photo."""

    def __init__(self) -> None:
        self._detector, self._landmarker = FaceDetector(), FaceLandmarker()

    def read(self, image: np.ndarray) -> FaceTraits | None:
        """Measures the largest face of an ``(H, W, 3)`` uint8 RGB photo; None where none is found."""
        faces = self._detector.detect(image)
        return self.traits_of(image, faces[0]) if faces else None

    def traits_of(self, image: np.ndarray, face: DetectedFace) -> FaceTraits:
        """Measures a face of an ``(H, W, 3)`` uint8 RGB photo."""
        cheeks = []
        points = self._landmarker.locate(image, face)
        if points is not None:
            found = (_pixels_within(image, points[list(outline)]) for outline in (_RIGHT_CHEEK, _LEFT_CHEEK))
            cheeks = [pixels for pixels in found if len(pixels) >= _FEWEST_PIXELS]
        darker = None
        if len(cheeks) == 2:
            lights = sorted(luminance(cheek) for cheek in cheeks)
            darker = lights[0] / lights[1] if lights[1] else None
        # the brighter cheek: a shadow darkens skin, it does not change it
        brightest = max(cheeks, key=luminance, default=None)
        tone = None if brightest is None else typology_angle(brightest)
        return FaceTraits(face.size_px, degrees_to_the_side(face), tone, darker)


def typology_angle(pixels: np.ndarray) -> float:
    """Computes the individual typology angle of skin, in degrees: the higher, the lighter.

    After Chardon, Cretois and Hourseau (1991), from the medians of L* and b* of CIELAB. It was made for skin under a
    standard lamp: in a photo, exposure, white balance and make-up move it by more than one of its classes.

    Args:
        pixels: ``(N, 3)`` uint8 RGB.
    """
    scaled = np.asarray(pixels, np.float32)[None] / 255
    lightness, _, yellow = np.median(cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB)[0], axis=0)
    return float(np.degrees(np.arctan2(lightness - 50, yellow)))


def luminance(pixels: np.ndarray) -> float:
    """Computes the median luminance of ``(N, 3)`` uint8 sRGB pixels, 0..1, linear in light."""
    shares = np.asarray(pixels, np.float64) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return float(np.median(linear @ np.array([0.2126, 0.7152, 0.0722])))


def _pixels_within(image: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """Gives the pixels inside a convex outline, ``(N, 3)``."""
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(outline).astype(np.int32)), 1)
    pixels: np.ndarray = image[mask > 0]
    return pixels
