"""Cuts training crops out of wide crops in batches: turned, scaled, shifted and mirrored in one sampling."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

# Side of a wide crop over the longer side of the face box: a crop of 1.4 times the box, turned by 45 degrees, just fits.
WIDE_SCALE = 2.0


@dataclass(frozen=True)
class Placement:
    """Where crops lie in their wide crops, one entry a crop.

    Attributes:
        scale: Side of the crop over the longer side of the face box, ``(B,)``.
        angle: Turn in radians, counter-clockwise as seen, ``(B,)``.
        shift: Of the centre, right and down, in sides of the crop, ``(B, 2)``.
        mirrored: -1 for a crop that is mirrored left to right, else 1, ``(B,)``.
    """

    scale: torch.Tensor
    angle: torch.Tensor
    shift: torch.Tensor
    mirrored: torch.Tensor


def upright(count: int, scale: float, device: torch.device | str) -> Placement:
    """The placement of the application: in the middle, neither turned nor mirrored."""
    zeros = torch.zeros(count, device=device)
    return Placement(zeros + scale, zeros, torch.zeros(count, 2, device=device), zeros + 1)


def cut(wide: torch.Tensor, placement: Placement, side: int) -> torch.Tensor:
    """Samples crops, ``(B, C, side, side)`` like the input, reflected beyond the border of the wide crop.

    Args:
        wide: ``(B, C, S, S)`` float, side `WIDE_SCALE` times the longer side of the face box.
        placement: Of each crop.
        side: Of the crops in pixels; not much smaller than they are in the wide crop, or pixels are skipped.
    """
    return functional.grid_sample(wide, grid(placement, side), "bicubic", "reflection", align_corners=False)


def grid(placement: Placement, side: int) -> torch.Tensor:
    """Where each pixel of a crop lies in the wide crop, ``(B, side, side, 2)``, -1..1."""
    half = (placement.scale / WIDE_SCALE)[:, None, None]  # half a crop, in units of half a wide crop
    steps = (torch.arange(side, device=half.device, dtype=half.dtype) + 0.5) * 2 / side - 1
    x = (steps[None, None, :] * placement.mirrored[:, None, None] + 2 * placement.shift[:, 0, None, None]) * half
    y = (steps[None, :, None] + 2 * placement.shift[:, 1, None, None]) * half
    cosine, sine = placement.angle.cos()[:, None, None], placement.angle.sin()[:, None, None]
    return torch.stack([cosine * x - sine * y, sine * x + cosine * y], dim=-1)
