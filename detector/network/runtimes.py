"""How a network is computed: what every runtime gives, and which one this machine is best served by."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np

logger = logging.getLogger(__name__)

Choice = Literal["auto", "int8", "fp32", "torch"]
VARIABLE = "MODEL_RUNTIME"


class Runtime(Protocol):
    """A network that scores crops; safe to share between threads.

    Attributes:
        name: How results name it.
        outputs: How many classes it tells apart.
    """

    name: str

    @property
    def outputs(self) -> int: ...

    def logits(self, crops: list[np.ndarray], real: int, sure_at: Sequence[float] = ()) -> np.ndarray:
        """Logits.

        Args:
            crops: Square ``(S, S, 3)`` uint8 RGB.
            real: Column of the class "real".
            sure_at: Log odds at which a verdict changes: what comes out near them is computed in float32.

        Returns:
            ``(B, classes)`` float64.
        """

    def logits_and_evidence(
        self, crops: list[np.ndarray], real: int, sure_at: Sequence[float] = ()
    ) -> tuple[np.ndarray, np.ndarray]:
        """Logits, and maps ``(B, h, w)`` in log odds of the classes other than `real`; see `detector.network.saliency`."""


def log_odds(logits: np.ndarray, real: int) -> np.ndarray:
    """log(P(fake) / P(real)) from ``(B, classes)`` logits, ``(B,)``; fake is every class but column `real`."""
    return np.logaddexp.reduce(np.delete(logits, real, axis=1), axis=1) - logits[:, real]


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities from ``(B, classes)`` logits, of the same shape."""
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    return exponents / exponents.sum(axis=1, keepdims=True)


class UnsuitableError(ValueError):
    """A model, or this machine, is not what a runtime was made for."""


def chosen_runtime() -> Choice:
    """What the environment asks for.

    Raises:
        ValueError: It is no choice.
    """
    choice = os.environ.get(VARIABLE, "").strip() or "auto"
    if choice not in get_args(Choice):
        raise ValueError(f"{VARIABLE} is one of {', '.join(get_args(Choice))}, not {choice}.")
    return choice


def build_runtime(folder: Path, config: dict, choice: Choice) -> Runtime:
    """The runtime for a model folder.

    ``auto`` takes OpenVINO where it knows the network: int8 where the processor is fast at it and the
    quantised model was measured to give the same verdicts, else fp32. torch computes everything else; it is the
    reference that training and evaluation use.

    Args:
        folder: With ``model.safetensors``.
        config: Of its ``config.json``.
        choice: What to take.

    Raises:
        UnsuitableError: The choice cannot be met.
    """
    if choice != "torch":
        # imported late: torch and OpenVINO each take a while, and a start needs only one of them
        from detector.network.openvino_runtime import OpenVinoRuntime

        try:
            return OpenVinoRuntime(folder, config, choice)
        except UnsuitableError as error:
            if choice != "auto":
                raise
            logger.info("torch computes %s: %s", folder, error)
    from detector.network.torch_runtime import TorchRuntime

    return TorchRuntime.from_folder(folder)
