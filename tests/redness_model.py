"""A model for tests that calls a face fake as far as it is red, so that tests choose a score by tinting.

Without torch: servers of their own that start with it start in half the time.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from detector.facts import ModelInfo, Thresholds
from detector.network.loading import LoadedModel
from detector.network.runtimes import Prediction, log_odds
from tests.media_factory import astronaut

PLACES = 7
PX_A_PLACE = 8


class RednessRuntime:
    """Red against green, 0..1 of the mean colours, makes the log odds."""

    name, outputs = "numpy-fp32", 2

    def of_colours(self, colours: np.ndarray) -> np.ndarray:
        """Logits ``(N, outputs)`` of mean colours ``(N, 3)``."""
        margin = 60 * (colours[:, 0] - colours[:, 1]) - 15
        return np.stack([-margin / 2, margin / 2], axis=1)

    def predict(self, crops: Sequence[np.ndarray]) -> Prediction:
        """See `detector.network.runtimes.Runtime`."""
        logits = self.of_colours(np.stack([colours_of_places(crop).mean(axis=(0, 1)) for crop in crops]))
        places = np.concatenate([colours_of_places(crop).reshape(-1, 3) for crop in crops])
        evidence = log_odds(self.of_colours(places), real=0).reshape(-1, PLACES, PLACES)
        return Prediction(logits, evidence.astype(np.float32), real=0)


def colours_of_places(crop: np.ndarray) -> np.ndarray:
    """Mean colours, 0..1, ``(PLACES, PLACES, 3)``."""
    small = Image.fromarray(crop).resize((PLACES * PX_A_PLACE,) * 2)
    blocks = np.asarray(small, np.float64).reshape(PLACES, PX_A_PLACE, PLACES, PX_A_PLACE, 3)
    return blocks.mean(axis=(1, 3)) / 255


def redness_model(revision: str = "1") -> LoadedModel:
    """The model; its thresholds are 0.2 and 0.8."""
    info = ModelInfo("redness", revision, ("real", "fake"), Thresholds(0.2, 0.8), RednessRuntime.name)
    return LoadedModel(info, RednessRuntime())


def portrait(tint: float = 0.0) -> np.ndarray:
    """The astronaut in grey, ``(200, 200, 3)``: scored near 0, or with a tint of 0.6 near 1."""
    grey = astronaut()[20:220, 120:320].mean(axis=2, keepdims=True).repeat(3, axis=2)
    grey[:, :, 1:] *= 1 - tint
    return grey.round().astype(np.uint8)
