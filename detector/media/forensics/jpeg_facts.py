"""How a JPEG was saved: its tables, its colours, and whether it was saved before."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, JpegImagePlugin

from detector.media.forensics.earlier_save import earlier_quality, standard_quality

_SAMPLINGS = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}
_TABLE_SHAPE = (8, 8)
_RGB_STORED = 0  # Adobe's mark for colours that are not kept as brightness and colour


@dataclass(frozen=True)
class JpegFacts:
    """What the file says of its last save, and what its pixels say of an earlier one.

    Attributes:
        quality: About which quality it was last saved at, 1..100 by libjpeg's scale.
        has_standard_tables: Whether libjpeg, which most programs use, would write just these tables; cameras and Photoshop
            have tables of their own.
        colour_sampling: ``4:4:4`` where each pixel has its colour, ``4:2:2`` or ``4:2:0`` where two or four share one; empty
            where it is another, or the photo is grey.
        is_progressive: Whether it is stored to be shown coarse first, as on the web.
        earlier_quality: About which quality it was saved at before; None where no trace of that is left.
    """

    quality: int
    has_standard_tables: bool
    colour_sampling: str
    is_progressive: bool
    earlier_quality: int | None


def jpeg_facts(image: Image.Image, quality: int | None, pixels: np.ndarray) -> JpegFacts | None:
    """Gives the facts of an opened JPEG; None for other formats, and for tables that are no such.

    Args:
        image: As opened.
        quality: See `detector.media.photos.images.Photo`.
        pixels: ``(H, W, 3)`` uint8 RGB as stored, not turned.
    """
    tables = getattr(image, "quantization", None)
    if not tables or quality is None:
        return None
    steps = np.array(next(iter(tables.values())))
    if steps.size != _TABLE_SHAPE[0] * _TABLE_SHAPE[1]:
        return None
    table = steps.reshape(_TABLE_SHAPE)
    own_quality = standard_quality(table)
    is_luma = image.mode in ("RGB", "L") and image.info.get("adobe_transform") != _RGB_STORED
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) if is_luma else None
    return JpegFacts(
        own_quality or quality,
        own_quality is not None,
        _SAMPLINGS.get(JpegImagePlugin.get_sampling(image), ""),
        bool(image.info.get("progressive") or image.info.get("progression")),
        None if grey is None else earlier_quality(grey, table),
    )
