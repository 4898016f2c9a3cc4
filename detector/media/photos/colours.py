"""Gives the pixels of a photo in sRGB, whatever its file says of its colours."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
from PIL import ExifTags, Image

from detector.media.colour import ADOBE_RGB, GAMMA_22, HLG, PQ, needs_conversion, to_standard_range
from detector.media.photos.code_points import CodePoints, stated_in_boxes, stated_in_png, stated_in_profile
from detector.media.photos.decoding_errors import DECODING_ERRORS
from detector.media.photos.profiles import BROKEN_PROFILE, ProfileError, to_srgb
from detector.messages import Message

logger = logging.getLogger(__name__)


def srgb_pixels(image: Image.Image, path: Path | None) -> tuple[np.ndarray, list[Message]]:
    """Lays transparency on white, and converts the colours by the code points or the profile of the file.

    Args:
        image: As decoded.
        path: Its file, which may hold more bits than Pillow reads; None where only a part of it can be read.

    Returns:
        ``(H, W, 3)`` uint8 sRGB, not turned, and what a reader must know of it.
    """
    profile = image.info.get("icc_profile")
    points, is_deep = _code_points(image, path, profile)
    if points and needs_conversion(points.transfer, points.primaries):
        deep = _deep_pixels(image, path) if is_deep and path else None
        if deep is not None:
            pixels, alpha = deep
        else:
            base, mask = _without_alpha(image)
            pixels, alpha = np.asarray(base.convert("RGB")), None if mask is None else np.asarray(mask)
        pixels = to_standard_range(pixels, points.transfer, points.primaries, "srgb")
        if alpha is not None:
            pixels = np.asarray(_on_white(Image.fromarray(pixels), Image.fromarray(alpha)))
        return pixels, []
    if not profile and not points and image.mode == "RGB" and _says_adobe_rgb(image):
        return to_standard_range(np.asarray(image), GAMMA_22, ADOBE_RGB, "srgb"), []
    if profile and not points and image.mode != "LAB":  # which Pillow converts itself
        try:
            return np.asarray(_by_profile(image, profile)), []
        except ProfileError:
            return np.asarray(to_rgb(image)), [BROKEN_PROFILE]
    return np.asarray(to_rgb(image)), []


def to_rgb(image: Image.Image) -> Image.Image:
    """Converts to mode RGB, transparency laid on white, without regard to what the file says of its colours."""
    if image.mode[0] in "IF":
        return _grey(image).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _code_points(image: Image.Image, path: Path | None, profile: bytes | None) -> tuple[CodePoints | None, bool]:
    """Gives the code points that count, None where the profile does, and whether the file has more than 8 bits."""
    points, is_deep = None, False
    if path and image.format == "PNG":
        # goes before a profile: PNG, third edition, 4.3
        points, depth = stated_in_png(path)
        is_deep = depth > 8
    elif path and image.format in ("HEIF", "AVIF"):
        points = stated_in_boxes(path)
        is_deep = image.format == "HEIF" and image.info.get("bit_depth", 8) > 8
        # a profile goes before them (ISO/IEC 23000-22, 7.3.6.4), but hardly any describes HDR
        if profile and points and points.transfer not in (PQ, HLG):
            points = None
    if points is None and profile:
        points = stated_in_profile(profile)
        if points and points.transfer not in (PQ, HLG):
            points = None
    return points, is_deep


def _says_adobe_rgb(image: Image.Image) -> bool:
    """Tells whether the EXIF of a camera names Adobe RGB, in its way: index "R03" of DCF 2.0, 4.6."""
    try:
        index = image.getexif().get_ifd(ExifTags.IFD.Interop).get(ExifTags.Interop.InteropIndex, "")
    except DECODING_ERRORS as error:
        logger.info("no colour space: %s", error)
        return False
    return str(index).startswith("R03")


def _deep_pixels(image: Image.Image, path: Path) -> tuple[np.ndarray, np.ndarray | None] | None:
    """Reads ``(H, W, 3)`` uint16 RGB and ``(H, W)`` transparency; None for greys, and what only Pillow reads."""
    if image.format == "HEIF":
        pixels = np.asarray(pillow_heif.open_heif(path, convert_hdr_to_8bit=False))
    else:
        read = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
        if read is None or read.ndim != 3 or read.dtype != np.uint16:
            return None
        pixels = cv2.cvtColor(read, cv2.COLOR_BGRA2RGBA if read.shape[2] == 4 else cv2.COLOR_BGR2RGB)
    if pixels.ndim != 3 or pixels.dtype != np.uint16 or pixels.shape[1::-1] != image.size:
        return None
    return pixels[:, :, :3], (pixels[:, :, 3] >> 8).astype(np.uint8) if pixels.shape[2] == 4 else None


def _by_profile(image: Image.Image, profile: bytes) -> Image.Image:
    base, mask = _without_alpha(image)
    converted = to_srgb(base, profile)
    if converted is base:  # sRGB: as if it had none
        return to_rgb(image)
    return converted if mask is None else _on_white(converted, mask)


def _without_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Gives a picture of mode RGB, L or CMYK, and its transparency where it has any."""
    if image.mode[0] in "IF":
        return _grey(image), None
    if image.mode == "CMYK":
        return image, None
    mask = None
    if image.has_transparency_data:
        image = image.convert("LA" if image.mode in ("L", "LA") else "RGBA")
        mask = image.getchannel("A")
    return image.convert("L" if image.mode in ("1", "L", "LA") else "RGB"), mask


def _on_white(image: Image.Image, mask: Image.Image) -> Image.Image:
    return Image.composite(image, Image.new("RGB", image.size, "white"), mask)


def _grey(image: Image.Image) -> Image.Image:
    """Scales grey of 16 bit and more to 8, where Pillow would clip it."""
    values = np.nan_to_num(np.asarray(image).astype(np.float32))
    # 32-bit files state no white, so theirs is the brightest pixel
    white = 65535.0 if image.mode.startswith("I;16") else max(float(values.max()), 1e-9)
    return Image.fromarray((values * (255 / white)).clip(0, 255).astype(np.uint8))
