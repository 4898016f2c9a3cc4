"""The weights of VGG-16 with a pooled linear head, as every runtime that is made for this network reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from detector.network.preprocessing import Preprocessing
from detector.network.runtimes import UnsuitableError

# Convolutions of VGG-16 by their place in timm's `features`, and those that a pooling follows.
CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
BEFORE_POOLING = (2, 7, 14, 21)
INPUT_PX = (224, 224)


def suitable_preprocessing(config: dict[str, Any]) -> Preprocessing:
    """Reads what happens to a crop first, where a model folder's config describes such a network.

    Args:
        config: The content of ``config.json``.

    Raises:
        UnsuitableError: The model is another network, or wants more done to a crop than to resize it.
    """
    preprocessing = Preprocessing.from_config(config.get("pretrained_cfg", {}))
    if config.get("architecture") != "vgg16" or preprocessing is None or preprocessing.size_px != INPUT_PX:
        raise UnsuitableError("it is no VGG-16 for 224 px")
    return preprocessing


def read_weights(file: Path) -> dict[str, np.ndarray]:
    """Reads the tensors of a safetensors file as float32, by timm's names."""
    return {name: value.astype(np.float32) for name, value in load_file(file).items()}


def linear_layer(weights: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Finds the linear layer ``(classes, 512)`` and ``(classes,)`` that timm's head computes on pooled maps.

    It is stored as a 7 x 7 convolution with each sign, so that the two ReLUs after it lose nothing (see
    `training.networks.vgg16.PooledVGG16.to_timm`).

    Raises:
        UnsuitableError: The head is not of this form.
    """
    window, bias = weights["pre_logits.fc1.weight"], weights["pre_logits.fc1.bias"]
    second, last = weights["pre_logits.fc2.weight"][:, :, 0, 0], weights["head.fc.weight"]
    hidden, classes = len(window), len(last)
    signs = np.concatenate([np.eye(classes), -np.eye(classes)], axis=1)
    passed_on = np.zeros_like(second)
    passed_on[:hidden] = np.eye(hidden)
    is_linear = (
        hidden == 2 * classes
        and np.array_equal(window, np.broadcast_to(window[:, :, :1, :1], window.shape))
        and np.array_equal(window[classes:], -window[:classes])
        and np.array_equal(bias[classes:], -bias[:classes])
        and np.array_equal(second, passed_on)
        and np.array_equal(last[:, :hidden], signs)
        and not last[:, hidden:].any()
        and not weights["pre_logits.fc2.bias"].any()
        and not weights["head.fc.bias"].any()
    )
    if not is_linear:
        raise UnsuitableError("its head is no linear layer on pooled maps")
    return window[:classes].sum(axis=(2, 3)), bias[:classes]
