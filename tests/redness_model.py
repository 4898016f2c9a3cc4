"""A model for tests that calls a face fake as far as it is red, so that tests choose a score by tinting.

Without torch: servers of their own that start with it start in half the time.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from detector.evidence_scale import EvidenceScale, EvidenceScales, ReferenceSource
from detector.facts import ModelInfo, Thresholds
from detector.network.loading import LoadedModel
from detector.network.runtimes import Prediction, log_odds
from tests.media_factory import astronaut

PLACES = 7
PX_A_PLACE = 8


class RednessRuntime:
    """Red against green, 0..1 of the mean colours, makes the log odds."""

    name, outputs, requests_at_once = "numpy-fp32", 2, 1

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


def redness_model(revision: str = "1", scales: EvidenceScales | None = None) -> LoadedModel:
    """The model; its thresholds are 0.2 and 0.8, unless it has evidence scales."""
    thresholds = scales.photo.thresholds if scales else Thresholds(0.2, 0.8)
    info = ModelInfo("redness", revision, ("real", "fake"), thresholds, RednessRuntime.name)
    return LoadedModel(info, RednessRuntime(), scales=scales)


def evidence_scales() -> EvidenceScales:
    """Scales on which log odds of 2.5 stand for a likelihood ratio of 10, and of -0.753 for one half; bounds .05 and 100."""
    knots, ratios = (-3.25, 5.0), (-1.3, 2.0)
    real, fake = tuple(-4 + number / 20 for number in range(100)), tuple(-1 + number / 16 for number in range(80))
    sources = (ReferenceSource("portraits", "real", 100), ReferenceSource("made here", "FaceSwap", 80, "never seen"))
    photo, clip = (EvidenceScale(name, "mean_score", knots, ratios, real, fake, sources) for name in ("photo", "clip"))
    span = EvidenceScale("span", "mean_log_odds", (-2.0, 6.0), (-0.8, 1.2), real, fake, sources, frames=3, parts=30)
    return EvidenceScales(photo, clip, span)


def portrait(tint: float = 0.0) -> np.ndarray:
    """The astronaut in grey, ``(200, 200, 3)``: scored near 0, or with a tint of 0.6 near 1."""
    grey = astronaut()[20:220, 120:320].mean(axis=2, keepdims=True).repeat(3, axis=2)
    grey[:, :, 1:] *= 1 - tint
    return grey.round().astype(np.uint8)
