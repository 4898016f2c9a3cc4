"""Changes of whole batches of pictures, on whatever device they lie; every picture has strengths of its own.

Pictures are ``(B, 3, H, W)`` float32 RGB, 0..255. Nothing here draws random numbers.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional

_BLOCK = 8
# ITU-T T.81 (JPEG), Annex K, tables K.1 and K.2.
_LUMA_TABLE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMA_TABLE = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * _BLOCK,) * 4,
)
# ITU-R BT.601, full range, as in JFIF.
_TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
_TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))
# H.264 rounds a coefficient up from two thirds of a step on, for frames that are predicted from themselves.
_ROUND_UP = 1 / 3


def gaussian_blur(images: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """Blurs ``(B, C, H, W)`` by ``(B,)`` standard deviations in pixels; 0 leaves a picture as it is."""
    batch, channels, height, width = images.shape
    radius = max(min(math.ceil(3 * float(sigma.max())), min(height, width) - 1), 1)
    steps = torch.arange(-radius, radius + 1, device=images.device, dtype=images.dtype)
    kernels = torch.exp(-0.5 * (steps / sigma.clamp(min=1e-3)[:, None]) ** 2)
    kernels = (kernels / kernels.sum(dim=1, keepdim=True)).repeat_interleave(channels, dim=0)  # (B * C, K)
    flat = images.reshape(1, batch * channels, height, width)
    flat = functional.pad(flat, (radius, radius, 0, 0), mode="reflect")
    flat = functional.conv2d(flat, kernels[:, None, None, :], groups=batch * channels)
    flat = functional.pad(flat, (0, 0, radius, radius), mode="reflect")
    flat = functional.conv2d(flat, kernels[:, None, :, None], groups=batch * channels)
    return flat.reshape(images.shape)


def resize(images: torch.Tensor, side: int) -> torch.Tensor:
    """Resizes to ``(B, C, side, side)`` with Pillow's bicubic filter, which looks at all pixels that it merges."""
    if images.shape[-1] == side:
        return images
    return functional.interpolate(images, size=(side, side), mode="bicubic", antialias=True).clamp(0, 255)


def reduce_and_enlarge(images: torch.Tensor, factor: float, mode: str = "bicubic") -> torch.Tensor:
    """Loses detail by making pictures smaller by a factor and as large as before again."""
    side = images.shape[-1]
    small = resize(images, max(round(side * factor), 8))
    return functional.interpolate(small, size=(side, side), mode=mode, align_corners=False).clamp(0, 255)


def reduce_in_groups(images: torch.Tensor, group: torch.Tensor, factors: list[float]) -> torch.Tensor:
    """Reduces and enlarges pictures by the factor of their group, as each factor is a resize of its own.

    Args:
        images: ``(B, C, S, S)``.
        group: ``(B,)``, numbers of factors; a picture with any other number stays as it is.
        factors: As for `reduce_and_enlarge`.
    """
    result = images.clone()
    for number, factor in enumerate(factors):
        chosen = group == number
        if chosen.any():
            result[chosen] = reduce_and_enlarge(images[chosen], factor, ("bicubic", "bilinear")[number % 2])
    return result


def adjust_colours(
    images: torch.Tensor, gain: torch.Tensor, offset: torch.Tensor, saturation: torch.Tensor
) -> torch.Tensor:
    """Multiplies the distance from mid-grey by ``(B, 3)``, adds ``(B, 3)`` and scales saturation by ``(B,)``."""
    grey = images.mean(dim=1, keepdim=True)
    images = grey + (images - grey) * saturation[:, None, None, None]
    return ((images - 128) * gain[:, :, None, None] + 128 + offset[:, :, None, None]).clamp(0, 255)


