"""What is stored with a model to compute it with fewer bits: ranges for int8, and what int8 or half precision was measured to change."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

KEY, HALF_KEY = "quantisation", "half_precision"
# More than this and neither is used unless asked for: the same weights must give the same verdicts.
MAX_AUC_CHANGE = 0.002
MAX_VERDICTS_CHANGED = 0.005
_CPU_FACTS = Path("/proc/cpuinfo")


def are_safe(auc_change: float | None, verdicts_changed: float | None) -> bool:
    """Says whether fewer bits were measured to give what float32 gives, by the figures that config.json has of them."""
    if auc_change is None or verdicts_changed is None:
        return False
    return abs(auc_change) <= MAX_AUC_CHANGE and verdicts_changed <= MAX_VERDICTS_CHANGED


@dataclass(frozen=True)
class Quantisation:
    """Ranges for int8.

    Attributes:
        highest: Largest value of each convolution's output after its ReLU, from the first on; found on training crops. What
            takes in an output without a range is computed in float32.
        margin: How far int8 moves log odds, at most but for rare cases; found on training crops. What lies nearer to a
            threshold is computed again in float32.
        used: By the number of a convolution, which of its channels are computed, ``(channels,)`` bool. The others gave nothing but
            zeros on training crops. Of a convolution that is not named all are.
        auc_change: Of the frame AUC on the held-out test, against fp32; None while it was not measured.
        verdicts_changed: Share of the verdicts there that differ from those of fp32.
    """

    highest: tuple[float, ...]
    margin: float
    auc_change: float | None
    verdicts_changed: float | None
    used: dict[int, np.ndarray] = field(default_factory=dict)

    def channels(self, number: int) -> np.ndarray | slice:
        """Gives the index of the channels of a convolution that are computed."""
        return np.flatnonzero(self.used[number]) if number in self.used else slice(None)

    @property
    def is_safe(self) -> bool:
        """Whether it was measured to give what fp32 gives."""
        return are_safe(self.auc_change, self.verdicts_changed)

    @classmethod
    def from_config(cls, config: dict[str, Any], weights_sha256: str) -> Quantisation | None:
        """Reads it from ``config.json``; None where there is none, or it belongs to other weights."""
        stored = config.get("detector", {}).get(KEY)
        if not stored or stored["weights_sha256"] != weights_sha256:
            return None
        measured = stored.get("measured") or {}
        return cls(
            tuple(stored["highest"]),
            float(stored["margin"]),
            measured.get("auc_change"),
            measured.get("verdicts_changed"),
            {int(number): _from_hex(mask) for number, mask in stored.get("used_channels", {}).items()},
        )


@dataclass(frozen=True)
class HalfPrecision:
    """What half precision was measured to change.

    Attributes:
        dtype: ``float16`` or ``bfloat16``.
        device: Name of the GPU that it was measured on, or ``cpu``. Other GPUs round alike: all add up in float32.
        auc_change: See `Quantisation`.
        verdicts_changed: Likewise.
    """

    dtype: str
    device: str
    auc_change: float | None
    verdicts_changed: float | None

    @property
    def is_of_gpu(self) -> bool:
        """Whether it was measured on a GPU."""
        return self.device != "cpu"

    @property
    def is_safe(self) -> bool:
        """Whether it was measured to give what float32 gives."""
        return are_safe(self.auc_change, self.verdicts_changed)

    @classmethod
    def from_config(cls, config: dict[str, Any], weights_sha256: str) -> HalfPrecision | None:
        """Reads it from ``config.json``; None where there is none, or it belongs to other weights.

        Raises:
            ValueError: Its type is not one of the two.
        """
        stored = config.get("detector", {}).get(HALF_KEY)
        if not stored or stored["weights_sha256"] != weights_sha256:
            return None
        if stored["dtype"] not in ("float16", "bfloat16"):
            raise ValueError(f"half precision is float16 or bfloat16, not {stored['dtype']}")
        measured = stored.get("measured") or {}
        return cls(stored["dtype"], stored["device"], measured.get("auc_change"), measured.get("verdicts_changed"))


def to_hex(used: np.ndarray) -> str:
    """Packs a mask ``(channels,)`` as it is stored: one bit per channel, the first one highest; a multiple of 8 channels."""
    return np.packbits(used).tobytes().hex()


def _from_hex(mask: str) -> np.ndarray:
    return np.unpackbits(np.frombuffer(bytes.fromhex(mask), np.uint8)).astype(bool)


def has_fast_int8() -> bool:
    """Tells whether the processor multiplies many int8 at once (AVX2).

    Without the instructions made for it (VNNI) that is still twice as fast as float32.
    """
    if platform.machine() not in ("x86_64", "AMD64") or not _CPU_FACTS.is_file():
        return False
    return "avx2" in _CPU_FACTS.read_text(encoding="ascii", errors="replace").split()
