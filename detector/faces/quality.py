"""Whether a face can be judged at all: its size, its sharpness, and how much of it the picture shows."""

from __future__ import annotations

import cv2
import numpy as np

from detector.faces.detection import MAX_TILT_DEGREES, MIN_FACE_PX, crop_square
from detector.facts import DetectedFace, PixelBox, Reason
from detector.messages import Message

# Why a face was not assessed, in words that follow "a face" or "faces".
NOT_ASSESSED: dict[Reason, Message] = {
    "too_small": Message("smaller than {pixels} pixels", {"pixels": MIN_FACE_PX}),
    "too_blurred": Message("more blurred than any that the model was evaluated on"),
    "too_compressed": Message("more compressed than any that the model was evaluated on"),
    "outside_picture": Message("cut off by the border of the picture"),
    "hidden": Message("mostly hidden or turned away"),
    "missing": Message("in the part of the photo that could not be read"),
    "tilted": Message("tilted by more than {degrees} degrees", {"degrees": MAX_TILT_DEGREES}),
}
# Median of real validation crops blurred with a sigma of 3 px at 224 px, the strongest blur that models are evaluated
# at; 99 % of the same crops lie under .75 as they are.
MAX_BLUR = 0.81
# The strongest JPEG compression that models are evaluated at.
MIN_JPEG_QUALITY = 20
# Of the face box, as the detector draws it around what it sees: of a face that fills a picture 1.05, 1.1, 1.2 and 1.4 times too
# small it shows .95, .92, .86 and .81. Measured on 115 real faces and 66 fakes of test and validation files, cut off all around
# or on one side: real scores move by .01 on average at any share; the AUC is .90 and .88 from .9 on (uncut .90 and .93), .81 at .85 to
# .9 (.91), .78 at .8 to .85 (.86), where 22 % of the fakes and 61 % of the real faces are cleared: too little for a likelihood ratio of
# 1/2. Faces of the test split show .92 and more, those of tight crops too.
MIN_SHARE_INSIDE = 0.85
# Of the face detector. 99.5 % of real validation crops have .86 and more, whatever their size and compression; of portraits
# whose lower two thirds are covered 36 % are not found at all, and a third of the others lie below.
MIN_ASSESSED_SCORE = 0.8
# Of the crop, below the chin. Grey or black there moves the scores of 12 real portraits by .01 in the mean and .03 at most; with
# three tenths missing by .04 and .15.
MAX_SHARE_MISSING = 0.05
_SIDE_PX = 224
_SMOOTHING_PX = 9


def problem_of_place(face: DetectedFace, width: int, height: int) -> Reason | None:
    """Says why a face cannot be judged, from what the detector found in a picture of this size; None where it may be."""
    if face.size_px < MIN_FACE_PX:
        return "too_small"
    x0, y0, x1, y1 = face.box_px
    inside = max(min(x1, width) - max(x0, 0), 0) * max(min(y1, height) - max(y0, 0), 0)
    if inside < MIN_SHARE_INSIDE * (x1 - x0) * (y1 - y0):
        return "outside_picture"
    return "hidden" if face.detector_score < MIN_ASSESSED_SCORE else None


def problem_of_missing(face: DetectedFace, missing_px: PixelBox) -> Reason | None:
    """Says why a face of a cut-off photo cannot be judged, from the part that could not be read; None where it may be."""
    left, top, side = crop_square(face.box_px)
    x0, y0, x1, y1 = missing_px
    missing = max(min(x1, left + side) - max(x0, left), 0) * max(min(y1, top + side) - max(y0, top), 0)
    return "missing" if missing > MAX_SHARE_MISSING * side**2 else None


def problem_of_crop(crop: np.ndarray) -> Reason | None:
    """Says why a face cannot be judged, from its ``(S, S, 3)`` uint8 RGB crop; None where it can be."""
    return "too_blurred" if blur(crop) > MAX_BLUR else None


def problem_of_photo(quality: int | None) -> Reason | None:
    """Says why no face of a photo can be judged, from its JPEG quality, 1..100; None where they can be."""
    return "too_compressed" if quality is not None and quality < MIN_JPEG_QUALITY else None


def blur(crop: np.ndarray) -> float:
    """Measures how blurred a crop looks, from 0 for sharp to 1: how little is lost when it is blurred once more.

    After Crete et al., The Blur Effect (SPIE 2007), at one size for all crops.

    Args:
        crop: ``(S, S, 3)`` uint8 RGB.
    """
    way = cv2.INTER_AREA if crop.shape[0] > _SIDE_PX else cv2.INTER_LINEAR
    grey = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), (_SIDE_PX, _SIDE_PX), interpolation=way).astype(
        np.float32
    )
    kept = []
    for axis, size in ((0, (1, _SMOOTHING_PX)), (1, (_SMOOTHING_PX, 1))):
        changes = np.abs(np.diff(grey, axis=axis))
        lost = np.maximum(changes - np.abs(np.diff(cv2.blur(grey, size), axis=axis)), 0)
        kept.append(1 - float(lost.sum()) / max(float(changes.sum()), 1e-6))
    return max(kept)
