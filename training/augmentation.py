"""Training-time changes that stand for what happens to media before a fact-checker sees them."""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np

from dataset_builder.pseudo_fakes.blending import jpeg

_FILTERS = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)


def augment(
    crop: np.ndarray, random: np.random.Generator, mask: np.ndarray | None = None, strength: float = 1.0
) -> tuple[np.ndarray, np.ndarray | None]:
    """Mirrors, shifts, re-colours, blurs, rescales, adds noise to and re-compresses a face crop.

    Real and fake crops go through the same changes with the same odds, so none of them can become
    a cue. Compression comes last, at the resolution of the crop, as in a re-posted photo or video.

    Args:
        crop: ``(S, S, 3)`` uint8 RGB.
        random: Source of all randomness.
        mask: ``(S, S)``, goes where its crop goes; None for a crop without one.
        strength: Odds of the changes that take detail away, 0..1 of their full value.

    Returns:
        The crop, ``(T, T, 3)`` uint8 RGB, T about S, and the mask, ``(T, T)``, or None.
    """
    if random.random() < 0.5:
        crop, mask = crop[:, ::-1], None if mask is None else mask[:, ::-1]
    rows, columns = _shift_and_zoom(crop.shape[0], random)
    crop, mask = np.ascontiguousarray(crop[rows, columns]), None if mask is None else mask[rows, columns]
    if random.random() < 0.5:
        gain, offset = random.uniform(0.75, 1.25, 3) * random.uniform(0.8, 1.2), random.uniform(-20, 20)
        crop = _to_uint8((crop.astype(np.float32) - 128) * gain + 128 + offset)
    if random.random() < 0.3 * strength:
        crop = cv2.GaussianBlur(crop, (0, 0), random.uniform(0.3, 2.0))
    if random.random() < 0.5 * strength:
        side = crop.shape[0]
        small = max(int(side * random.uniform(0.35, 1.0)), 32)
        crop = cv2.resize(crop, (small, small), interpolation=int(random.choice(_FILTERS)))
        crop = cv2.resize(crop, (side, side), interpolation=int(random.choice(_FILTERS)))
    if random.random() < 0.2 * strength:
        crop = _to_uint8(crop + random.normal(0, random.uniform(1, 10), crop.shape))
    if random.random() < 0.75 * strength:
        crop = recompress(crop, random)
    return np.ascontiguousarray(crop), mask


def recompress(crop: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """JPEG at a quality of 30 to 99, or H.264 at crf 23 to 40, with the same odds; ``(S, S, 3)`` uint8 RGB."""
    if random.random() < 0.5:
        return jpeg(crop, int(random.integers(30, 100)))
    return h264(crop, int(random.integers(23, 41)), int(random.integers(1, 3)))


def h264(crop: np.ndarray, crf: int, frames: int = 1) -> np.ndarray:
    """The last frame of a still clip of the image after H.264 compression.

    Args:
        crop: ``(H, W, 3)`` uint8 RGB.
        crf: Constant rate factor; FaceForensics++ has 23 and 40.
        frames: Of the clip: the second is predicted from the first.
    """
    height, width = crop.shape[:2]
    # 4:2:0 needs even sides
    padded = cv2.copyMakeBorder(crop, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    encoder = av.CodecContext.create("libx264", "w")
    encoder.height, encoder.width = padded.shape[:2]
    encoder.pix_fmt, encoder.time_base, encoder.framerate = "yuv420p", Fraction(1, 25), Fraction(25)
    encoder.options = {"preset": "veryfast", "tune": "zerolatency", "crf": str(crf)}
    encoder.thread_count = 1
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    packets = []
    # PyAV would start a thread for each core to convert a small picture: that takes longer than all the rest
    frame = av.VideoFrame.from_ndarray(padded, format="rgb24").reformat(format="yuv420p", threads=1)
    for number in range(frames):
        frame.pts = number
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    decoded = [frame for packet in packets for frame in decoder.decode(packet)] + decoder.decode(None)
    return np.ascontiguousarray(decoded[-1].reformat(format="rgb24", threads=1).to_ndarray()[:height, :width])


def _shift_and_zoom(side: int, random: np.random.Generator) -> tuple[slice, slice]:
    """Rows and columns of a square part of 85 to 100 % of the side: face boxes are never placed twice alike."""
    part = max(int(side * random.uniform(0.85, 1.0)), 1)
    left, top = random.integers(0, side - part + 1, 2)
    return slice(top, top + part), slice(left, left + part)


def _to_uint8(values: np.ndarray) -> np.ndarray:
    return values.clip(0, 255).astype(np.uint8)
