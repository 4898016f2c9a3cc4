"""VGG-16 with a light head, and its exact expression as a plain timm model."""

from __future__ import annotations

import json
from pathlib import Path

import timm
import torch
from safetensors.torch import load_file
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from torch import nn
from torch.nn import functional

# VGG-16: index of the first layer after each of the five blocks (convolutions, ReLUs, one pooling).
BLOCK_ENDS = (5, 10, 17, 24, 31)
INPUT_SIZE = 224  # the only size at which the pooled head folds exactly into timm's 7 x 7 layer
_MAP_SIDE = 7
_TIMM_HIDDEN = 4096


class PooledVGG16(nn.Module):
    """Convolutional layers of VGG-16, global average pooling, dropout, one linear layer.

    The class-activation map of such a network is exact (Zhou et al., CVPR 2016).
    """

    def __init__(self, num_classes: int, dropout: float = 0.3):
        super().__init__()
        self.features = timm.create_model("vgg16", num_classes=num_classes, mlp_ratio=1 / _TIMM_HIDDEN).features
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(512, num_classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, pixel_values: torch.Tensor, labels: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
        """``(B, C, H, W)`` normalised pixels to ``(B, classes)`` logits, with the loss when labels are given."""
        maps = self.features(pixel_values.contiguous(memory_format=torch.channels_last))
        logits = self.head(self.dropout(maps.mean(dim=(2, 3))))
        if labels is None:
            return {"logits": logits}
        return {"loss": functional.cross_entropy(logits.float(), labels), "logits": logits}

    def freeze_blocks(self, count: int) -> None:
        """Stops training of the first `count` of the five blocks."""
        if count:
            self.features[: BLOCK_ENDS[count - 1]].requires_grad_(False)


def load_imagenet_features(model: PooledVGG16, file: str | Path | None) -> None:
    """Starts the convolutional layers from ImageNet.

    Args:
        model: Changed in place.
        file: safetensors with ``features.N.weight`` and ``features.N.bias``; None fetches timm's own from the Hub.

    Raises:
        ValueError: The file does not hold exactly these layers.
    """
    if file is None:
        state = timm.create_model("vgg16.tv_in1k", pretrained=True).features.state_dict()
    else:
        state = {name.removeprefix("features."): value.float() for name, value in load_file(file).items()}
    try:
        model.features.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(f"{file} does not hold the convolutional layers of VGG-16") from error


def to_timm(model: PooledVGG16, temperature: float = 1.0) -> nn.Module:
    """The same function as an ordinary timm ``vgg16``, exact for 224 px input.

    timm's head is a 7 x 7 convolution, ReLU, a 1 x 1 convolution to 4096, ReLU, linear. Averaging
    and the linear layer become the 7 x 7 convolution, once with each sign so that the ReLUs lose
    nothing; the rest passes them through. Dividing by the temperature is part of the linear layer.
    """
    classes = model.head.out_features
    hidden = 2 * classes
    network = timm.create_model("vgg16", num_classes=classes, mlp_ratio=hidden / _TIMM_HIDDEN)
    network.features.load_state_dict(model.features.state_dict())
    weight = model.head.weight.detach() / temperature
    bias = model.head.bias.detach() / temperature
    with torch.no_grad():
        signed = torch.cat([weight, -weight])  # (2 * classes, 512)
        spread = signed[:, :, None, None] / _MAP_SIDE**2
        network.pre_logits.fc1.weight.copy_(spread.expand(-1, -1, _MAP_SIDE, _MAP_SIDE))
        network.pre_logits.fc1.bias.copy_(torch.cat([bias, -bias]))
        network.pre_logits.fc2.weight.zero_()
        network.pre_logits.fc2.weight[:hidden, :, 0, 0] = torch.eye(hidden)
        network.pre_logits.fc2.bias.zero_()
        network.head.fc.weight.zero_()
        network.head.fc.weight[:, :hidden] = torch.cat([torch.eye(classes), -torch.eye(classes)], dim=1)
        network.head.fc.bias.zero_()
    return network.eval()


def save_model_folder(network: nn.Module, folder: str | Path, label_names: list[str], detector: dict) -> None:
    """Writes a folder that timm, transformers and this project's Space load.

    Args:
        network: From `to_timm`.
        folder: Gets ``config.json`` and ``model.safetensors`` (float16).
        label_names: Class names in the order of the outputs.
        detector: Thresholds and what they were fitted on; stored under the key ``detector``.
    """
    folder = Path(folder)
    data_config = {
        "input_size": (3, INPUT_SIZE, INPUT_SIZE),
        "mean": IMAGENET_DEFAULT_MEAN,
        "std": IMAGENET_DEFAULT_STD,
        "interpolation": "bicubic",
        "crop_pct": 1.0,
        "crop_mode": "squash",
    }
    hidden = network.pre_logits.fc1.out_channels
    timm.models.save_for_hf(
        network.half(),
        folder,
        model_config={"label_names": label_names},
        safe_serialization=True,
        data_config=data_config,
    )
    (folder / "model.safetensors").chmod(0o644)  # safetensors writes it for the owner alone
    config = json.loads((folder / "config.json").read_text())
    # transformers passes num_classes itself and refuses it twice
    config["model_args"] = {"mlp_ratio": hidden / _TIMM_HIDDEN}
    config["num_classes"] = len(label_names)
    config["detector"] = detector
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
