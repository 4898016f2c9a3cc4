"""The formulas of the standards in floating point, to make HDR pictures of SDR ones; written apart from the product's own."""

import numpy as np

WHITE_NITS = 203
# BT.709 to BT.2020, ITU-R BT.2087-0, to Display P3, and to Adobe RGB (1998)
BT709_TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
BT709_TO_P3 = np.array([[0.8225, 0.1774, 0.0], [0.0332, 0.9669, 0.0], [0.0171, 0.0724, 0.9108]])
BT709_TO_ADOBE_RGB = np.array([[0.7152, 0.2848, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0412, 0.9588]])


def srgb_light(pixels: np.ndarray) -> np.ndarray:
    """Linear light of 8-bit sRGB, 0..1."""
    signal = pixels / 255
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def pq_signal(nits: np.ndarray) -> np.ndarray:
    """Inverse EOTF of PQ, 0..1."""
    power = (np.maximum(nits, 0) / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def hlg_signal(nits: np.ndarray) -> np.ndarray:
    """HLG signal, 0..1, that a display of 1000 nits shows as this light, ``(..., 3)`` in BT.2020."""
    shown = np.maximum(nits, 0) / 1000
    luminance = shown @ [0.2627, 0.6780, 0.0593]
    scene = shown * np.maximum(luminance, 1e-9)[..., None] ** (1 / 1.2 - 1)
    bright = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)


def hdr(pixels: np.ndarray, transfer: int) -> np.ndarray:
    """Places ``(H, W, 3)`` uint8 sRGB into BT.2020 with PQ (16) or HLG (18), uint16 of full range."""
    nits = WHITE_NITS * srgb_light(pixels) @ BT709_TO_BT2020.T
    signal = pq_signal(nits) if transfer == 16 else hlg_signal(nits)
    return np.round(65535 * np.clip(signal, 0, 1)).astype(np.uint16)


def display_p3(pixels: np.ndarray) -> np.ndarray:
    """Writes ``(H, W, 3)`` uint8 sRGB in Display P3, uint8."""
    light = np.clip(srgb_light(pixels) @ BT709_TO_P3.T, 0, 1)
    signal = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(255 * signal).astype(np.uint8)
