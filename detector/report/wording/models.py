"""The name of a model as people say it."""

from __future__ import annotations

from detector.facts import ModelInfo
from detector.text import printable


def model_name(info: ModelInfo) -> str:
    """Gives the short name of a model: that of its config, else its id without the owner."""
    return printable(info.name or info.id.rsplit("/", 1)[-1])
