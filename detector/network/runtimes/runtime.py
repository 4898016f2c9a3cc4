"""What every runtime of a network gives, and why one cannot be had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from detector.errors import CommandError
from detector.network.runtimes.prediction import Prediction

Choice = Literal["auto", "int8", "fp32", "cuda", "torch"]


class UnsuitableError(ValueError):
    """A model, or this machine, is not what a runtime was made for."""


class NoGpuError(UnsuitableError):
    """No GPU can compute the model; the text is one plain sentence."""


class DeviceLostError(CommandError):
    """A device failed and computes nothing any more in this process.

    Not a `RuntimeError`, as that is what a bad file may cause: the files after it would all be said to be bad.
    """


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
