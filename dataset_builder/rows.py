"""Reads and chooses rows of built data sets."""

from __future__ import annotations

from typing import Any

import numpy as np


def read_crop(row: dict[str, Any]) -> np.ndarray:
    """Reads the crop of a row, ``(S, S, 3)`` uint8 RGB."""
    return np.asarray(row["image"].convert("RGB"))


def spread(numbers: np.ndarray, limit: int) -> np.ndarray:
    """Chooses at most `limit` of these numbers, evenly spaced."""
    return numbers[np.linspace(0, len(numbers) - 1, limit).round().astype(int)] if len(numbers) > limit else numbers
