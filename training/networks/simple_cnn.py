"""The first model of the original project: a small CNN from scratch, which scored 50 %.

Importing this module registers it as an architecture of timm.
Its layers were not published; these are the usual ones of a first attempt.
"""

from __future__ import annotations

from typing import Any

import torch
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
from torch import nn


class SimpleCNN(nn.Module):
    """Three convolutions with pooling, and one hidden layer."""

    def __init__(self, num_classes: int = 2, in_chans: int = 3, drop_rate: float = 0.3):
        super().__init__()
        self.num_classes = num_classes
        self.num_features = self.head_hidden_size = 128
        widths = (in_chans, 32, 64, 128)
        layers = []
        for width, wider in zip(widths, widths[1:], strict=False):
            layers += [nn.Conv2d(width, wider, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        self.features = nn.Sequential(*layers)
        self.hidden = nn.Sequential(
            nn.AdaptiveAvgPool2d(7), nn.Flatten(), nn.Linear(128 * 49, 128), nn.ReLU(), nn.Dropout(drop_rate)
        )
        self.head = nn.Linear(128, num_classes)

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        """Computes ``(B, 128, H/8, W/8)`` maps of ``(B, C, H, W)`` pixels."""
        return self.features(x)

    def forward_head(self, x: torch.Tensor) -> torch.Tensor:
        """Computes ``(B, classes)`` logits of maps."""
        return self.head(self.hidden(x))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Computes ``(B, classes)`` logits of ``(B, C, H, W)`` pixels."""
        return self.forward_head(self.forward_features(x))

    def get_classifier(self) -> nn.Module:
        """Gives the last layer."""
        return self.head


default_cfgs = generate_default_cfgs(
    {
        "simple_cnn.untrained": {
            "input_size": (3, 224, 224),
            "pool_size": None,
            "crop_pct": 1.0,
            "crop_mode": "squash",
            "interpolation": "bicubic",
            "mean": IMAGENET_DEFAULT_MEAN,
            "std": IMAGENET_DEFAULT_STD,
            "first_conv": "features.0",
            "classifier": "head",
            "num_classes": 2,
        }
    }
)


@register_model
def simple_cnn(pretrained: bool = False, **kwargs: Any) -> SimpleCNN:
    """Builds a `SimpleCNN`; there are no pretrained weights."""
    return build_model_with_cfg(SimpleCNN, "simple_cnn", pretrained, **kwargs)
