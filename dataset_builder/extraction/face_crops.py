"""Describes what is cut together, and what came of it."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import cv2
import numpy as np
from PIL import Image

from dataset_builder.sources import SourceItem
from detector.faces.detection import crop_face, crop_square
from detector.facts import DetectedFace


@dataclass(frozen=True)
class Unit:
    """A real photo or video with the fakes that were made from it, or any photo or video alone.

    Attributes:
        real: The real one, if any.
        fakes: The fakes made from it, or one fake alone.
        frames_per_video: Evenly spaced frames that a real video and its fakes have in common.
        real_frames: Frames of the real video, where it needs more for balance.
        fake_frames: Frames of each fake, where they need more for balance.
    """

    real: SourceItem | None
    fakes: tuple[SourceItem, ...]
    frames_per_video: int
    real_frames: int
    fake_frames: int

    @property
    def items(self) -> list[SourceItem]:
        """Lists its photos or videos, the real one first."""
        return [item for item in (self.real, *self.fakes) if item]


@dataclass(frozen=True)
class FaceCrop:
    """A face crop of a photo or video.

    Attributes:
        png: The lossless crop at the resolution of the image, so that nothing is re-compressed.
        face: Where the face was found; of a fake, in its original.
        picture_px: Width and height of the picture in which it was found.
        time_s: Seconds since the first frame, of a fake in its original; 0 for a photo.
        is_extra: Whether it was taken for balance, beyond `Unit.frames_per_video`.
        is_paired: Whether the same instant was cut of the original, or of a fake made from it.
        mask_png: The same crop of the mask, grey; None where there is none.
    """

    png: bytes
    face: DetectedFace
    picture_px: tuple[int, int]
    time_s: float
    is_extra: bool = False
    is_paired: bool = False
    mask_png: bytes | None = None

    @property
    def inside_share(self) -> float:
        """Tells how much of the crop's area lies in the picture, 0..1; the rest is mirrored."""
        return inside_share(self.face, self.picture_px)


@dataclass
class ItemCrops:
    """What came of a photo or video.

    Attributes:
        crops: In order of time.
        sha256: Of the source file.
        problem: Why it has no crops, as a plain sentence; empty otherwise.
        is_unreadable: Whether the file itself was the problem.
        has_own_box: Whether it is a fake whose boxes were found in itself, as its original is missing or unusable.
    """

    crops: list[FaceCrop] = field(default_factory=list)
    sha256: str = ""
    problem: str = ""
    is_unreadable: bool = False
    has_own_box: bool = False


def inside_share(face: DetectedFace, picture_px: tuple[int, int]) -> float:
    """Tells how much of a face's crop lies in a picture of this width and height, 0..1."""
    left, top, side = crop_square(face.box_px)
    width = min(left + side, picture_px[0]) - max(left, 0)
    height = min(top + side, picture_px[1]) - max(top, 0)
    return max(width, 0) * max(height, 0) / side**2


def cut_png(image: np.ndarray, face: DetectedFace) -> bytes:
    """Cuts a face as the application does, as a PNG file.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        face: A face of it.
    """
    return encode_png(crop_face(image, face))


def encode_png(image: np.ndarray) -> bytes:
    """Writes a PNG file: ``(H, W, 3)`` or ``(H, W)`` uint8."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, format="PNG", compress_level=3)
    return stream.getvalue()


def decode_grey(png: bytes) -> np.ndarray:
    """Reads a PNG file as grey, ``(H, W)`` uint8."""
    grey = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert grey is not None  # this module encoded it
    return grey
