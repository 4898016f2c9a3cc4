"""Fetches weights to start from, by timm name, from the Hub."""

from __future__ import annotations

from pathlib import Path

import timm

from detector.network.hub import HubError, fetch_from_hub

_DOWNLOAD_S = 3600.0  # VGG-16 is 553 MB
_WEIGHTS = "model.safetensors"


def fetch_pretrained(name: str) -> Path:
    """Fetches the file with timm's own ImageNet weights of an architecture.

    Raises:
        ValueError: timm has none, or the Hub is out of reach.
    """
    config = timm.get_pretrained_cfg(name)
    if config is None or not config.hf_hub_id:
        raise ValueError(f"timm has no pretrained weights of {name}; give --initial-weights FILE.")
    model_id = f"timm/{config.architecture}.{config.tag}" if config.hf_hub_id == "timm/" else config.hf_hub_id
    try:
        folder = fetch_from_hub(model_id, "main", _DOWNLOAD_S, needed=(_WEIGHTS,))
    except HubError as error:
        raise ValueError(
            f"The ImageNet weights {model_id} could not be fetched from the Hub ({error}); give --initial-weights FILE."
        ) from error
    return folder / _WEIGHTS
