"""Any timm model in eager float32: the reference, and the fallback for networks that OpenVINO is not set up for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from PIL import Image
from timm.data.config import resolve_model_data_config
from timm.data.transforms_factory import create_transform
from torch import nn

from detector.network.runtimes import Prediction
from detector.network.settings import thread_limit

# VGG-16 needs some 13 MB of activations a crop in its first block; this bounds them.
BATCH_SIZE = 16
Layers = Callable[[torch.Tensor], torch.Tensor]


class TorchRuntime:
    """A timm model with a convolutional feature map.

    Attributes:
        network: In evaluation mode, float32.
        transform: timm's own evaluation transform, from the model's config.
        real: Column of the class "real".
    """

    name, requests_at_once = "torch-fp32", 1

    def __init__(self, network: nn.Module, transform: Callable[[Image.Image], torch.Tensor], real: int):
        self.network, self.transform, self.real = network, transform, real

    @property
    def outputs(self) -> int:
        """How many classes it tells apart."""
        outputs: int = _as_timm(self.network).num_classes
        return outputs

    @classmethod
    def from_folder(cls, folder: str | Path, real: int) -> TorchRuntime:
        """Loads a folder in timm's Hub format.

        Raises:
            RuntimeError: The weights do not fit the architecture.
        """
        if threads := thread_limit():
            torch.set_num_threads(threads)
        network = timm.create_model(f"local-dir:{folder}", pretrained=True).eval().requires_grad_(False)
        data_config = resolve_model_data_config(network)  # type: ignore[no-untyped-call]
        # channels-last is a fifth faster for VGG on the CPU
        return cls(
            network.float().to(memory_format=torch.channels_last),
            create_transform(**data_config, is_training=False),
            real,
        )

    def batch(self, crops: Sequence[np.ndarray]) -> torch.Tensor:
        """Makes the network's ``(B, C, H, W)`` input of square ``(S, S, 3)`` uint8 RGB crops of any size."""
        return torch.stack([self.transform(Image.fromarray(crop)) for crop in crops])

    @torch.inference_mode()
    def predict(self, crops: Sequence[np.ndarray]) -> Prediction:
        """Scores crops; see `Runtime`."""
        logits, evidence = [], []
        lower, upper = _around_last_maps(_as_timm(self.network))
        head = _as_timm(self.network).forward_head
        for start in range(0, len(crops), BATCH_SIZE):
            maps = lower(self.batch(crops[start : start + BATCH_SIZE]))  # (B, C, h, w)
            # what follows may work in place
            logits.append(upper(maps.clone()))
            # one crop at a time: timm's head of VGG makes 7 x 7 of each place
            for features in maps:
                places = features.flatten(1).T[:, :, None, None].contiguous()  # (h * w, C, 1, 1)
                evidence.append(log_odds(head(places), self.real).reshape(features.shape[1:]))
        return Prediction(torch.cat(logits).double().numpy(), torch.stack(evidence).float().numpy(), self.real)


def log_odds(logits: torch.Tensor, real: int) -> torch.Tensor:
    """Computes what `detector.network.runtimes.log_odds` gives, for autograd."""
    fakes = [column for column in range(logits.shape[1]) if column != real]
    return torch.logsumexp(logits[:, fakes], dim=1) - logits[:, real]


def _as_timm(network: nn.Module) -> Any:
    """Gives the same network without a type, for what timm adds to a module."""
    return network


def _around_last_maps(network: Any) -> tuple[Layers, Layers]:
    """Splits a network at its last feature map: what leads to it, and what leads on to the logits.

    A last pooling comes after the map: it blurs places.
    """
    layers = getattr(network, "features", None)
    if isinstance(layers, nn.Sequential) and isinstance(layers[-1], nn.MaxPool2d):
        return layers[:-1], lambda maps: network.forward_head(layers[-1](maps))
    return network.forward_features, network.forward_head
