"""Self-blended images in batches (Shiohara and Yamasaki, CVPR 2022), after `dataset_builder.pseudo_fakes.self_blended`.

The outlines of the parts of each face are drawn once; everything else happens on the device that the crops lie on.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from dataset_builder.pseudo_fakes.self_blended import RATIOS
from training.on_gpu.images import adjust_colours, gaussian_blur, jpeg, reduce_in_groups

# A Gaussian-blurred straight edge has this value one standard deviation inside it.
_ONE_SIGMA_INSIDE = 0.84


class Random:
    """Random numbers on a device, from one seed."""

    def __init__(self, seed: int, device: torch.device | str):
        self.device = device
        self._generator = torch.Generator(device=device).manual_seed(seed)

    def uniform(self, count: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        """``(count,)`` numbers in ``low..high``."""
        return torch.rand(count, generator=self._generator, device=self.device) * (high - low) + low

    def normal(self, *shape: int) -> torch.Tensor:
        """Numbers with a standard deviation of 1."""
        return torch.randn(shape, generator=self._generator, device=self.device)

    def chance(self, count: int, probability: float) -> torch.Tensor:
        """``(count,)`` booleans."""
        return self.uniform(count) < probability

    def pick(self, count: int, values: tuple[float, ...]) -> torch.Tensor:
        """``(count,)`` of the values."""
        return torch.tensor(values, device=self.device)[self.integers(count, len(values))]

    def integers(self, count: int, end: int) -> torch.Tensor:
        """``(count,)`` whole numbers in ``0..end - 1``."""
        return torch.randint(end, (count,), generator=self._generator, device=self.device)


def self_blend(
    images: torch.Tensor, outlines: torch.Tensor, faces: torch.Tensor, size: torch.Tensor, random: Random
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Blends an altered copy of each face into itself, or itself into an altered copy.

    Args:
        images: ``(B, 3, S, S)``, 0..255.
        outlines: The part of the face that is blended, ``(B, 1, S, S)``, 0 or 1.
        faces: The whole face, likewise.
        size: Of each face in pixels, ``(B,)``.
        random: Source of all randomness.

    Returns:
        The fakes, what they equal outside the mask, both like the images, and the masks, ``(B, 1, S, S)`` 0..1.
    """
    count = len(images)
    masks = soft_masks(outlines, faces, size, random)
    copies = alter(images, size, random)
    is_source = random.chance(count, 0.5)[:, None, None, None]
    source, target = torch.where(is_source, copies, images), torch.where(is_source, images, copies)
    source = _move(source, size, random)
    masks = masks * random.pick(count, RATIOS)[:, None, None, None]
    fakes = (source * masks + target * (1 - masks)).round().clamp(0, 255)
    return fakes, target, masks


def soft_masks(outlines: torch.Tensor, faces: torch.Tensor, size: torch.Tensor, random: Random) -> torch.Tensor:
    """Bends outlines out of their shape and softens their edge, which stays inside the face."""
    count = len(outlines)
    bend = random.uniform(count, 0.2, 1.0) * 0.05 * size
    masks = torch.minimum(_shift(outlines, bend, size, random), faces)
    softness = size * random.uniform(count, 0.015, 0.055)
    # a blur alone would leave half of its width outside: shrink by as much first
    core = (gaussian_blur(masks, softness * random.uniform(count, 0.5, 1.2)) > _ONE_SIGMA_INSIDE).float()
    is_lost = core.amax(dim=(1, 2, 3), keepdim=True) < 0.5
    soft = gaussian_blur(torch.where(is_lost, masks, core), softness)
    soft = soft / soft.amax(dim=(1, 2, 3), keepdim=True).clamp(min=1e-3)
    # ends at the outline of the face without a step
    inside = ((gaussian_blur(faces, softness) - 0.5) / (_ONE_SIGMA_INSIDE - 0.5)).clamp(0, 1)
    return soft * inside


