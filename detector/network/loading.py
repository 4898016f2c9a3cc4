"""Loads the classifier from the Hub or the bundled folder and scores face crops."""

from __future__ import annotations

import json
import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path

import httpx2
import numpy as np
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled
from safetensors import SafetensorError

from detector.media.files import file_sha256
from detector.network.hub_cache import weights_are_intact
from detector.network.runtimes import Choice, Runtime, build_runtime, chosen_runtime, log_odds, softmax

logger = logging.getLogger(__name__)

# An installed package carries the model (see pyproject.toml); in a checkout it lies beside the package.
_INSTALLED_MODEL = Path(__file__).parents[1] / "bundled_model"
BUNDLED_FOLDER = _INSTALLED_MODEL if _INSTALLED_MODEL.is_dir() else Path(__file__).parents[2] / "model"
# A Hub that has not delivered by then is left to fill the cache for the next start.
HUB_TIMEOUT_S = 8.0
_PROBE_TIMEOUT_S = 3.0
_FILES = ["config.json", "model.safetensors", "README.md", "plots/*.png"]


class ModelError(RuntimeError):
    """A model folder cannot be used."""


@dataclass(frozen=True)
class Thresholds:
    """Operating points, fitted on validation data and stored with the model.

    Attributes:
        no_manipulation_found: Scores below it.
        manipulated: Scores from it on; between the two a face is inconclusive.
    """

    no_manipulation_found: float
    manipulated: float

    @property
    def log_odds(self) -> tuple[float, float]:
        """Both as log odds, the lower first; infinite at 0 and 1."""
        with np.errstate(divide="ignore"):
            shares = np.array([self.no_manipulation_found, self.manipulated])
            return tuple(np.log(shares / (1 - shares)).tolist())


@dataclass(frozen=True)
class ModelInfo:
    """Which model answered.

    Attributes:
        id: Hub id, or ``bundled``, or a folder name.
        revision: Hub commit, or ``sha256:`` and the first digits of the weights' hash.
        label_names: Class names in the order of the outputs.
        thresholds: The stored operating points.
        runtime: What computed the scores: ``openvino-int8``, ``openvino-fp32`` or ``torch-fp32``.
    """

    id: str
    revision: str
    label_names: tuple[str, ...]
    thresholds: Thresholds
    runtime: str = ""


