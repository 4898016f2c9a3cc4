"""What computes the network: OpenVINO, PyTorch, or an NVIDIA GPU; all of them give the same `Prediction`."""

from __future__ import annotations

from detector.network.runtimes.prediction import Prediction, log_odds, softmax
from detector.network.runtimes.runtime import (
    Choice,
    DeviceLostError,
    NoGpuError,
    Runtime,
    RuntimeFacts,
    UnsuitableError,
)

__all__ = [
    "Choice",
    "DeviceLostError",
    "NoGpuError",
    "Prediction",
    "Runtime",
    "RuntimeFacts",
    "UnsuitableError",
    "log_odds",
    "softmax",
]
