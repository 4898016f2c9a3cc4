"""A model for tests that calls a face fake as far as it is red, so that tests choose a score by tinting."""

import numpy as np
import torch
from PIL import Image

from detector.model import LoadedModel, ModelInfo, Thresholds
from detector.torch_runtime import TorchRuntime
from tests.media_factory import astronaut


class RednessNetwork(torch.nn.Module):
    """Red against green, 0..1 of the mean colours, makes the log odds."""

    def forward_features(self, x):
        return torch.nn.functional.adaptive_avg_pool2d(x, 7)

    def forward_head(self, features):
        red, green = features.mean(dim=(2, 3))[:, 0], features.mean(dim=(2, 3))[:, 1]
        margin = 60 * (red - green) - 15
        return torch.stack([-margin / 2, margin / 2], dim=1)

    def forward(self, x):
        return self.forward_head(self.forward_features(x))


def transform(image: Image.Image) -> torch.Tensor:
    """``(3, 56, 56)``, 0..1."""
    return torch.from_numpy(np.asarray(image.resize((56, 56)), np.float32) / 255).permute(2, 0, 1)


def redness_model(revision: str = "1") -> LoadedModel:
    """The model; its thresholds are 0.2 and 0.8."""
    info = ModelInfo("redness", revision, ("real", "fake"), Thresholds(0.2, 0.8), "torch-fp32")
    return LoadedModel(info, TorchRuntime(RednessNetwork(), transform))


def portrait(tint: float = 0.0) -> np.ndarray:
    """The astronaut in grey, ``(200, 200, 3)``: scored near 0, or with a tint of 0.6 near 1."""
    grey = astronaut()[20:220, 120:320].mean(axis=2, keepdims=True).repeat(3, axis=2)
    grey[:, :, 1:] *= 1 - tint
    return grey.round().astype(np.uint8)
