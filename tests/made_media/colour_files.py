"""Writes a picture through the doors that colours come in by."""

import io
import struct
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
from PIL import Image, PngImagePlugin

from tests.made_media.colour_standards import hdr

pillow_heif.register_heif_opener()


def write_png(path: Path, pixels: np.ndarray, primaries: int, transfer: int) -> Path:
    """A PNG of 8 or 16 bit, RGB or RGBA, with cICP."""
    order = [2, 1, 0, 3][: pixels.shape[2]]
    png = cv2.imencode(".png", pixels[:, :, order])[1].tobytes()
    after_header = 8 + 25
    with io.BytesIO() as chunk:
        PngImagePlugin.putchunk(chunk, b"cICP", bytes([primaries, transfer, 0, 1]))
        path.write_bytes(png[:after_header] + chunk.getvalue() + png[after_header:])
    return path


def write_avif(path: Path, pixels: np.ndarray, primaries: int, transfer: int, **options) -> Path:
    """An AVIF of 8 bit, whose code points are written over those that Pillow writes."""
    Image.fromarray(pixels).save(path, "AVIF", quality=100, speed=8, subsampling="4:4:4", **options)
    data = bytearray(path.read_bytes())
    place = data.index(b"nclx") + 4
    data[place : place + 4] = struct.pack(">HH", primaries, transfer)
    path.write_bytes(data)
    return path


def write_heic(path: Path, pixels: np.ndarray, primaries: int, transfer: int, **options) -> Path:
    """A HEIC of 8 bit, or of 10 for uint16."""
    height, width = pixels.shape[:2]
    mode = "RGB" if pixels.dtype == np.uint8 else "RGB;16"
    pillow_heif.from_bytes(mode, (width, height), np.ascontiguousarray(pixels).tobytes()).save(
        path, quality=95, chroma=444, color_primaries=primaries, transfer_characteristics=transfer, **options
    )
    return path


def hdr_8_bit(pixels: np.ndarray, transfer: int) -> np.ndarray:
    """See `hdr`, uint8."""
    return np.round(hdr(pixels, transfer) / 257).astype(np.uint8)
