"""Face crops as the input of a network, by the config that lies with its weights; equal to timm's transform without torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

_FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


@dataclass(frozen=True)
class Preprocessing:
    """What happens to a crop before the network sees it.

    Attributes:
        size_px: Height and width of the input.
        mean: Of the three channels, at values of 0..1.
        std: Likewise.
        resampling: Pillow's filter, which looks at all pixels that it merges.
    """

    size_px: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    resampling: Image.Resampling

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Preprocessing | None:
        """Reads timm's ``pretrained_cfg``; None where that asks for more than to resize the whole crop."""
        if config.get("crop_mode") != "squash" or config.get("crop_pct") != 1.0:
            return None
        if config.get("interpolation") not in _FILTERS or len(config["mean"]) != 3:
            return None
        _, height, width = config["input_size"]
        return cls((height, width), tuple(config["mean"]), tuple(config["std"]), _FILTERS[config["interpolation"]])

    def batch(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Turns ``(S, S, 3)`` uint8 RGB crops of any size into ``(B, 3, H, W)`` float32."""
        height, width = self.size_px
        resized = [Image.fromarray(crop).resize((width, height), self.resampling) for crop in crops]
        pixels = np.stack([np.asarray(image) for image in resized]).astype(np.float32)
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        scaled = (pixels / np.float32(255) - mean) / std
        return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))
