"""Makes small ICC profiles, ICC.1:2022, and pictures in their colours."""

import struct

import numpy as np

from tests.made_media.colour_standards import srgb_light

# Primaries adapted to D50, columns of red, green and blue: as in the profiles that cameras and editors write.
SRGB = np.array([[0.4360, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
DISPLAY_P3 = np.array([[0.5151, 0.2919, 0.1571], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]])
ADOBE_RGB = np.array([[0.6097, 0.2053, 0.1492], [0.3111, 0.6257, 0.0632], [0.0195, 0.0609, 0.7446]])
PROPHOTO = np.array([[0.7977, 0.1352, 0.0313], [0.2880, 0.7119, 0.0001], [0.0, 0.0, 0.8249]])

_DOT_GAIN = 1.4


def matrix_profile(columns: np.ndarray, gamma: float | None) -> bytes:
    """An RGB profile of primaries in XYZ and one gamma, or the curve of sRGB for None; version 2."""
    curve = _srgb_curve() if gamma is None else b"curv" + bytes(4) + struct.pack(">IH2x", 1, round(gamma * 256))
    tags = {name: _xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns.T, strict=True)}
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


def grey_profile(gamma: float) -> bytes:
    """A grey profile."""
    curve = b"curv" + bytes(4) + struct.pack(">IH2x", 1, round(gamma * 256))
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": curve})


def cmyk_profile() -> bytes:
    """A CMYK profile of inks that print darker than their amounts say: sRGB is ``((1 - ink) (1 - black)) ** 1.4``."""
    steps = np.linspace(0, 1, 9)
    inks = np.stack(np.meshgrid(*[steps] * 4, indexing="ij"), -1).reshape(-1, 4)
    xyz = srgb_light(255 * ((1 - inks[:, :3]) * (1 - inks[:, 3:])) ** _DOT_GAIN) @ SRGB.T
    share = xyz / SRGB.sum(1)
    root = np.where(share > 216 / 24389, np.cbrt(share), (24389 / 27 * share + 16) / 116)
    lab = np.stack([116 * root[:, 1] - 16, 500 * (root[:, 0] - root[:, 1]), 200 * (root[:, 1] - root[:, 2])], -1)
    grid = np.round(lab * [2.55, 1, 1] + [0, 128, 128]).clip(0, 255).astype(np.uint8).tobytes()
    identity = bytes(range(256))
    table = b"mft1" + bytes(4) + struct.pack(">BBBx", 4, 3, len(steps))
    table += struct.pack(">9i", *(65536 * np.eye(3, dtype=int)).ravel()) + 4 * identity + grid + 3 * identity
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": table, b"A2B1": table})


def in_cmyk(pixels: np.ndarray) -> np.ndarray:
    """Writes ``(H, W, 3)`` uint8 sRGB in the inks of `cmyk_profile`, ``(H, W, 4)`` uint8 without black."""
    inks = np.round(255 * (1 - (pixels / 255) ** (1 / _DOT_GAIN))).astype(np.uint8)
    return np.concatenate([inks, np.zeros_like(inks[:, :, :1])], 2)


def with_cicp(profile: bytes, primaries: int, transfer: int) -> bytes:
    """Adds the tag of code points, in place of the description."""
    changed = bytearray(profile)
    place = profile.index(b"desc", 128)
    changed[place : place + 12] = b"cicp" + struct.pack(">II", len(profile), 12)
    changed += b"cicp" + bytes(4) + bytes([primaries, transfer, 0, 1])
    changed[:4] = struct.pack(">I", len(changed))
    return bytes(changed)


def in_primaries(pixels: np.ndarray, columns: np.ndarray, gamma: float | None) -> np.ndarray:
    """Writes ``(H, W, 3)`` uint8 sRGB in the colours of a `matrix_profile`, uint8."""
    light = np.clip(srgb_light(pixels) @ (np.linalg.inv(columns) @ SRGB).T, 0, 1)
    if gamma is None:
        signal = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    else:
        signal = light ** (1 / gamma)
    return np.round(255 * signal).astype(np.uint8)


def _srgb_curve() -> bytes:
    light = np.round(65535 * srgb_light(np.linspace(0, 255, 1024))).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", 1024) + light.tobytes()


def _xyz(values: np.ndarray) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in values))


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    white = np.array([0.9642, 1.0, 0.8249])
    description = b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78)
    tags = {b"desc": description, b"wtpt": _xyz(white), b"cprt": b"text" + bytes(4) + b"none\0"} | tags
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, tag in tags.items():
        table += name + struct.pack(">II", start + len(body), len(tag))
        body += tag + bytes(-len(tag) % 4)
    head = struct.pack(
        ">I4sI4s4s4s12s4s", start + len(body), bytes(4), 0x02400000, kind, space, connection, bytes(12), b"acsp"
    )
    head = head.ljust(64, b"\0") + struct.pack(">I", 1) + struct.pack(">3i", *(round(value * 65536) for value in white))
    return head.ljust(128, b"\0") + table + body
