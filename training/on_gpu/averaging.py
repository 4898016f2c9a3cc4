"""Weights to start from, and the average of weights over a run."""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from training.networks.vgg16 import PooledVGG16, scale_layers


class Average:
    """An exponential average of a model's weights, which carries over better than the last of them."""

    def __init__(self, model: PooledVGG16, decay: float):
        self._model, self._decay = copy.deepcopy(model), decay

    @torch.no_grad()
    def update(self, model: PooledVGG16, step: int) -> None:
        """Takes a step of the model in; the first steps count less, so that the start is forgotten."""
        weight = 1 - min(self._decay, (1 + step) / (10 + step))
        for own, new in zip(self._model.parameters(), model.parameters(), strict=True):
            own.lerp_(new, weight)

    def model(self) -> PooledVGG16:
        """A copy with the averaged weights; its normalisation is still to be measured."""
        return copy.deepcopy(self._model)


@torch.no_grad()
def load_plain(model: PooledVGG16, file: Path) -> None:
    """Starts the convolutions from a plain VGG-16, scaled so that every layer gives values of about 1.

    Weights with normalisation folded into them can give activations of tens of thousands; ReLU and pooling keep
    proportions, so a factor moves from one layer to the next without a change of the whole.

    Raises:
        ValueError: The file does not hold the convolutional layers.
    """
    stored = {name: value.float() for name, value in load_file(file).items()}
    convolutions = [layer for layer in model.features if isinstance(layer, nn.Conv2d)]
    names = sorted(
        {name.rsplit(".", 1)[0] for name in stored if name.startswith("features.")}, key=lambda name: int(name[9:])
    )
    if len(names) != len(convolutions):
        raise ValueError(f"{file} does not hold the convolutional layers of VGG-16.")
    for name, layer in zip(names, convolutions, strict=True):
        layer.load_state_dict({"weight": stored[f"{name}.weight"], "bias": stored[f"{name}.bias"]})
    # He et al. 2015: outputs keep their size where the mean square of a weight is 2 over the inputs
    scale_layers(
        model.features, lambda _, weight: float((2 / weight[0].numel()) ** 0.5 / weight.square().mean().sqrt())
    )
