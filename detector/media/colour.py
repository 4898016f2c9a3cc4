"""Converts pictures of high dynamic range and wide gamut to what the model was trained on: SDR in the primaries of BT.709."""

from __future__ import annotations

from functools import cache
from typing import Literal

import cv2
import numpy as np

# How a screen shows SDR: photos by the curve of sRGB, videos by ITU-R BT.1886, a gamma of 2.4.
Curve = Literal["srgb", "bt1886"]

# Code points of ITU-T H.273.
GAMMA_22, LINEAR, SRGB, PQ, HLG = 4, 8, 13, 16, 18
BT709, UNSPECIFIED, BT2020, DISPLAY_P3 = 1, 2, 9, 12
# Adobe RGB (1998), for which H.273 has no code point.
ADOBE_RGB = 256
# White of text and of a well-lit sheet in HDR, and the peak that HLG is graded for: ITU-R BT.2408-7, 2.1, and BT.2100-2, table 5.
REFERENCE_WHITE_NITS = 203
PEAK_NITS = 1000
_PQ_PEAK_NITS = 10000
_HLG_GAMMA = 1.2  # BT.2100-2, note 5e, at 1000 nits
# Linear light, of white: all below stays as it was graded. Skin seldom lies above.
KNEE = 0.8
# x and y of red, green and blue: tables 2 of H.273, and 11 (DCI) with the white of 12 (Display P3), as white must stay white.
_CHROMATICITIES = {
    BT709: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    BT2020: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    ADOBE_RGB: ((0.640, 0.330), (0.210, 0.710), (0.150, 0.060)),
    DISPLAY_P3: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
_D65 = (0.3127, 0.3290)
# Small enough for the cache of a processor, and 3 MB as floating point.
_STRIP_PIXELS = 2**18


def needs_conversion(transfer: int, primaries: int) -> bool:
    """Tells whether pixels look different on a screen for SDR, by their code points of ITU-T H.273."""
    return transfer in (LINEAR, PQ, HLG) or (primaries in _CHROMATICITIES and primaries != BT709)


def to_standard_range(pixels: np.ndarray, transfer: int, primaries: int, curve: Curve) -> np.ndarray:
    """Converts a picture as a display for SDR would show it.

    Reference white of HDR becomes white. Light from `KNEE` of it up to 1000 nits is compressed smoothly and keeps its hue; what
    is darker keeps its level, so that an SDR picture that was placed into HDR comes back. Colours outside BT.709 are clipped.

    Args:
        pixels: ``(H, W, 3)`` uint8 or uint16 R'G'B', full range, in primaries of its own.
        transfer: Transfer characteristics, a code point of ITU-T H.273: 16 for PQ, 18 for HLG, 8 for linear light, of photos 4 for a
            gamma of 2.2; all others are taken for `curve`.
        primaries: Colour primaries, a code point of ITU-T H.273 or `ADOBE_RGB`; unknown ones are taken for BT.709, with HDR for BT.2020.
        curve: Of SDR, in what comes in and in what goes out.

    Returns:
        ``(H, W, 3)`` uint8 R'G'B' in the primaries of BT.709.
    """
    if not needs_conversion(transfer, primaries):
        return pixels if pixels.dtype == np.uint8 else _to_8_bit(pixels)
    table = _linear_light(transfer, curve, np.iinfo(pixels.dtype).max)
    is_hdr = transfer in (PQ, HLG)
    if primaries == UNSPECIFIED and is_hdr:
        primaries = BT2020
    matrix = _to_bt709(primaries)
    luminance = _rgb_to_xyz(primaries if primaries in _CHROMATICITIES else BT709)[1:2] if transfer == HLG else None
    output = _encoding(curve)
    height, width = pixels.shape[:2]
    converted = np.empty((height, width, 3), np.uint8)
    rows = max(_STRIP_PIXELS // width, 1)
    for top in range(0, height, rows):
        light = cv2.LUT(np.ascontiguousarray(pixels[top : top + rows]), table)
        if luminance is not None:
            light = _shown_hlg(light, luminance)
        light = cv2.transform(light, matrix)
        if is_hdr:
            light = _compress(light)
        # by the square root, so that few of the 65,536 entries are spent on bright light
        index = np.sqrt(np.clip(light, 0, 1, out=light), out=light)
        converted[top : top + rows] = cv2.LUT((index * 65535 + 0.5).astype(np.uint16), output)
    return converted


def _to_8_bit(pixels: np.ndarray) -> np.ndarray:
    levels = np.round(np.arange(65536) / 257).astype(np.uint8)
    return cv2.LUT(np.ascontiguousarray(pixels), levels)


def _shown_hlg(scene: np.ndarray, luminance: np.ndarray) -> np.ndarray:
    """Gives the light of a display of 1000 nits, white as 1, for light of the scene in 0..1: the OOTF of BT.2100-2, table 5."""
    brightness = cv2.pow(cv2.transform(scene, luminance.astype(np.float32)), _HLG_GAMMA - 1)
    return _scaled(scene, brightness * np.float32(PEAK_NITS / REFERENCE_WHITE_NITS))


def _compress(light: np.ndarray) -> np.ndarray:
    """Bends light above the knee, so that the peak becomes 1; slope 1 at the knee."""
    peak = PEAK_NITS / REFERENCE_WHITE_NITS
    brightest = cv2.max(cv2.max(light[:, :, 0], light[:, :, 1]), light[:, :, 2])
    above = np.clip(brightest, KNEE, peak) - KNEE
    if not above.any():
        return light
    bend = 1 / (1 - KNEE) - 1 / (peak - KNEE)
    return _scaled(light, (KNEE + above / (1 + bend * above)) / np.maximum(brightest, KNEE))


def _scaled(light: np.ndarray, factor: np.ndarray) -> np.ndarray:
    return cv2.multiply(light, cv2.merge([factor, factor, factor]))


@cache
def _linear_light(transfer: int, curve: Curve, white: int) -> np.ndarray:
    """Gives the linear light of each level of a channel, float32, reference white as 1; for HLG that of the scene in 0..1."""
    signal = np.arange(white + 1) / white
    if transfer == PQ:
        light = _pq_eotf(signal)
    elif transfer == HLG:
        light = _hlg_inverse_oetf(signal)
    elif transfer == LINEAR:
        light = signal
    elif transfer == GAMMA_22 and curve == "srgb":
        light = signal**2.2
    else:
        light = _srgb_eotf(signal) if curve == "srgb" else signal**2.4
    return light.astype(np.float32)


@cache
def _encoding(curve: Curve) -> np.ndarray:
    """Gives the 8-bit level for each 65,535th of the square root of linear light."""
    light = (np.arange(65536) / 65535) ** 2
    if curve == "bt1886":
        levels = light ** (1 / 2.4)
    else:
        levels = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)  # IEC 61966-2-1
    return np.round(255 * levels).astype(np.uint8)


def _pq_eotf(signal: np.ndarray) -> np.ndarray:
    """BT.2100-2, table 4."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = signal ** (1 / m2)
    light: np.ndarray = (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    return light * (_PQ_PEAK_NITS / REFERENCE_WHITE_NITS)


def _hlg_inverse_oetf(signal: np.ndarray) -> np.ndarray:
    """BT.2100-2, table 5."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)


def _srgb_eotf(signal: np.ndarray) -> np.ndarray:
    """IEC 61966-2-1."""
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


@cache
def _to_bt709(primaries: int) -> np.ndarray:
    if primaries not in _CHROMATICITIES or primaries == BT709:
        return np.eye(3, dtype=np.float32)
    matrix: np.ndarray = np.linalg.inv(_rgb_to_xyz(BT709)) @ _rgb_to_xyz(primaries)
    return matrix.astype(np.float32)


@cache
def _rgb_to_xyz(primaries: int) -> np.ndarray:
    """Gives the matrix from linear RGB to XYZ; its second row gives the luminance. After SMPTE RP 177."""
    x, y = np.array(_CHROMATICITIES[primaries]).T
    columns = np.stack([x / y, np.ones(3), (1 - x - y) / y])
    white = np.array([_D65[0] / _D65[1], 1, (1 - _D65[0] - _D65[1]) / _D65[1]])
    matrix: np.ndarray = columns * np.linalg.solve(columns, white)
    return matrix
