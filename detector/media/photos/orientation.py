"""Sets a photo upright by its EXIF orientation."""

from __future__ import annotations

import numpy as np
from PIL import ExifTags, Image

from detector.facts import PixelBox

# (swap rows and columns, mirror left and right, mirror top and bottom), in this order; EXIF 2.32, 4.6.4
_STEPS = {
    2: (False, True, False),
    3: (False, True, True),
    4: (False, False, True),
    5: (True, False, False),
    6: (True, True, False),
    7: (True, True, True),
    8: (True, False, True),
}


def orientation(image: Image.Image) -> int:
    """Gives 1 to 8, where 1 is upright."""
    stated = image.getexif().get(ExifTags.Base.Orientation, 1)
    return stated if stated in _STEPS else 1


def upright(pixels: np.ndarray, stated: int) -> np.ndarray:
    """Turns and mirrors ``(H, W, 3)`` stored pixels."""
    if stated not in _STEPS:
        return pixels
    swap, mirror_x, mirror_y = _STEPS[stated]
    if swap:
        pixels = pixels.swapaxes(0, 1)
    return np.ascontiguousarray(pixels[:: -1 if mirror_y else 1, :: -1 if mirror_x else 1])


def upright_box(box: PixelBox, size: tuple[int, int], stated: int) -> PixelBox:
    """Turns and mirrors a box, ``(x0, y0, x1, y1)``, of a stored picture of this width and height."""
    x0, y0, x1, y1 = box
    width, height = size
    swap, mirror_x, mirror_y = _STEPS.get(stated, (False, False, False))
    if swap:
        x0, y0, x1, y1, width, height = y0, x0, y1, x1, height, width
    if mirror_x:
        x0, x1 = width - x1, width - x0
    if mirror_y:
        y0, y1 = height - y1, height - y0
    return x0, y0, x1, y1
