"""What every runtime of a network gives, and the wrapper that computes again what lies near a change of verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from detector.errors import CommandError

Choice = Literal["auto", "int8", "fp32", "cuda", "torch"]


class UnsuitableError(ValueError):
    """A model, or this machine, is not what a runtime was made for."""


class NoGpuError(UnsuitableError):
    """No GPU can compute the model; the text is one plain sentence."""


class DeviceLostError(CommandError):
    """A device failed and computes nothing any more in this process.

    Not a `RuntimeError`, as that is what a bad file may cause: the files after it would all be said to be bad.
    """


@dataclass(frozen=True)
class Prediction:
    """What a network says of B crops.

    A map tells of each place of the last convolution what log(P(fake) / P(real)) would be of a face that is all like that
    place. For average pooling and a linear layer that is the class-activation map (Zhou et al., CVPR 2016) with the bias of
    the layer, without which its zero would mean nothing; training teaches it where pseudo-fakes were manipulated.

    Attributes:
        logits: ``(B, classes)`` float64.
        evidence: Maps ``(B, h, w)`` float32 in log odds: positive speaks for fake.
        real: Column of the class "real"; every other class is a manipulation.
    """

    logits: np.ndarray
    evidence: np.ndarray
    real: int

    @classmethod
    def of_nothing(cls) -> Prediction:
        """Gives the prediction for no crops."""
        return cls(np.empty((0, 2)), np.empty((0, 1, 1)), 0)

    @property
    def log_odds(self) -> np.ndarray:
        """log(P(fake) / P(real)), ``(B,)``."""
        return log_odds(self.logits, self.real)

    @property
    def scores(self) -> np.ndarray:
        """P(fake), ``(B,)``, 0..1."""
        scores: np.ndarray = 1 / (1 + np.exp(-self.log_odds))
        return scores

    @property
    def manipulation_shares(self) -> np.ndarray:
        """P(manipulation | fake), ``(B, classes - 1)``, in the order of the classes without "real"."""
        return softmax(np.delete(self.logits, self.real, axis=1))


class Runtime(Protocol):
    """A network that scores crops; safe to share between threads.

    Attributes:
        name: How results name it.
        requests_at_once: How many photos and clips are best analysed at the same time.
    """

    name: str
    requests_at_once: int

    @property
    def outputs(self) -> int:
        """How many classes it tells apart."""
        ...

    def predict(self, crops: Sequence[np.ndarray]) -> Prediction:
        """Scores at least one square ``(S, S, 3)`` uint8 RGB crop."""
        ...


@dataclass(frozen=True)
class RuntimeFacts:
    """What a runtime must know of a model beside its weights.

    Attributes:
        real: Column of the class "real".
        changes: Log odds of a face in a photo at which its band changes; its verdict, where the model has no evidence scale.
        weights_sha256: Hex digest of the weights, to tell what was measured of others.
    """

    real: int
    changes: tuple[float, ...]
    weights_sha256: str


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


def log_odds(logits: np.ndarray, real: int) -> np.ndarray:
    """Computes log(P(fake) / P(real)) from ``(B, classes)`` logits, ``(B,)``; fake is every class but column `real`."""
    odds: np.ndarray = np.logaddexp.reduce(np.delete(logits, real, axis=1), axis=1) - logits[:, real]
    return odds


def softmax(logits: np.ndarray) -> np.ndarray:
    """Computes probabilities from ``(B, classes)`` logits, of the same shape."""
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    probabilities: np.ndarray = exponents / exponents.sum(axis=1, keepdims=True)
    return probabilities
