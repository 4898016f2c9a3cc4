"""What a network says of crops, whichever runtime computes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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


def log_odds(logits: np.ndarray, real: int) -> np.ndarray:
    """Computes log(P(fake) / P(real)) from ``(B, classes)`` logits, ``(B,)``; fake is every class but column `real`."""
    odds: np.ndarray = np.logaddexp.reduce(np.delete(logits, real, axis=1), axis=1) - logits[:, real]
    return odds


def softmax(logits: np.ndarray) -> np.ndarray:
    """Computes probabilities from ``(B, classes)`` logits, of the same shape."""
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    probabilities: np.ndarray = exponents / exponents.sum(axis=1, keepdims=True)
    return probabilities
