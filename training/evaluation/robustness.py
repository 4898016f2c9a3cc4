"""How the figures fall when crops are damaged, one kind and strength of damage at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.special import expit
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from dataset_builder.pseudo_fakes.blending import jpeg
from dataset_builder.pseudo_fakes.real_faces import spread
from detector.network.loading import LoadedModel
from training.augmentation import h264
from training.data import EvaluationSet

Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Damage:
    """A change of crops.

    Attributes:
        kind: ``none``, ``JPEG quality``, ``blur sigma``, ``resize``, ``noise`` or ``H.264 crf``.
        level: Strength in the unit of the kind: quality, sigma in pixels of the crop at 224 px, side in pixels,
            standard deviation as a share of the range, crf.
        change: Makes a damaged ``(S, S, 3)`` uint8 RGB crop.
    """

    kind: str
    level: float
    change: Change


def _blur(sigma: float) -> Change:
    # the strength is meant for a crop as the network sees it, whatever its own size
    return lambda crop, random: cv2.GaussianBlur(crop, (0, 0), sigma * crop.shape[0] / 224)


def _resize(side: int) -> Change:
    def change(crop: np.ndarray, random: np.random.Generator) -> np.ndarray:
        if crop.shape[0] <= side:
            return crop
        return cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)

    return change


def _noise(deviation: float) -> Change:
    def change(crop: np.ndarray, random: np.random.Generator) -> np.ndarray:
        return np.clip(crop + random.normal(0, 255 * deviation, crop.shape), 0, 255).astype(np.uint8)

    return change


def _jpeg(quality: int) -> Change:
    return lambda crop, random: jpeg(crop, quality)


def _h264(crf: int) -> Change:
    return lambda crop, random: h264(crop, crf, frames=2)


GRID: tuple[Damage, ...] = (
    Damage("none", 0, lambda crop, random: crop),
    *(Damage("JPEG quality", quality, _jpeg(quality)) for quality in (100, 80, 60, 40, 20)),
    *(Damage("blur sigma", sigma, _blur(sigma)) for sigma in (0.5, 1.0, 2.0, 3.0)),
    *(Damage("resize to px", side, _resize(side)) for side in (112, 64)),
    *(Damage("noise", deviation, _noise(deviation)) for deviation in (0.01, 0.03, 0.1)),
    *(Damage("H.264 crf", crf, _h264(crf)) for crf in (23, 40)),
)


def robustness(model: LoadedModel, data: EvaluationSet, limit: int) -> dict:
    """Frame AUC of up to `limit` crops of each class under every damage of `GRID`, and what the thresholds make of them."""
    labels = data.labels
    numbers = np.concatenate([spread(np.flatnonzero(labels == label), limit) for label in (0, 1)])
    crops = [data.crop(int(number)) for number in numbers]
    chosen = labels[numbers]
    thresholds = model.info.thresholds
    rows = []
    for damage in tqdm(GRID, desc="robustness", disable=None):
        damaged = [damage.change(crop, np.random.default_rng(number)) for number, crop in enumerate(crops)]
        scores = expit(model.predict(damaged).log_odds)
        rows.append(
            {
                "kind": damage.kind,
                "level": damage.level,
                "auc": float(roc_auc_score(chosen, scores)),
                "fakes_called_manipulated": float((scores[chosen == 1] >= thresholds.manipulated).mean()),
                "real_called_manipulated": float((scores[chosen == 0] >= thresholds.manipulated).mean()),
            }
        )
    return {
        "data": data.name,
        "split": "test",
        "level": "frame",
        "real": int((chosen == 0).sum()),
        "fake": int((chosen == 1).sum()),
        "rows": rows,
    }
