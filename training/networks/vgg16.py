"""VGG-16 with a light head, trained with batch normalisation, and its exact expression as a plain timm model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from timm.models.vgg import VGG
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_weights

from training.networks.losses import MASK_CHANNELS, class_loss, mask_loss
from training.networks.weights import fetch_pretrained

INPUT_SIZE = 224  # the only size at which the pooled head folds exactly into timm's 7 x 7 layer
DATA_CONFIG = {
    "input_size": (3, INPUT_SIZE, INPUT_SIZE),
    "mean": IMAGENET_DEFAULT_MEAN,
    "std": IMAGENET_DEFAULT_STD,
    "interpolation": "bicubic",
    "crop_pct": 1.0,
    "crop_mode": "squash",
}
Norm = nn.BatchNorm1d | nn.BatchNorm2d
_MAP_SIDE = 7
_TIMM_HIDDEN = 4096
_LARGEST_BIAS = 8.0


class PooledVGG16(nn.Module):
    """The convolutional layers of VGG-16, global average pooling, dropout and one linear layer.

    The class-activation map of such a network is exact (Zhou et al., CVPR 2016).

    Each convolution is followed by batch normalisation while it trains: the plain network hardly moves from chance on faint
    traces of blending. It starts as the identity (see `match_statistics`) and ends up in the convolutions (see
    `to_timm`), so what is published is an ordinary VGG-16.

    Attributes:
        training_side: Side of the pictures to train on, in px; smaller than the input is cheaper. None: as they come.
        mask_weight: Weight of the loss on where a pseudo-fake was manipulated.
    """

    data_config = DATA_CONFIG

    def __init__(self, num_classes: int, dropout: float = 0.3, mask_weight: float = 1.0):
        super().__init__()
        self.training_side: int | None = None
        self.mask_weight = mask_weight
        self.features = _layers(timm.create_model("vgg16_bn", num_classes=num_classes, mlp_ratio=1 / _TIMM_HIDDEN))
        self.pooled_norm = nn.BatchNorm1d(512, affine=False)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(512, num_classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        # only for training: where in the crop the manipulation is, and its edge, told by the upper three blocks
        self.mask_heads = nn.ModuleList(
            nn.Sequential(nn.BatchNorm2d(width, affine=False), nn.Conv2d(width, MASK_CHANNELS, kernel_size=1))
            for width in (256, 512, 512)
        )
        for parameter in self.mask_heads.parameters():
            nn.init.zeros_(parameter)
        # likewise: from the evidence of a place, in log odds, to those of its being manipulated
        self.evidence_scale = nn.Parameter(torch.tensor(0.1))
        self.evidence_shift = nn.Parameter(torch.tensor(0.0))
        self._frozen_layers = 0
        self._is_normalised = False

    def forward(
        self, pixel_values: torch.Tensor, labels: torch.Tensor | None = None, masks: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """Computes ``(B, classes)`` logits of ``(B, C, H, W)`` normalised pixels, with the loss when labels are given.

        Where masks ``(B, 2, h, w)`` are given and not NaN, the upper three blocks also learn to tell manipulated
        places and their edges from others: an image-level label says little about a faint seam, and an edge is
        seen by neurons that look at a few pixels (after Face X-ray: Li et al., CVPR 2020). The last layer learns with
        them that its evidence lies where the manipulation is, so that the class-activation map points there.
        """
        if self.training:
            pixel_values = at_side(pixel_values, self.training_side)
        maps, ends = pixel_values.contiguous(memory_format=torch.channels_last), []
        for layer in self.features:
            if isinstance(layer, nn.MaxPool2d):
                ends.append(maps)
            maps = layer(maps)
        logits = self.head(self.dropout(self.pooled_norm(maps.mean(dim=(2, 3)))))
        if labels is None:
            return {"logits": logits}
        loss = class_loss(logits.float(), labels)
        if masks is not None and self.mask_weight:
            losses = [mask_loss(head(end).float(), masks) for head, end in zip(self.mask_heads, ends[-3:], strict=True)]
            evidence = self.evidence_scale * self.evidence(ends[-1]).float() + self.evidence_shift
            loss = loss + self.mask_weight * (sum(losses) / len(losses) + mask_loss(evidence, masks[:, :1]))
        return {"loss": loss, "logits": logits}

    def evidence(self, maps: torch.Tensor) -> torch.Tensor:
        """Computes the log(P(fake) / P(real)) that the last layer would give a face that is all like one place.

        Args:
            maps: Maps of the last convolution, ``(B, 512, h, w)``.

        Returns:
            ``(B, 1, h, w)``.
        """
        mean, variance = _statistics(self.pooled_norm)
        places = (maps.movedim(1, -1) - mean) / (variance + self.pooled_norm.eps).sqrt()
        logits = self.head(places)  # (B, h, w, classes)
        return (logits[..., 1:].logsumexp(dim=-1) - logits[..., 0])[:, None]

    def train(self, mode: bool = True) -> PooledVGG16:
        """Sets the mode; frozen layers keep their statistics."""
        super().train(mode)
        self.features[: self._frozen_layers].eval()
        return self

    def freeze_blocks(self, count: int) -> None:
        """Stops training of the first `count` of the five blocks."""
        pools = [number for number, layer in enumerate(self.features) if isinstance(layer, nn.MaxPool2d)]
        self._frozen_layers = pools[count - 1] + 1 if count else 0
        self.features[: self._frozen_layers].requires_grad_(False)

    def blocks(self) -> list[list[nn.Parameter]]:
        """Gives the parameters that train, by block, the lowest first."""
        blocks: list[list[nn.Parameter]] = [[]]
        for layer in self.features:
            blocks[-1] += [parameter for parameter in layer.parameters() if parameter.requires_grad]
            if isinstance(layer, nn.MaxPool2d):
                blocks.append([])
        return [block for block in blocks if block]

    def head_parameters(self) -> list[nn.Parameter]:
        """Gives the parameters of the layers that start from nothing."""
        return [*self.head.parameters(), *self.mask_heads.parameters(), self.evidence_scale, self.evidence_shift]

    @torch.no_grad()
    def match_statistics(self, batches: Iterable[torch.Tensor]) -> None:
        """Makes every normalisation the identity on some pixels, so that training starts from ImageNet.

        Does nothing where the normalisation came with the weights of another run.

        Args:
            batches: Pixels ``(B, C, H, W)``.
        """
        if self._is_normalised:
            return
        was_training = self.training
        self.eval()
        norms: list[Norm] = [layer for layer in self.features if isinstance(layer, nn.BatchNorm2d)]
        sums: dict[Norm, list[torch.Tensor]] = {norm: [] for norm in [*norms, self.pooled_norm]}

        def remember(norm: Norm, inputs: tuple[torch.Tensor]) -> None:
            values = inputs[0].float().movedim(1, -1).flatten(0, -2)  # (N, C)
            sums[norm].append(torch.stack([values.mean(0), values.var(0, unbiased=False)]))

        hooks = [norm.register_forward_pre_hook(remember) for norm in sums]
        for pixels in batches:
            self(at_side(pixels.to(self.head.weight.device), self.training_side))
        for hook in hooks:
            hook.remove()
        for norm, parts in sums.items():
            mean, variance = torch.stack(parts).mean(dim=0)
            for stored, found in zip(_statistics(norm), (mean, variance), strict=True):
                stored.copy_(found)
            if norm.affine:
                norm.weight.copy_((variance + norm.eps).sqrt())
                norm.bias.copy_(mean)
        self.train(was_training)

    @torch.no_grad()
    def settle_statistics(self, batches: Iterable[torch.Tensor]) -> None:
        """Measures every normalisation anew on some pixels, with the weights as they are now.

        What training leaves is an average over its last steps, of few pictures and of weights that moved
        (Wu and Johnson, "Rethinking 'Batch' in BatchNorm", 2021).

        Args:
            batches: Pixels ``(B, C, H, W)``.
        """
        was_training = self.training
        self.eval()
        norms = [layer for layer in self.features[self._frozen_layers :] if isinstance(layer, nn.BatchNorm2d)]
        usual = self.pooled_norm.momentum
        for norm in (*norms, self.pooled_norm):
            norm.reset_running_stats()
            norm.momentum = None  # the mean of all batches
            norm.train()
        for pixels in batches:  # at the size that the model is used at, whatever it was trained at
            self(pixels.to(self.head.weight.device))
        for norm in (*norms, self.pooled_norm):
            norm.momentum = usual
        self.train(was_training)

    def load_pretrained(self, file: str | Path | None) -> None:
        """Starts the convolutional layers from ImageNet, or everything from a checkpoint of another run.

        Args:
            file: Weights, safetensors, with ``features.N.weight`` and ``features.N.bias`` of VGG-16, or the model.safetensors
                of a checkpoint; None fetches timm's own from the Hub.

        Raises:
            ValueError: The file cannot be read or does not hold these layers, or the Hub is out of reach.
        """
        file = file or fetch_pretrained("vgg16")
        plain = _layers(timm.create_model("vgg16", num_classes=0, mlp_ratio=1 / _TIMM_HIDDEN))
        try:
            stored = load_file(file)
            if "pooled_norm.running_mean" in stored:
                self.load_state_dict(stored)
                self._is_normalised = True
                return
            layers = {name: value.float() for name, value in stored.items() if name.startswith("features.")}
            plain.load_state_dict({name.removeprefix("features."): value for name, value in layers.items()})
        except (RuntimeError, OSError, SafetensorError) as error:
            raise ValueError(f"{file} does not hold the convolutional layers of VGG-16.") from error
        for own, layer in zip(_convolutions(self.features), _convolutions(plain), strict=True):
            own.load_state_dict(layer.state_dict())

    @torch.no_grad()
    def to_timm(self, temperature: float = 1.0) -> nn.Module:
        """Expresses the same function as an ordinary timm ``vgg16``, exact for 224 px input.

        Normalisation becomes part of the convolution before it. timm's head is a 7 x 7 convolution, ReLU, a
        1 x 1 convolution to 4096, ReLU, linear. Averaging and the linear layer become the 7 x 7 convolution, once
        with each sign so that the ReLUs lose nothing; the rest passes them through. Dividing by the temperature is
        part of the linear layer.
        """
        classes = self.head.out_features
        hidden = 2 * classes
        # of any type: timm declares no more than a module
        network: Any = timm.create_model("vgg16", num_classes=classes, mlp_ratio=hidden / _TIMM_HIDDEN)
        norms = [layer for layer in self.features if isinstance(layer, nn.BatchNorm2d)]
        for plain, own, norm in zip(_convolutions(network.features), _convolutions(self.features), norms, strict=True):
            plain.weight, plain.bias = fuse_conv_bn_weights(
                own.weight, own.bias, *_statistics(norm), norm.eps, norm.weight, norm.bias
            )
        mean, variance = _statistics(self.pooled_norm)
        weight = self.head.weight / (variance + self.pooled_norm.eps).sqrt()
        bias = (self.head.bias - weight @ mean) / temperature
        weight = weight / temperature
        signed = torch.cat([weight, -weight])  # (2 * classes, 512)
        window = signed[:, :, None, None] / _MAP_SIDE**2
        network.pre_logits.fc1.weight.copy_(window.expand(-1, -1, _MAP_SIDE, _MAP_SIDE))
        network.pre_logits.fc1.bias.copy_(torch.cat([bias, -bias]))
        network.pre_logits.fc2.weight.zero_()
        network.pre_logits.fc2.weight[:hidden, :, 0, 0] = torch.eye(hidden)
        network.pre_logits.fc2.bias.zero_()
        network.head.fc.weight.zero_()
        network.head.fc.weight[:, :hidden] = torch.cat([torch.eye(classes), -torch.eye(classes)], dim=1)
        network.head.fc.bias.zero_()
        return balanced(network).eval()


@torch.no_grad()
def balanced(network: VGG) -> VGG:
    """Scales the layers of a plain VGG-16 so that no bias is over `_LARGEST_BIAS`; the outputs stay the same.

    Normalisation that became part of the convolutions can double activations from layer to layer, until the biases of
    the last one leave the range of float16 (65,504). ReLU and pooling keep proportions, so each layer may be multiplied
    by a factor that the next one takes back.
    """
    last = scale_layers(network.features, lambda bias, _: min(1.0, _LARGEST_BIAS / max(float(bias.abs().max()), 1e-6)))
    first: Any = network.pre_logits.fc1  # timm does not declare the type
    first.weight.div_(last)
    return network


@torch.no_grad()
def scale_layers(layers: Iterable[nn.Module], factor_of: Callable[[torch.Tensor, torch.Tensor], float]) -> float:
    """Multiplies what each convolution gives by a factor, which the next one takes back.

    Args:
        layers: Those of VGG-16 up to its head, which must take the last factor back.
        factor_of: Gives the factor for bias ``(C,)`` and weight ``(C, D, 3, 3)`` of a layer; the weight has taken the factor
            of the layer before back already.

    Returns:
        The factor of the last convolution.
    """
    before = 1.0
    for layer in _convolutions(layers):
        assert layer.bias is not None  # every convolution of VGG-16 has one
        layer.weight.div_(before)
        before = factor_of(layer.bias, layer.weight)
        layer.weight.mul_(before)
        layer.bias.mul_(before)
    return before


def at_side(pixel_values: torch.Tensor, side: int | None) -> torch.Tensor:
    """Resizes ``(B, C, H, W)`` pixels to another side, which makes training cheaper; None leaves them as they are."""
    if side is None or side == pixel_values.shape[-1]:
        return pixel_values
    return functional.interpolate(pixel_values, size=(side, side), mode="bicubic", antialias=True)


def _layers(network: Any) -> nn.Sequential:
    """Gives the convolutional layers of a VGG-16 of timm, which declares no more than a module."""
    return network.features


def _statistics(norm: Norm) -> tuple[torch.Tensor, torch.Tensor]:
    """Gives the running mean and the running variance, which every normalisation here keeps."""
    assert norm.running_mean is not None and norm.running_var is not None
    return norm.running_mean, norm.running_var


def _convolutions(layers: Iterable[nn.Module]) -> list[nn.Conv2d]:
    """Selects the convolutions."""
    return [layer for layer in layers if isinstance(layer, nn.Conv2d)]
