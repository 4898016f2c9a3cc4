"""Builds networks by name, and writes the folder that one becomes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors import SafetensorError
from torch import nn

import training.networks.simple_cnn  # noqa: F401  registers itself with timm
from training.networks.losses import class_loss
from training.networks.vgg16 import PooledVGG16, at_side
from training.networks.weights import fetch_pretrained

_NUMBERS = re.compile(r"\[[\d\s.,e+-]+\]")  # a list of numbers in JSON
# Architectures that start from nothing.
UNTRAINED = ("simple_cnn",)


class TimmClassifier(nn.Module):
    """Any image classifier of timm, trained whole, with the interface of `PooledVGG16`.

    Attributes:
        name: Name of the architecture.
        num_classes: Number of classes.
        training_side: Side of the pictures to train on, in px; None: as they come.
        network: The network of timm.
        data_config: Input size, mean and so on, as timm stores it.
    """

    # of any type: timm declares no more than a module, which lacks what its networks have in common
    network: Any

    def __init__(self, name: str, num_classes: int):
        super().__init__()
        self.name, self.num_classes = name, num_classes
        self.training_side: int | None = None
        self.network = timm.create_model(name, num_classes=num_classes)
        self.data_config = timm.data.resolve_model_data_config(self.network) | {"crop_pct": 1.0, "crop_mode": "squash"}
        if not isinstance(self.network.get_classifier(), nn.Linear):
            raise ValueError(f"{name} does not end in a linear layer, so it could not be calibrated.")
        with torch.no_grad():
            maps = self.network.eval().forward_features(torch.zeros(1, *self.data_config["input_size"]))
        if maps.dim() != 4 or maps.shape[1] != self.network.num_features:
            raise ValueError(f"{name} has no convolutional feature map, so the page could not show where it looked.")

    def forward(
        self, pixel_values: torch.Tensor, labels: torch.Tensor | None = None, masks: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """Computes ``(B, classes)`` logits of ``(B, C, H, W)`` normalised pixels, with the loss when labels are given."""
        if self.training:
            pixel_values = at_side(pixel_values, self.training_side)
        logits = self.network(pixel_values)
        return {"logits": logits} if labels is None else {"loss": class_loss(logits.float(), labels), "logits": logits}

    def freeze_blocks(self, count: int) -> None:
        """Does nothing: what a block is differs between architectures."""

    def blocks(self) -> list[list[nn.Parameter]]:
        """Gives the parameters below the classifier, as one block."""
        head = set(self.head_parameters())
        return [[parameter for parameter in self.parameters() if parameter not in head]]

    def head_parameters(self) -> list[nn.Parameter]:
        """Gives the parameters of the classifier."""
        return list(self.network.get_classifier().parameters())

    def match_statistics(self, batches: Iterable[torch.Tensor]) -> None:
        """Does nothing: the network is trained as timm built it."""

    def settle_statistics(self, batches: Iterable[torch.Tensor]) -> None:
        """Does nothing, likewise."""

    def load_pretrained(self, file: str | Path | None) -> None:
        """Starts from ImageNet, all but the classifier.

        Args:
            file: Weights of the architecture, safetensors; None fetches timm's own from the Hub.

        Raises:
            ValueError: The file does not hold these weights, or the Hub is out of reach.
        """
        if self.name in UNTRAINED:
            return
        file = file or fetch_pretrained(self.name)
        try:
            self.network = timm.create_model(
                self.name, pretrained=True, pretrained_cfg_overlay={"file": str(file)}, num_classes=self.num_classes
            )
        except (RuntimeError, OSError, KeyError, SafetensorError) as error:
            raise ValueError(f"{file} does not hold the weights of {self.name}.") from error

    @torch.no_grad()
    def to_timm(self, temperature: float = 1.0) -> nn.Module:
        """Makes a copy whose logits are divided by the temperature."""
        network: Any = timm.create_model(self.name, num_classes=self.num_classes)
        network.load_state_dict(self.network.state_dict())
        classifier = network.get_classifier()
        classifier.weight.div_(temperature)
        classifier.bias.div_(temperature)
        return network.eval()


Classifier = PooledVGG16 | TimmClassifier


def build_classifier(name: str, num_classes: int, mask_weight: float = 1.0) -> Classifier:
    """Builds a network to train.

    Args:
        name: ``vgg16`` (light head), ``simple_cnn``, or another name of timm.
        num_classes: Number of classes: real and the kinds of fakes.
        mask_weight: Weight of the loss on masks, see `PooledVGG16`; other networks learn no masks.

    Raises:
        ValueError: timm does not know the name, or the network cannot be calibrated.
    """
    check_name(name)
    return PooledVGG16(num_classes, mask_weight=mask_weight) if name == "vgg16" else TimmClassifier(name, num_classes)


def check_name(name: str) -> None:
    """Checks that timm knows an architecture.

    Raises:
        ValueError: It does not.
    """
    if not timm.is_model(name):
        raise ValueError(f"timm knows no model {name}; see timm.list_models().")


def save_model_folder(
    network: Any, folder: str | Path, data_config: dict[str, Any], label_names: list[str], detector: dict[str, Any]
) -> None:
    """Writes a folder that timm, transformers and this project's Space load.

    Args:
        network: Network of timm, as `to_timm` gives it; left in float16.
        folder: Folder that gets ``config.json`` and ``model.safetensors`` (float16).
        data_config: Input size, mean and so on, as timm stores it.
        label_names: Names of the classes in the order of the outputs.
        detector: Thresholds and what they were fitted on; stored under the key ``detector``.
    """
    folder = Path(folder)
    timm.models.save_for_hf(
        network.half(),
        str(folder),
        model_config={"label_names": label_names},
        safe_serialization=True,
        data_config=data_config,
    )
    (folder / "model.safetensors").chmod(0o644)  # safetensors writes it for the owner alone
    config = json.loads((folder / "config.json").read_text())
    # transformers passes num_classes itself and refuses it twice
    arguments = {key: value for key, value in config.get("model_args", {}).items() if key != "num_classes"}
    if config["architecture"] == "vgg16":
        arguments = {"mlp_ratio": network.pre_logits.fc1.out_channels / 4096}
    # transformers would compute in float16, as the file is
    config |= {"model_args": arguments, "num_classes": len(label_names), "dtype": "float32", "detector": detector}
    write_config(folder / "config.json", config)


def write_config(file: Path, config: dict[str, Any]) -> None:
    """Writes a ``config.json``, the many numbers of a list on one line."""
    text = _NUMBERS.sub(lambda found: " ".join(found[0].split()), json.dumps(config, indent=2))
    file.write_text(text + "\n", encoding="utf-8")