def jpeg(images: torch.Tensor, quality: torch.Tensor) -> torch.Tensor:
    """Compresses as JPEG does, with halved chroma; entropy coding loses nothing and is left out.

    Args:
        images: ``(B, 3, H, W)``.
        quality: ``(B,)``, 1..100, in the scale of libjpeg.
    """
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality)[:, None, None]

    def table(values: tuple[tuple[int, ...], ...]) -> torch.Tensor:
        base = torch.tensor(values, device=images.device, dtype=images.dtype)
        return ((base * scale + 50) / 100).floor().clamp(1, 255)[:, None, None]  # (B, 1, 1, 8, 8)

    return _code(images.round(), table(_LUMA_TABLE), table(_CHROMA_TABLE), rounding=0.5)


def code_like_video(images: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
    """Stands in for H.264: one quantiser step for all frequencies, rounding towards zero, smoothed block edges.

    Args:
        images: ``(B, 3, H, W)``.
        step: ``(B,)``, of the quantiser; H.264 has .625 * 2 ** (QP / 6): 8.9 at QP 23, 64 at QP 40.
    """
    steps = step[:, None, None, None, None].expand(-1, 1, 1, _BLOCK, _BLOCK)
    coded = _code(images, steps, steps, rounding=_ROUND_UP)
    smooth = gaussian_blur(coded, torch.full_like(step, 0.8))
    height, width = images.shape[-2:]
    at_edge = [
        ((torch.arange(length, device=images.device) + 1) % _BLOCK < 2).to(images.dtype) for length in (height, width)
    ]
    weight = torch.maximum(at_edge[0][:, None], at_edge[1][None, :])
    # strong steps leave strong edges between blocks, and H.264 smooths those most
    weight = weight * (step / 40).clamp(0, 0.7)[:, None, None, None]
    return coded + (smooth - coded) * weight


def _code(images: torch.Tensor, luma: torch.Tensor, chroma: torch.Tensor, rounding: float) -> torch.Tensor:
    """Quantises the 8 x 8 cosine transform of luma and of halved chroma."""
    height, width = images.shape[-2:]
    pad = (0, -width % (2 * _BLOCK), 0, -height % (2 * _BLOCK))
    padded = functional.pad(images, pad, mode="replicate")
    to_ycc = torch.tensor(_TO_YCC, device=images.device, dtype=images.dtype)
    ycc = torch.einsum("ij,bjhw->bihw", to_ycc, padded)
    y = _quantise(ycc[:, :1] - 128, luma, rounding) + 128
    halves = _quantise(functional.avg_pool2d(ycc[:, 1:], 2), chroma, rounding)
    c = functional.interpolate(halves, scale_factor=2, mode="bilinear", align_corners=False)
    to_rgb = torch.tensor(_TO_RGB, device=images.device, dtype=images.dtype)
    rgb = torch.einsum("ij,bjhw->bihw", to_rgb, torch.cat([y, c], dim=1))
    return rgb[..., :height, :width].round().clamp(0, 255)


def _quantise(planes: torch.Tensor, table: torch.Tensor, rounding: float) -> torch.Tensor:
    """``(B, C, H, W)`` planes whose blocks keep multiples of ``(B, 1, 1, 8, 8)`` steps only."""
    batch, channels, height, width = planes.shape
    cosine = _cosine_matrix(planes)
    blocks = planes.reshape(batch, channels, height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK).transpose(3, 4)
    blocks = blocks.reshape(batch, channels, -1, _BLOCK, _BLOCK)
    steps = (cosine @ blocks @ cosine.T) / table
    kept = steps.sign() * (steps.abs() + rounding).floor()
    blocks = cosine.T @ (kept * table) @ cosine
    blocks = blocks.reshape(batch, channels, height // _BLOCK, width // _BLOCK, _BLOCK, _BLOCK).transpose(3, 4)
    return blocks.reshape(batch, channels, height, width)


def _cosine_matrix(like: torch.Tensor) -> torch.Tensor:
    """The orthonormal 8-point cosine transform (DCT-II), ``(8, 8)``."""
    number = torch.arange(_BLOCK, device=like.device, dtype=like.dtype)
    matrix = torch.cos((2 * number[None, :] + 1) * number[:, None] * math.pi / (2 * _BLOCK)) * math.sqrt(2 / _BLOCK)
    matrix[0] /= math.sqrt(2)
    return matrix