@dataclass(frozen=True)
class LoadedModel:
    """A network that is ready to score.

    Attributes:
        info: What goes into every result.
        runtime: What computes the network.
        warning: Why another model than the one asked for answers; empty otherwise.
        card: Text of the README.md that came with the weights; empty where there is none.
        folder: Where the weights lie, and the plots of the card; None where there is none.
    """

    info: ModelInfo
    runtime: Runtime
    warning: str = ""
    card: str = ""
    folder: Path | None = None

    @property
    def real(self) -> int:
        """Column of the class "real"."""
        return self.info.label_names.index("real")

    def log_odds(self, logits: np.ndarray) -> np.ndarray:
        """log(P(fake) / P(real)) from ``(B, classes)`` logits, ``(B,)``; fake is every class but "real"."""
        return log_odds(logits, self.real)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The manipulations that the model tells apart; empty where it only knows "fake"."""
        fakes = tuple(name for name in self.info.label_names if name != "real")
        return fakes if len(fakes) > 1 else ()

    def kind_shares(self, logits: np.ndarray) -> np.ndarray:
        """P(kind | fake) from ``(B, classes)`` logits, ``(B, len(kinds))``."""
        return softmax(logits[:, [self.info.label_names.index(kind) for kind in self.kinds]])

    def score_log_odds(self, crops: list[np.ndarray]) -> np.ndarray:
        """log(P(fake) / P(real)) of each crop, ``(B,)``, sure at both thresholds; the frame score is its sigmoid."""
        if not crops:
            return np.empty(0)
        return self.log_odds(self.runtime.logits(crops, self.real, self.info.thresholds.log_odds))


def load_model() -> LoadedModel:
    """The model to answer with: ``MODEL_ID`` at ``MODEL_REVISION`` from the Hub, else the bundled one.

    Raises:
        ModelError: The bundled folder itself cannot be used.
    """
    model_id = os.environ.get("MODEL_ID", "").strip()
    if not model_id:
        return load_folder(BUNDLED_FOLDER, "bundled")
    revision = os.environ.get("MODEL_REVISION", "").strip() or "main"
    folder = fetch_from_hub(model_id, revision)
    reason = f"The model {model_id} ({revision}) could not be fetched from the Hub in time"
    if folder is not None:
        try:
            if not weights_are_intact(folder):
                raise ModelError(f"{folder} holds weights that are not those of the Hub")
            return load_folder(folder, model_id, revision=folder.name)
        except ModelError:
            logger.exception("the Hub's %s cannot be used", model_id)
            reason = f"The model {model_id} ({revision}) from the Hub cannot be used"
    return load_folder(BUNDLED_FOLDER, "bundled", warning=f"{reason}; the bundled model answered instead.")


def fetch_from_hub(model_id: str, revision: str, timeout_s: float = HUB_TIMEOUT_S) -> Path | None:
    """The local snapshot of a Hub model, or None when there is none within `timeout_s`.

    A cached snapshot serves when the Hub is down. The download itself knows no time-out, so it
    runs on a thread that is left behind when it takes too long.
    """
    answer: list[Path] = []

    def fetch() -> None:
        try:
            HfApi().model_info(model_id, revision=revision, timeout=_PROBE_TIMEOUT_S)
            online = True
        except (httpx2.HTTPError, HfHubHTTPError, OfflineModeIsEnabled, HFValidationError, OSError) as error:
            logger.warning("Hub not usable for %s: %s", model_id, error)
            online = False
        try:
            folder = snapshot_download(model_id, revision=revision, local_files_only=not online, allow_patterns=_FILES)
            answer.append(Path(folder))
        except (httpx2.HTTPError, HfHubHTTPError, LocalEntryNotFoundError, HFValidationError, OSError) as error:
            logger.warning("no snapshot of %s: %s", model_id, error)

    thread = threading.Thread(target=fetch, name="hub-download", daemon=True)
    thread.start()
    thread.join(timeout_s)
    return answer[0] if answer else None


def load_folder(
    folder: str | Path, model_id: str, revision: str = "", warning: str = "", runtime: Choice | None = None
) -> LoadedModel:
    """Loads a folder in timm's Hub format: ``config.json`` and ``model.safetensors``.

    Args:
        folder: The folder.
        model_id: How results name the model.
        revision: Defaults to the hash of the weights.
        warning: Kept with the model and shown with every result.
        runtime: See `detector.network.runtimes.build_runtime`; default: what the environment asks for.

    Raises:
        ModelError: A file is missing or damaged, or the config lacks label names or thresholds.
    """
    folder = Path(folder)
    try:
        runtime = runtime or chosen_runtime()
    except ValueError as error:
        raise ModelError(str(error)) from error
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        label_names = tuple(config["label_names"])
        label_names.index("real")
        stored = config["detector"]["thresholds"]
        thresholds = Thresholds(float(stored["no_manipulation_found"]), float(stored["manipulated"]))
        if not 0 <= thresholds.no_manipulation_found <= thresholds.manipulated <= 1:
            raise ValueError(f"thresholds out of order: {thresholds}")
        weights = folder / "model.safetensors"
        readme = folder / "README.md"
        card = readme.read_text(encoding="utf-8") if readme.is_file() else ""
        revision = revision or f"sha256:{file_sha256(weights)[:16]}"
        computed_by = build_runtime(folder, config, runtime)
        if computed_by.outputs != len(label_names):
            raise ValueError(f"{computed_by.outputs} outputs for {len(label_names)} label names")
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"{folder} does not hold a usable model: {error}") from error
    info = ModelInfo(model_id, revision, label_names, thresholds, computed_by.name)
    return LoadedModel(info, computed_by, warning, card, folder)
