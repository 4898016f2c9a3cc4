"""The layers of VGG-16 as functions of one batch in torch, from uint8 crops on, and the CUDA graph of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from detector.network.preprocessing import Preprocessing
from detector.network.runtimes.pooled_vgg16 import BEFORE_POOLING, CONVOLUTIONS, linear_layer

_MODES = {Image.Resampling.BICUBIC: "bicubic", Image.Resampling.BILINEAR: "bilinear"}


def resized(crop: torch.Tensor, preprocessing: Preprocessing) -> torch.Tensor:
    """Resizes a crop as Pillow does: first in width, then in height, each time to whole values.

    Args:
        crop: ``(S, S, 3)`` uint8, on any device.
        preprocessing: Names the size and the filter.

    Returns:
        ``(H, W, 3)`` of the same type.
    """
    height, width = preprocessing.size_px
    pixels = crop.permute(2, 0, 1)[None]
    for size in ((len(crop), width), (height, width)):
        if pixels.shape[2:] == size:
            continue
        mode = _MODES[preprocessing.resampling]
        pixels = functional.interpolate(pixels.float(), size, mode=mode, align_corners=False, antialias=True)
        pixels = pixels.clamp(0, 255).round()
    return pixels[0].permute(1, 2, 0).to(torch.uint8)


class Network:
    """The layers as functions of one batch."""

    def __init__(
        self, preprocessing: Preprocessing, weights: dict[str, np.ndarray], device: torch.device, dtype: torch.dtype
    ):
        def on_device(values: Any) -> torch.Tensor:
            return torch.as_tensor(values, dtype=torch.float32).to(device)

        self._dtype = dtype
        self._mean, self._std = (on_device(values)[:, None, None] for values in (preprocessing.mean, preprocessing.std))
        self._layers = [
            (
                on_device(weights[f"features.{place}.weight"]).to(dtype, memory_format=torch.channels_last),
                on_device(weights[f"features.{place}.bias"]).to(dtype),
                place in BEFORE_POOLING,
            )
            for place in CONVOLUTIONS
        ]
        self._layer, self._bias = (on_device(values) for values in linear_layer(weights))
        self.outputs = len(self._bias)

    def __call__(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Computes float32 logits of ``(B, 224, 224, 3)`` uint8: ``(B, classes)``, and of places, ``(B, 14, 14, classes)``."""
        maps = ((pixels.permute(0, 3, 1, 2) / 255 - self._mean) / self._std).to(self._dtype)  # channels-last already
        for weight, bias, is_pooled in self._layers:
            maps = functional.conv2d(maps, weight, bias, padding=1).relu_()
            if is_pooled:
                maps = functional.max_pool2d(maps, 2)
        pooled = functional.max_pool2d(maps, 2).float().mean(dim=(2, 3))
        logits, places = (
            functional.linear(values, self._layer, self._bias) for values in (pooled, maps.permute(0, 2, 3, 1).float())
        )
        return logits, places


def captured(
    network: Network, pixels: torch.Tensor, stream: torch.cuda.Stream | None
) -> Callable[[], tuple[torch.Tensor, torch.Tensor]]:
    """Gives what computes the network on these pixels: on a GPU one graph, whose some 50 kernels are started as one.

    What cuDNN may do is settled here, once for the graph, and changes nothing for others in the process.
    """
    if stream is None:
        return lambda: network(pixels)
    graph = torch.cuda.CUDAGraph()
    # no trying out of algorithms: the fastest is another one from start to start, and so would be the last digits
    with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
        for _ in range(3):  # what is set up at the first call cannot be captured
            network(pixels)
        stream.synchronize()
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            outputs = network(pixels)

    def replay() -> tuple[torch.Tensor, torch.Tensor]:
        graph.replay()
        return outputs

    return replay
