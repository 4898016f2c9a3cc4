"""Loads the classifier from the Hub or the bundled folder and scores face crops."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError

from detector.evidence_scale import EvidenceScales
from detector.facts import ModelInfo, Thresholds
from detector.media.files import file_sha256
from detector.messages import Message
from detector.network.hub import HubError, NotAHubNameError, fetch_from_hub
from detector.network.hub_cache import weights_are_intact
from detector.network.runtimes import (
    Choice,
    NoGpuError,
    Prediction,
    Runtime,
    RuntimeFacts,
)
from detector.network.runtimes.building import build_runtime
from detector.network.runtimes.refining import RefiningRuntime
from detector.network.settings import ModelSettings
from detector.text import one_line

logger = logging.getLogger(__name__)

# An installed package carries the model (see pyproject.toml); in a checkout it lies beside the package.
_INSTALLED_MODEL = Path(__file__).parents[1] / "bundled_model"
BUNDLED_FOLDER = _INSTALLED_MODEL if _INSTALLED_MODEL.is_dir() else Path(__file__).parents[2] / "model"
# Of a name that the config gives, in letters: it stands in one line of the page.
_LONGEST_NAME = 40
# How a folder is told from a name on the Hub, in which none of these can stand.
_BEGINS_A_PATH = ("/", "./", "../", "~", ".\\", "..\\")


class ModelError(RuntimeError):
    """A model folder cannot be used."""


@dataclass(frozen=True)
class LoadedModel:
    """A network that is ready to score.

    Attributes:
        info: What goes into every result.
        runtime: What computes the network.
        warning: Why another model than the one asked for answers; None otherwise.
        card: Text of the README.md that came with the weights; empty where there is none.
        folder: Where the weights lie, and the plots of the card; None where there is none.
        scales: What turns scores into the weight of evidence; None where the model came without.
    """

    info: ModelInfo
    runtime: Runtime
    warning: Message | None = None
    card: str = ""
    folder: Path | None = None
    scales: EvidenceScales | None = None

    def info_for(self, is_clip: bool) -> ModelInfo:
        """Gives `info` with the thresholds for photos or for clips: on its evidence scales each kind has its own."""
        return replace(self.info, thresholds=self.scales.of(is_clip).thresholds) if self.scales else self.info

    def for_frames(self) -> LoadedModel:
        """Gives the same model for single frames of a clip.

        An evidence scale weighs no frame by itself: whatever moves each of them by so much moves the statistic of many by
        no more. Without a scale, suspicious spans compare every frame with the upper threshold.
        """
        if isinstance(self.runtime, RefiningRuntime):
            return replace(self, runtime=self.runtime.near(() if self.scales else self.info.thresholds.log_odds[1:]))
        return self

    def predict(self, crops: Sequence[np.ndarray]) -> Prediction:
        """Scores any number of square ``(S, S, 3)`` uint8 RGB crops of photos; for clips see `for_frames`."""
        return self.runtime.predict(crops) if len(crops) else Prediction.of_nothing()


def load_model(model_id: str = "", revision: str = "main", runtime: Choice = "auto") -> LoadedModel:
    """Loads a model from the Hub or a folder; the bundled one where that cannot be had, or none is named.

    Args:
        model_id: Its name on the Hub, or a path that begins with ``/``, ``./``, ``../`` or ``~``; empty for the bundled model.
        revision: Branch, tag or commit on the Hub.
        runtime: See `build_runtime`.

    Raises:
        ModelError: The bundled folder itself cannot be used.
    """
    if not model_id:
        return load_folder(BUNDLED_FOLDER, "bundled", runtime=runtime)
    try:
        if _is_path(model_id):
            folder = Path(os.path.expanduser(model_id))
            return load_folder(folder, folder.resolve().name, runtime=runtime)
        folder = fetch_from_hub(model_id, revision)
        return load_folder(folder, model_id, revision=folder.name, runtime=runtime, is_from_hub=True)
    except (HubError, ModelError) as error:
        logger.warning("the bundled model stands in for %s", model_id, exc_info=True)
        warning = _why_bundled(error, model_id, revision)
    return load_folder(BUNDLED_FOLDER, "bundled", warning=warning, runtime=runtime)


def load_chosen(settings: ModelSettings, folder: str | Path = "") -> LoadedModel:
    """Loads the model in a folder, or where that is empty the one that the settings name.

    Raises:
        ModelError: It cannot be used.
    """
    if folder:
        return load_folder(folder, Path(folder).resolve().name, runtime=settings.runtime)
    return load_model(settings.model_id, settings.revision, settings.runtime)


def _is_path(model_id: str) -> bool:
    return model_id.startswith(_BEGINS_A_PATH) or Path(model_id).is_absolute()


def _why_bundled(error: HubError | ModelError, model_id: str, revision: str) -> Message:
    """Says why another model than the one asked for answers, to everyone who sees a result."""
    if isinstance(error, NotAHubNameError):
        # without the text itself: an address may hold a password
        return Message(
            "The bundled model answered, because the model that was asked for (MODEL_ID) is neither a name on the Hub such as "
            "owner/name nor a path such as ./folder; please correct it."
        )
    if isinstance(error, HubError):
        return Message(
            "The model {id} ({revision}) could not be fetched from the Hub, so the bundled model answered: {why}.",
            {"id": model_id, "revision": revision, "why": error.why},
        )
    if _is_path(model_id):
        # without the path: it is nobody's business but the server's
        return Message(
            "The folder {name} (MODEL_ID) holds no model that can be used, so the bundled model answered; please check that "
            "config.json and model.safetensors lie in it.",
            {"name": Path(os.path.expanduser(model_id)).resolve().name},
        )
    return Message(
        "The model {id} ({revision}) from the Hub cannot be used; the bundled model answered instead.",
        {"id": model_id, "revision": revision},
    )


def load_folder(
    folder: str | Path,
    model_id: str,
    revision: str = "",
    warning: Message | None = None,
    runtime: Choice = "auto",
    is_from_hub: bool = False,
) -> LoadedModel:
    """Loads a folder in timm's Hub format: ``config.json`` and ``model.safetensors``.

    Args:
        folder: The folder.
        model_id: How results name the model.
        revision: Defaults to the hash of the weights.
        warning: Kept with the model and shown with every result.
        runtime: See `build_runtime`.
        is_from_hub: Whether it is a snapshot in the Hub's cache, whose weights must have the hash that the Hub gave.

    Raises:
        ModelError: A file is missing or damaged, the config lacks label names or thresholds, or the runtime cannot be had.
    """
    folder = Path(folder)
    try:
        return _load(folder, model_id, revision, warning, runtime, is_from_hub)
    except NoGpuError as error:
        raise ModelError(str(error)) from error  # the folder is not to blame
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"{folder} does not hold a usable model: {error}") from error


def _load(
    folder: Path, model_id: str, revision: str, warning: Message | None, choice: Choice, is_from_hub: bool
) -> LoadedModel:
    stored = (folder / "config.json").read_bytes()
    config = json.loads(stored)
    label_names = tuple(config["label_names"])
    scales = _scales(config)
    thresholds = scales.photo.thresholds if scales else _thresholds(config)
    sha256 = file_sha256(folder / "model.safetensors")
    if is_from_hub and not weights_are_intact(folder, sha256):
        raise ValueError("its weights are not those of the Hub")
    changes = scales.photo.band_changes if scales else thresholds.log_odds
    facts = RuntimeFacts(label_names.index("real"), changes, sha256)
    runtime = build_runtime(folder, config, choice, facts)
    if runtime.outputs != len(label_names):
        raise ValueError(f"{runtime.outputs} outputs for {len(label_names)} label names")
    readme = folder / "README.md"
    card = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    info = ModelInfo(
        model_id,
        revision or f"sha256:{sha256[:16]}",
        label_names,
        thresholds,
        runtime.name,
        sha256,
        hashlib.sha256(stored).hexdigest(),
        one_line(str(config["detector"].get("name", "")), _LONGEST_NAME),
    )
    return LoadedModel(info, runtime, warning, card, folder, scales)


def _scales(config: dict[str, Any]) -> EvidenceScales | None:
    stored = config["detector"].get("evidence_scale")
    return EvidenceScales.from_config(stored) if stored else None


def _thresholds(config: dict[str, Any]) -> Thresholds:
    stored = config["detector"]["thresholds"]
    thresholds = Thresholds(float(stored["no_manipulation_found"]), float(stored["manipulated"]))
    if not 0 <= thresholds.no_manipulation_found <= thresholds.manipulated <= 1:
        raise ValueError(f"thresholds out of order: {thresholds}")
    return thresholds
