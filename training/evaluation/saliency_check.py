"""Measures whether the overlay points at what was manipulated, where that is known: at the masks of pseudo-fakes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import captum.attr
import cv2
import numpy as np
import torch
from tqdm import tqdm

from detector.network.loading import LoadedModel
from detector.network.runtimes.torch_runtime import TorchRuntime, log_odds
from training.data.evaluation_sets import EvaluationSet, PseudoFakeSet

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
    """Computes the map that the application draws, ``(h, w)``."""
    evidence: np.ndarray = model.predict([crop]).evidence[0]
    return evidence


def torch_runtime(model: LoadedModel) -> TorchRuntime:
    """Gives the runtime of a model that torch computes: only there are gradients and weights at hand.

    Raises:
        TypeError: Another runtime computes the model.
    """
    if not isinstance(model.runtime, TorchRuntime):
        raise TypeError(f"Saliency methods need torch, not {model.runtime.name}.")
    return model.runtime


def _log_odds(model: LoadedModel, pixels: torch.Tensor) -> torch.Tensor:
    """Computes what `Prediction.log_odds` gives, for autograd."""
    return log_odds(torch_runtime(model).network(pixels), model.info.real)


def layer_grad_cam(model: LoadedModel, crop: np.ndarray) -> np.ndarray:
    """Computes Grad-CAM at the last convolution, by captum, ``(h, w)``."""
    runtime = torch_runtime(model)
    layers = [module for module in runtime.network.modules() if isinstance(module, torch.nn.Conv2d)]
    # timm's VGG has larger ones in its head; some networks have none of this size
    layer = [module for module in layers if module.kernel_size == (3, 3)] or layers
    pixels = runtime.batch([crop]).requires_grad_(True)
    method = captum.attr.LayerGradCam(partial(_log_odds, model), layer[-1])
    return method.attribute(pixels)[0, 0].detach().numpy()


def input_gradient(model: LoadedModel, crop: np.ndarray) -> np.ndarray:
    """Computes the absolute gradient at the input, by captum, ``(h, w)``."""
    method = captum.attr.Saliency(partial(_log_odds, model))
    pixels = torch_runtime(model).batch([crop]).requires_grad_(True)
    return method.attribute(pixels)[0].amax(dim=0).detach().numpy()


METHODS: dict[str, Explain] = {
    "overlay of the application (class-activation map)": overlay_map,
    "Grad-CAM at the last convolution (captum)": layer_grad_cam,
    "input gradient (captum)": input_gradient,
}


def _manipulated(mask: np.ndarray) -> np.ndarray:
    """Selects what of a mask ``(S, S)`` has half of its highest value, so that a faint blend counts like a full one."""
    return mask >= 0.5 * mask.max()


def _middle_pixel(place: int, places: int, side: int) -> int:
    """Gives the pixel in the middle of a place, where `side` pixels are divided into `places`."""
    return int((place + 0.5) * side / places)


def best_fixed_place(masks: list[np.ndarray], places: int = 14) -> float:
    """Computes the hits of pointing at the same place of every crop, for the best of ``places * places`` places.

    Masks of faces overlap: without this figure, maps that always point at the nose would look clever.

    Args:
        masks: Masks ``(S, S)`` 0..1.
        places: Number of places in a row.

    Returns:
        Share of the masks that are hit, 0..1.
    """
    hits = []
    for mask in masks:
        middles = [_middle_pixel(place, places, len(mask)) for place in range(places)]
        hits.append(_manipulated(mask)[np.ix_(middles, middles)])
    return float(np.mean(hits, axis=0).max())


def pointing(maps: list[np.ndarray], masks: list[np.ndarray]) -> Pointing:
    """Measures the agreement of maps ``(h, w)`` with masks ``(S, S)`` 0..1."""
    hits, shares = [], []
    for found, mask in zip(maps, masks, strict=True):
        inside = _manipulated(mask)
        row, column = np.unravel_index(int(np.argmax(found)), found.shape)
        y = _middle_pixel(int(row), found.shape[0], mask.shape[0])
        x = _middle_pixel(int(column), found.shape[1], mask.shape[1])
        hits.append(bool(inside[y, x]))
        positive = np.clip(found, 0, None)
        covered = cv2.resize(inside.astype(np.float32), found.shape[::-1], interpolation=cv2.INTER_AREA)
        shares.append(float((positive * covered).sum() / positive.sum()) if positive.any() else 0.0)
    return Pointing(float(np.mean(hits)), float(np.mean(shares)))


def untrained_copy(model: LoadedModel) -> LoadedModel:
    """Copies a model with random weights: a map that stays as good shows the method, not the model (Adebayo et al., 2018)."""
    runtime = torch_runtime(model)
    network = copy.deepcopy(runtime.network)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for module in network.modules():
            reset = getattr(module, "reset_parameters", None)
            if reset is not None:
                reset()
    return replace(model, runtime=TorchRuntime(network, runtime.transform, runtime.real))


def check_saliency(model: LoadedModel, sets: Sequence[EvaluationSet], limit: int) -> list[dict[str, Any]]:
    """Measures pointing game and energy inside the mask, by data set and method.

    Every method sees the same pseudo-fakes; the last row of each set is the overlay of an untrained copy.

    Args:
        model: Model that torch computes.
        sets: Test sets; only those of pseudo-fakes have masks.
        limit: Largest number of pseudo-fakes of each set.

    Returns:
        What evaluation.json holds under ``saliency``.
    """
    return [row for data in sets if isinstance(data, PseudoFakeSet) for row in _check_set(model, data, limit)]


def _check_set(model: LoadedModel, data: PseudoFakeSet, limit: int) -> list[dict[str, Any]]:
    """Makes the rows of one set; none where no pseudo-fake of it has a mask."""
    made = [fake for row in data.real_rows[:limit] if (fake := data.pseudo_fake(row)) is not None and fake[1].any()]
    if not made:
        return []
    crops, masks = [crop for crop, _ in made], [mask for _, mask in made]
    facts = mask_facts(data.name, masks)
    rows = []
    for name, method, explained in (
        *((name, method, model) for name, method in METHODS.items()),
        ("the overlay of an untrained copy", overlay_map, untrained_copy(model)),
    ):
        maps = [method(explained, crop) for crop in tqdm(crops, desc=f"{name}, {data.name}", disable=None)]
        rows.append(facts | method_figures(name, maps, masks))
    return rows


def mask_facts(name: str, masks: list[np.ndarray]) -> dict[str, Any]:
    """Gives what every row of a data set has in common, of its masks ``(S, S)`` 0..1."""
    return {
        "data": name,
        "split": "test",
        "fakes": len(masks),
        "mask_area": float(np.mean([_manipulated(mask).mean() for mask in masks])),
        "best_fixed_place": best_fixed_place(masks),
    }


def method_figures(method: str, maps: list[np.ndarray], masks: list[np.ndarray]) -> dict[str, Any]:
    """Gives what a row says of one kind of map; see `pointing`."""
    found = pointing(maps, masks)
    return {"method": method, "pointing_game": found.hits, "energy_inside": found.energy_inside}
