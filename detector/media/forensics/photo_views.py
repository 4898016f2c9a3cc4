"""Two views of a photo in which edits may show: how much a new save changes it, and what its noise is like."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image

# Error level analysis is described by Krawetz, "A Picture's Worth" (2007).
RESAVE_QUALITY = 90
# What one level of difference becomes in the view. Always the same, so that photos can be compared with each other.
ERROR_LEVEL_FACTOR = 20
NOISE_FACTOR = 10
VIEW_SIDE_PX = 1200
# Rows that are saved and read again at once: many enough for speed, and for a photo of 120 megapixels few enough for memory.
# Both are multiples of 16, the height of the blocks in which JPEG stores colours; a band is saved with rows around it, because
# the colours of neighbours are mixed.
_BAND_ROWS = 1024
_AROUND_ROWS = 16
_MEDIAN_PX = 3


def error_level_view(pixels: np.ndarray) -> np.ndarray:
    """Shows how much a new JPEG save at `RESAVE_QUALITY` changes each part of a photo.

    The difference is computed on the full picture, averaged over the colours and, where the picture is reduced, over the
    pixels that become one; then it is multiplied by `ERROR_LEVEL_FACTOR`.

    Args:
        pixels: ``(H, W, 3)`` uint8 RGB as stored, not turned: JPEG's blocks of 8 x 8 pixels must lie as they did.

    Returns:
        ``(h, w)`` uint8, at most `VIEW_SIDE_PX` on the long side; bright where a new save changes much.
    """
    changed = np.empty(pixels.shape[:2], np.uint8)
    for top in range(0, len(pixels), _BAND_ROWS):
        first = max(top - _AROUND_ROWS, 0)
        band = np.ascontiguousarray(pixels[first : top + _BAND_ROWS + _AROUND_ROWS])
        mean = cv2.transform(cv2.absdiff(band, _saved_again(band)), np.full((1, 3), 1 / 3, np.float32))
        changed[top : top + _BAND_ROWS] = mean[top - first :][:_BAND_ROWS]
    return _view(changed, ERROR_LEVEL_FACTOR)


def noise_view(pixels: np.ndarray) -> np.ndarray:
    """Shows what a median over 3 x 3 pixels takes away from the brightness of a photo.

    Computed on the full picture, averaged where it is reduced, and multiplied by `NOISE_FACTOR`.

    Args:
        pixels: ``(H, W, 3)`` uint8 RGB.

    Returns:
        ``(h, w)`` uint8, at most `VIEW_SIDE_PX` on the long side; bright where there is much noise or fine detail.
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return _view(cv2.absdiff(grey, cv2.medianBlur(grey, _MEDIAN_PX)), NOISE_FACTOR)


def plain_view(pixels: np.ndarray) -> np.ndarray:
    """Reduces ``(H, W, 3)`` uint8 RGB to the size of the other views."""
    return _reduced(pixels)


def _saved_again(band: np.ndarray) -> np.ndarray:
    # not OpenCV's encoder: it would halve the colours in another way than the programs of most photos do
    stream = io.BytesIO()
    Image.fromarray(band).save(stream, "JPEG", quality=RESAVE_QUALITY)
    return np.asarray(Image.open(stream, formats=("JPEG",)))


def _view(values: np.ndarray, factor: int) -> np.ndarray:
    return cv2.convertScaleAbs(_reduced(values.astype(np.float32)), alpha=factor)


def _reduced(image: np.ndarray) -> np.ndarray:
    scale = VIEW_SIDE_PX / max(image.shape[:2])
    if scale >= 1:
        return image
    size = max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
