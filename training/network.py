"""VGG-16 with a light head, and its exact expression as a plain timm model."""

from __future__ import annotations

import json
from pathlib import Path

import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from torch import nn
from torch.nn import functional

from detector.model import fetch_from_hub

# VGG-16: index of the first layer after each of the five blocks (convolutions, ReLUs, one pooling).
BLOCK_ENDS = (5, 10, 17, 24, 31)
INPUT_SIZE = 224  # the only size at which the pooled head folds exactly into timm's 7 x 7 layer
LABEL_NAMES = ["real", "fake"]
_IMAGENET_MODEL = "timm/vgg16.tv_in1k"
_DOWNLOAD_S = 3600.0  # it is 553 MB
_MAP_SIDE = 7
_TIMM_HIDDEN = 4096


class PooledVGG16(nn.Module):
    """Convolutional layers of VGG-16, global average pooling, dropout, one linear layer.

    The class-activation map of such a network is exact (Zhou et al., CVPR 2016).
    """

    def __init__(self, num_classes: int, dropout: float = 0.3):
        super().__init__()
        self.training_side: int | None = None  # set to train on smaller pictures than the input, which is cheaper
        self.features = timm.create_model("vgg16", num_classes=num_classes, mlp_ratio=1 / _TIMM_HIDDEN).features
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(512, num_classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        # only for training: where in the crop the manipulation is
        self.mask_head = nn.Conv2d(512, 1, kernel_size=1)
        self.mask_weight = 1.0

    def forward(
        self, pixel_values: torch.Tensor, labels: torch.Tensor | None = None, masks: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """``(B, C, H, W)`` normalised pixels to ``(B, classes)`` logits, with the loss when labels are given.

        Where masks ``(B, h, w)`` are given and not NaN, the last convolution also learns to tell
        manipulated places from others: an image-level label says little about a faint seam.
        """
        if self.training and self.training_side and self.training_side != pixel_values.shape[-1]:
            pixel_values = functional.interpolate(
                pixel_values, size=(self.training_side, self.training_side), mode="bicubic", antialias=True
            )
        fine = self.features[:-1](pixel_values.contiguous(memory_format=torch.channels_last))
        logits = self.head(self.dropout(self.features[-1](fine).mean(dim=(2, 3))))
        if labels is None:
            return {"logits": logits}
        loss = functional.cross_entropy(logits.float(), labels)
        if masks is not None and self.mask_weight:
            loss = loss + self.mask_weight * self._mask_loss(fine, masks)
        return {"loss": loss, "logits": logits}

    def _mask_loss(self, fine: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        known = ~masks.isnan().any(dim=(1, 2))
        if not known.any():
            return fine.new_zeros(())
        found = self.mask_head(fine[known])[:, 0].float()  # (K, h, w)
        wanted = functional.adaptive_avg_pool2d(masks[known][:, None], found.shape[1:])[:, 0]
        return functional.binary_cross_entropy_with_logits(found, wanted)

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
        ValueError: The file cannot be read or does not hold these layers, or the Hub is out of reach.
    """
    if file is None:
        folder = fetch_from_hub(_IMAGENET_MODEL, "main", timeout_s=_DOWNLOAD_S)
        if folder is None:
            raise ValueError(
                f"The ImageNet weights {_IMAGENET_MODEL} could not be fetched from the Hub; give --initial-weights FILE."
            )
        file = folder / "model.safetensors"
    try:
        layers = {name: value.float() for name, value in load_file(file).items() if name.startswith("features.")}
        model.features.load_state_dict({name.removeprefix("features."): value for name, value in layers.items()})
    except (RuntimeError, OSError, SafetensorError) as error:
        raise ValueError(f"{file} does not hold the convolutional layers of VGG-16.") from error


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
