"""Whether the overlay points at what was manipulated, measured where that is known: at the masks of pseudo-fakes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import captum.attr
import cv2
import numpy as np
import torch
from tqdm import tqdm

from detector.network.loading import LoadedModel
from detector.network.torch_runtime import TorchRuntime, log_odds
from training.data import EvaluationSet

Explain = Callable[[LoadedModel, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Pointing:
    """Agreement of maps with masks.

    Attributes:
        hits: Share of maps whose highest place lies in the mask ("pointing game", Zhang et al., 2018).
        energy_inside: Mean share of the positive evidence that lies in the mask.
    """

    hits: float
    energy_inside: float


def overlay_map(model: LoadedModel, crop: np.ndarray) -> np.ndarray:
    """What the application draws, ``(h, w)``."""
    evidence: np.ndarray = model.predict([crop]).evidence[0]
    return evidence


def _log_odds(model: LoadedModel, pixels: torch.Tensor) -> torch.Tensor:
    """What `Prediction.log_odds` gives, for autograd."""
    return log_odds(model.runtime.network(pixels), model.info.real)


def layer_grad_cam(model: LoadedModel, crop: np.ndarray) -> np.ndarray:
    """Grad-CAM at the last convolution, by captum, ``(h, w)``."""
    layers = [module for module in model.runtime.network.modules() if isinstance(module, torch.nn.Conv2d)]
    # timm's VGG has larger ones in its head; some networks have none of this size
    layer = [module for module in layers if module.kernel_size == (3, 3)] or layers
    pixels = model.runtime.batch([crop]).requires_grad_(True)
    method = captum.attr.LayerGradCam(partial(_log_odds, model), layer[-1])
    return method.attribute(pixels)[0, 0].detach().numpy()


def input_gradient(model: LoadedModel, crop: np.ndarray) -> np.ndarray:
    """Absolute gradient at the input, by captum, ``(h, w)``."""
    method = captum.attr.Saliency(partial(_log_odds, model))
    return method.attribute(model.runtime.batch([crop]).requires_grad_(True))[0].amax(dim=0).detach().numpy()


METHODS: dict[str, Explain] = {
    "overlay of the application (class-activation map)": overlay_map,
    "Grad-CAM at the last convolution (captum)": layer_grad_cam,
    "input gradient (captum)": input_gradient,
}


def _manipulated(mask: np.ndarray) -> np.ndarray:
    """What counts of a mask ``(S, S)``: all that has half of its highest value, so that a faint blend counts like a full one."""
    return mask >= 0.5 * mask.max()


def _middle(place: int, places: int, side: int) -> int:
    """The pixel, of `side` in a row, in the middle of one of `places`."""
    return int((place + 0.5) * side / places)


def best_fixed_place(masks: list[np.ndarray], places: int = 14) -> float:
    """Hits of pointing at one and the same place of every crop, at the best of ``places * places``.

    Masks of faces overlap: without this figure, maps that always point at the nose would look clever.
    """
    hits = []
    for mask in masks:
        middles = [_middle(place, places, len(mask)) for place in range(places)]
        hits.append(_manipulated(mask)[np.ix_(middles, middles)])
    return float(np.mean(hits, axis=0).max())


def pointing(maps: list[np.ndarray], masks: list[np.ndarray]) -> Pointing:
    """Agreement of maps ``(h, w)`` with masks ``(S, S)`` 0..1."""
    hits, shares = [], []
    for found, mask in zip(maps, masks, strict=True):
        inside = _manipulated(mask)
        row, column = np.unravel_index(int(np.argmax(found)), found.shape)
        y, x = map(_middle, (row, column), found.shape, mask.shape)
        hits.append(bool(inside[y, x]))
        positive = np.clip(found, 0, None)
        covered = cv2.resize(inside.astype(np.float32), found.shape[::-1], interpolation=cv2.INTER_AREA)
        shares.append(float((positive * covered).sum() / positive.sum()) if positive.any() else 0.0)
    return Pointing(float(np.mean(hits)), float(np.mean(shares)))


def untrained_copy(model: LoadedModel) -> LoadedModel:
    """The same network with random weights: a map that stays as good shows the method, not the model (Adebayo et al., 2018)."""
    network = copy.deepcopy(model.runtime.network)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for module in network.modules():
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
    return replace(model, runtime=TorchRuntime(network, model.runtime.transform, model.info.real))


def check_saliency(model: LoadedModel, sets: list[EvaluationSet], limit: int) -> list[dict]:
    """Pointing game and energy inside the mask, by data set and method, on at most `limit` pseudo-fakes of each.

    Every method sees the same pseudo-fakes; the last row of each set is the overlay of an untrained copy.
    """
    rows = []
    for data in sets:
        if data.faces is None:
            continue
        crops, masks = [], []
        for row in data.real_rows[:limit]:
            made = data.faces.pseudo_fake(row, data.kind, np.random.default_rng(row))
            if made is not None and made[1].any():
                crops.append(made[0])
                masks.append(made[1])
        if not crops:
            continue
        area = float(np.mean([_manipulated(mask).mean() for mask in masks]))
        fixed = best_fixed_place(masks)
        for name, method, explained in (
            *((name, method, model) for name, method in METHODS.items()),
            ("the overlay of an untrained copy", overlay_map, untrained_copy(model)),
        ):
            maps = [method(explained, crop) for crop in tqdm(crops, desc=f"{name}, {data.name}", disable=None)]
            found = pointing(maps, masks)
            rows.append(
                {
                    "data": data.name,
                    "split": "test",
                    "fakes": len(crops),
                    "mask_area": area,
                    "best_fixed_place": fixed,
                    "method": name,
                    "pointing_game": found.hits,
                    "energy_inside": found.energy_inside,
                }
            )
    return rows