def alter(images: torch.Tensor, size: torch.Tensor, random: Random) -> torch.Tensor:
    """Gives each picture another colour, light, sharpness and grain, as a face out of a generator has."""
    count = len(images)
    gain = 1 + (random.uniform(count * 3, -0.08, 0.08).reshape(count, 3) + random.uniform(count, -0.1, 0.1)[:, None])
    offset = random.uniform(count * 3, -10, 10).reshape(count, 3) + random.uniform(count, -10, 10)[:, None]
    saturation = random.uniform(count, 0.75, 1.25)
    changed = adjust_colours(images, gain, offset, saturation)
    images = _where(random.chance(count, 0.85), changed, images)
    images = _where(random.chance(count, 0.4), _light(images, random), images)
    images = _sharpness(images, size, random)
    noisy = (images + random.normal(*images.shape) * random.uniform(count, 1.5, 6)[:, None, None, None]).clamp(0, 255)
    images = _where(random.chance(count, 0.2), noisy, images)
    coded = jpeg(images, random.uniform(count, 40, 91))
    return _where(random.chance(count, 0.2), coded, images)


def _sharpness(images: torch.Tensor, size: torch.Tensor, random: Random) -> torch.Tensor:
    """Reduces and enlarges half of the pictures, blurs or sharpens the others."""
    count = len(images)
    sigma = (size / 150).clamp(min=0.6) * random.uniform(count, 0.7, 1.6)
    soft = gaussian_blur(images, sigma)
    amount = random.uniform(count, 0.3, 0.9)[:, None, None, None]
    sharp = (images + (images - soft) * amount).clamp(0, 255)
    result = _where(random.chance(count, 0.5), soft, sharp)
    # generators of 64 to 256 px
    group = random.integers(count, 4)
    reduced = reduce_in_groups(images, group, random.uniform(4, 0.2, 0.8).tolist())
    return _where(random.chance(count, 0.55), reduced, result)


def _light(images: torch.Tensor, random: Random) -> torch.Tensor:
    """Brightens one side of a face and darkens the other, by up to a quarter."""
    count, side = len(images), images.shape[-1]
    angle, strength = random.uniform(count, 0, 2 * torch.pi), random.uniform(count, 0.05, 0.25)
    steps = torch.linspace(-2, 2, side, device=images.device)
    along = angle.cos()[:, None, None] * steps[None, None, :] + angle.sin()[:, None, None] * steps[None, :, None]
    factor = torch.exp(strength[:, None, None] * along.clamp(-1.5, 1.5))[:, None]
    return (images * factor).clamp(0, 255)


def _move(images: torch.Tensor, size: torch.Tensor, random: Random) -> torch.Tensor:
    """Shifts by up to 3 % of a face, scales by up to 5 %, and bends half of the pictures a little."""
    count, side = len(images), images.shape[-1]
    zoom = random.uniform(count, 0.95, 1.05)
    shift = random.uniform(count * 2, -0.03, 0.03).reshape(count, 2) * size[:, None] * 2 / side
    bend = torch.where(random.chance(count, 0.5), random.uniform(count, 0.2, 1.0) * 0.015 * size, 0)
    return _shift(images, bend, size, random, zoom, shift)


def _shift(
    images: torch.Tensor,
    bend: torch.Tensor,
    size: torch.Tensor,
    random: Random,
    zoom: torch.Tensor | None = None,
    shift: torch.Tensor | None = None,
) -> torch.Tensor:
    """Moves each place by a smooth random displacement of ``bend`` pixels, after zoom and shift."""
    count, side = len(images), images.shape[-1]
    cells = max(round(3 * side / float(size.mean())), 3)
    field = random.normal(count, 2, cells, cells) * (bend * 2 / side)[:, None, None, None]
    field = functional.interpolate(field, size=(side, side), mode="bicubic", align_corners=False).movedim(1, -1)
    steps = (torch.arange(side, device=images.device, dtype=images.dtype) + 0.5) * 2 / side - 1
    places = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), dim=-1)[None].expand(count, -1, -1, -1)
    if zoom is not None and shift is not None:
        places = (places - shift[:, None, None, :]) / zoom[:, None, None, None]
    return functional.grid_sample(images, places + field, "bilinear", "reflection", align_corners=False)


def _where(chosen: torch.Tensor, changed: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """The changed pictures where ``(B,)`` says so."""
    return torch.where(chosen[:, None, None, None], changed, images)
