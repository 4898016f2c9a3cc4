"""Takes the runtime that a model folder, the machine and the choice of the operator call for."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from detector.network.runtimes.batching import Batcher
from detector.network.runtimes.runtime import Choice, Runtime, RuntimeFacts, UnsuitableError

logger = logging.getLogger(__name__)

# Of NVIDIA's driver on Linux. torch, which knows better, takes seconds to import: only a machine with a GPU shall wait for it.
_DEVICES, _GPU = Path("/dev"), "nvidia[0-9]*"


def build_runtime(folder: Path, config: dict[str, Any], choice: Choice, facts: RuntimeFacts) -> Runtime:
    """Builds the runtime for a model folder.

    ``auto`` takes an NVIDIA GPU where there is one, else OpenVINO, where they know the network: with fewer bits where the device
    is fast at it and the model was measured to give the same verdicts, else in float32. torch on the CPU computes everything
    else; it is the reference that training and evaluation use.

    Args:
        folder: Holds ``model.safetensors``.
        config: The content of its ``config.json``.
        choice: What to take.
        facts: What the runtime must know of the model.

    Raises:
        UnsuitableError: The choice cannot be met.
    """
    if choice == "cuda":
        return _build_on_gpu(folder, config, facts)
    if choice == "auto" and _may_have_gpu():
        try:
            return _build_on_gpu(folder, config, facts)
        except (UnsuitableError, ImportError) as error:  # the driver, or a library of it, may be missing or broken
            logger.warning("the CPU computes %s: %s", folder, error)
    if choice != "torch":
        # imported late: torch and OpenVINO each take a while, and a start needs only one of them
        from detector.network.runtimes.openvino_runtime import build_openvino_runtime

        try:
            return build_openvino_runtime(folder, config, choice, facts)
        except UnsuitableError as error:
            if choice != "auto":
                raise
            logger.info("torch computes %s: %s", folder, error)
    from detector.network.runtimes.torch_runtime import TorchRuntime

    return TorchRuntime.from_folder(folder, facts.real)


def _build_on_gpu(folder: Path, config: dict[str, Any], facts: RuntimeFacts) -> Runtime:
    # imported late for the same reason
    from detector.network.runtimes.cuda_runtime import build_cuda_runtime

    return Batcher(build_cuda_runtime(folder, config, facts))


def _may_have_gpu() -> bool:
    """Tells whether there may be an NVIDIA GPU for this process; costs nothing."""
    is_hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1")
    return not is_hidden and any(_DEVICES.glob(_GPU))
