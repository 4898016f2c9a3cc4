"""What stands between face crops and a network: the transform of a crop, and batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import timm
import torch
from PIL import Image

Transform = Callable[[Image.Image], torch.Tensor]


def crop_transform(data_config: dict[str, Any]) -> Transform:
    """Makes timm's evaluation transform, the application's own, from a PIL crop to a normalised ``(C, H, W)`` tensor.

    Args:
        data_config: Input size, mean and so on, as timm stores it.
    """
    return timm.data.create_transform(**data_config, is_training=False)


def collate(items: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Joins items to a batch; pairs become a batch of twice as many crops."""
    join = torch.cat if items[0]["pixel_values"].dim() == 4 else torch.stack
    return {key: join([item[key] for item in items]) for key in items[0]}
