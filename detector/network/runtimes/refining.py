"""A wrapper that computes again what a quantised runtime puts near a change of verdict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detector.network.runtimes.prediction import Prediction
from detector.network.runtimes.runtime import Runtime


class RefiningRuntime:
    """Computes again in float32 what a quantised runtime puts near a change of band, where the band could differ.

    Args:
        quantised: Computes everything.
        exact: Computes what lies near.
        refine_near: Log odds at which the band or the verdict changes.
        margin: How near is near, in log odds.
    """

    def __init__(self, quantised: Runtime, exact: Runtime, refine_near: Sequence[float], margin: float):
        self.name, self.requests_at_once = quantised.name, quantised.requests_at_once
        self._quantised, self._exact = quantised, exact
        self._refine_near, self._margin = tuple(refine_near), margin

    @property
    def outputs(self) -> int:
        """How many classes it tells apart."""
        return self._quantised.outputs

    def near(self, refine_near: Sequence[float]) -> RefiningRuntime:
        """Gives the same runtime for other changes, in log odds."""
        return RefiningRuntime(self._quantised, self._exact, refine_near, self._margin)

    def predict(self, crops: Sequence[np.ndarray]) -> Prediction:
        """Scores crops; see `Runtime`."""
        found = self._quantised.predict(crops)
        distances = np.abs(found.log_odds[:, None] - np.asarray(self._refine_near))
        near = np.flatnonzero((distances <= self._margin).any(axis=1))
        if len(near):
            again = self._exact.predict([crops[number] for number in near.tolist()])
            found.logits[near], found.evidence[near] = again.logits, again.evidence
        return found
