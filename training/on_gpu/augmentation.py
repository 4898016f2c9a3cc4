"""What happens to crops on their way to the network in training: the same to both of a pair, so that it cannot be a cue."""

from __future__ import annotations

import math

import torch

from training.on_gpu.blending import Random
from training.on_gpu.geometry import Placement
from training.on_gpu.images import adjust_colours, code_like_video, gaussian_blur, jpeg, reduce_in_groups, resize

# Sides in pixels that crops are cut at before they are damaged; drawn once a batch.
CUT_SIDES = (256, 288, 320)
# The network's crop is 1.3 times the face box; some data sets give no more than .9.
MIN_SCALE, MAX_SCALE = 0.85, 1.45


def draw_placement(count: int, random: Random) -> Placement:
    """Places crops: half of them nearly upright, as most faces are, a third turned by up to 50 degrees."""
    scale = torch.where(
        random.chance(count, 0.5), random.uniform(count, 1.15, MAX_SCALE), random.uniform(count, MIN_SCALE, MAX_SCALE)
    )
    slight = random.normal(count) * math.radians(7)
    wide = random.uniform(count, -math.radians(50), math.radians(50))
    angle = torch.where(random.chance(count, 0.35), wide, slight)
    shift = random.uniform(count * 2, -0.06, 0.06).reshape(count, 2)
    return Placement(scale, angle, shift, random.pick(count, (-1.0, 1.0)))


def damage(pairs: torch.Tensor, random: Random) -> torch.Tensor:
    """Changes colour, sharpness and grain of pairs and compresses them, both of a pair alike.

    Args:
        pairs: ``(2, B, 3, S, S)``, 0..255: real crops, then fake ones.
        random: Source of all randomness.
    """
    count = pairs.shape[1]

    def twice(values: torch.Tensor) -> torch.Tensor:
        return torch.cat([values, values])

    def some(probability: float) -> torch.Tensor:
        return twice(random.chance(count, probability))[:, None, None, None]

    images = pairs.flatten(0, 1)
    gain = random.uniform(count * 3, 0.85, 1.15).reshape(count, 3) * random.uniform(count, 0.8, 1.2)[:, None]
    offset = random.uniform(count, -20, 20)[:, None].expand(-1, 3)
    coloured = adjust_colours(images, twice(gain), twice(offset), twice(random.uniform(count, 0.6, 1.3)))
    images = torch.where(some(0.5), coloured, images)
    blurred = gaussian_blur(images, twice(random.uniform(count, 0.3, 2.0)))
    images = torch.where(some(0.2), blurred, images)
    # half of them: the groups from 4 on have no factor
    group = twice(random.integers(count, 8))
    images = reduce_in_groups(images, group, random.uniform(4, 0.3, 1.0).tolist())
    noise = random.normal(count, *images.shape[1:]).repeat(2, 1, 1, 1)
    noisy = (images + noise * twice(random.uniform(count, 1, 10))[:, None, None, None]).clamp(0, 255)
    images = torch.where(some(0.15), noisy, images)
    coded = jpeg(images, twice(random.uniform(count, 30, 100)))
    images = torch.where(some(0.35), coded, images)
    steps = torch.exp(random.uniform(count, math.log(4), math.log(56)))
    video = code_like_video(images, twice(steps))
    return torch.where(some(0.35), video, images).reshape(pairs.shape)


def to_input(images: torch.Tensor, side: int, mean: tuple[float, ...], std: tuple[float, ...]) -> torch.Tensor:
    """Resizes and normalises pictures for the network, ``(B, 3, side, side)``."""
    images = resize(images, side).round() / 255
    shape = (1, 3, 1, 1)
    return (images - images.new_tensor(mean).reshape(shape)) / images.new_tensor(std).reshape(shape)
