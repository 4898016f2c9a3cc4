"""The small preview that cameras put into the EXIF of a photo, and whether it shows the same picture."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import ExifTags, Image

from detector.limits import MAX_PREVIEW_PIXELS
from detector.media.photos.decoding_errors import DECODING_ERRORS

# Measured on 111 photos: previews of the whole picture, with bars or without, turned or not, have .97 or more; those of a
# photo that was cropped to 90 percent of each side have at most .88.
MIN_LIKENESS = 0.93
_EXIF_START = b"Exif\0\0"
_MIN_SPREAD = 2.0  # of grey levels, below which a preview shows nothing to compare


@dataclass(frozen=True)
class Preview:
    """The preview of a photo.

    Attributes:
        image: ``(h, w, 3)`` uint8 RGB, not turned.
        likeness: Correlation of its brightness with that of the photo, -1..1; None where it shows nothing to compare.
    """

    image: np.ndarray
    likeness: float | None

    @property
    def differs(self) -> bool:
        """Whether it shows another picture than the photo."""
        return self.likeness is not None and self.likeness < MIN_LIKENESS


def read_preview(image: Image.Image, pixels: np.ndarray) -> Preview | None:
    """Reads the preview of an opened photo; None where there is none that can be read.

    Args:
        image: As opened.
        pixels: ``(H, W, 3)`` uint8 RGB as stored, not turned.
    """
    try:
        directory = image.getexif().get_ifd(ExifTags.IFD.IFD1)
        start = directory.get(ExifTags.Base.JpegIFOffset)
        length = directory.get(ExifTags.Base.JpegIFByteCount)
        data = image.info.get("exif", b"")
        if not isinstance(start, int) or not isinstance(length, int) or start < 0 or not isinstance(data, bytes):
            return None
        preview = data.removeprefix(_EXIF_START)[start : start + max(length, 0)]
        with Image.open(io.BytesIO(preview), formats=("JPEG",)) as small:
            if small.width * small.height > MAX_PREVIEW_PIXELS:
                return None
            shown = np.asarray(small.convert("RGB"))
    except (Image.DecompressionBombError, AttributeError, *DECODING_ERRORS):
        return None
    return Preview(shown, _likeness(shown, pixels))


def _likeness(preview: np.ndarray, pixels: np.ndarray) -> float | None:
    """Correlates them, for each way in which the preview may be turned, and takes the highest."""
    found = [_correlation(np.rot90(preview, turns), pixels) for turns in range(4)]
    return max((one for one in found if one is not None), default=None)


def _correlation(preview: np.ndarray, pixels: np.ndarray) -> float | None:
    height, width = preview.shape[:2]
    # a preview of another format has bars at two sides
    scale = min(width / pixels.shape[1], height / pixels.shape[0])
    inner = max(round(pixels.shape[1] * scale), 2), max(round(pixels.shape[0] * scale), 2)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    if left < 0 or top < 0:
        return None
    cut = np.ascontiguousarray(preview[top : top + inner[1], left : left + inner[0]])
    small = cv2.resize(pixels, inner, interpolation=cv2.INTER_AREA)
    ours, other = (cv2.cvtColor(part, cv2.COLOR_RGB2GRAY).astype(np.float64) for part in (cut, small))
    spread = float(ours.std()), float(other.std())
    if min(spread) < _MIN_SPREAD:
        return None
    return float(((ours - ours.mean()) * (other - other.mean())).mean() / (spread[0] * spread[1]))
