"""VGG-16 with a pooled linear head in torch on an NVIDIA GPU: half precision where that is measured to be safe, else float32.

Crops go to the GPU as they are, from pinned memory, while the ones before them are computed; they are resized and normalised
there. Every batch is filled up to one size and computed by one CUDA graph, so that a crop scores the same alone and
among others. All of it also runs on the CPU, where the tests compare it with the other runtimes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from detector.network.preprocessing import Preprocessing
from detector.network.quantisation import HalfPrecision
from detector.network.runtimes import DeviceLostError, NoGpuError, Prediction, RuntimeFacts, log_odds
from detector.network.runtimes.cuda_network import Network, captured, resized
from detector.network.runtimes.cuda_transfers import Slot, on_stream, stream_of
from detector.network.runtimes.pooled_vgg16 import (
    INPUT_PX,
    linear_layer,
    read_weights,
    suitable_preprocessing,
)

logger = logging.getLogger(__name__)

# Small, as a photo has one face and must be filled up to it; the graphs of several batches follow one another without a gap.
BATCH_SIZE = 16
# Pillow reduces larger crops: to upload one takes longer than to reduce it.
LARGEST_SIDE_PX = 2048
_NAMES = {torch.float16: "fp16", torch.bfloat16: "bf16", torch.float32: "fp32"}
NO_GPU = (
    "PyTorch finds no NVIDIA GPU that it can use; please install the driver and PyTorch for CUDA, or set MODEL_RUNTIME to auto "
    "to compute on the CPU."
)


class CudaRuntime:
    """The whole network on one device, from uint8 crops to logits and evidence.

    Pooled means, logits and evidence are float32, whatever the convolutions are. float32 is never TF32, which would keep ten
    bits of each factor only.

    Args:
        preprocessing: What happens to a crop first.
        weights: float32, by timm's names.
        real: Column of the class "real".
        device: Where to compute: a GPU, or the CPU, where no graph is made and nothing overlaps.
        dtype: float16, bfloat16 or float32.
        batch_size: Crops that are computed at once; fewer are filled up.

    Raises:
        UnsuitableError: The weights are not those of such a network.
        RuntimeError: The device is out of memory or out of order.
    """

    requests_at_once = 1

    def __init__(
        self,
        preprocessing: Preprocessing,
        weights: dict[str, np.ndarray],
        real: int,
        device: torch.device,
        dtype: torch.dtype,
        batch_size: int = BATCH_SIZE,
    ):
        self.name = f"cuda-{_NAMES[dtype]}"
        self._preprocessing, self._real, self._device, self._batch_size = preprocessing, real, device, batch_size
        self._lock = threading.Lock()
        self._stream, uploads = (stream_of(device) for _ in range(2))
        with torch.inference_mode(), on_stream(self._stream):
            self._network = Network(preprocessing, weights, device, dtype)
            self._pixels = torch.zeros(batch_size, *INPUT_PX, 3, dtype=torch.uint8, device=device)
            self._run = captured(self._network, self._pixels, self._stream)
            self._slots = [Slot(device, uploads, batch_size, self.outputs) for _ in range(2)]

    @property
    def outputs(self) -> int:
        """How many classes it tells apart."""
        return self._network.outputs

    def predict(self, crops: Sequence[np.ndarray]) -> Prediction:
        """Scores crops; see `Runtime`.

        Raises:
            DeviceLostError: The GPU failed.
        """
        try:
            return self._predict(crops)
        except torch.AcceleratorError as error:  # CUDA never recovers from one in the same process
            raise DeviceLostError(
                "The GPU failed and has to be started anew; please start the program again."
            ) from error

    @torch.inference_mode()
    def _predict(self, crops: Sequence[np.ndarray]) -> Prediction:
        found: list[tuple[np.ndarray, np.ndarray]] = []
        with self._lock, on_stream(self._stream):
            before: Slot | None = None
            for number, start in enumerate(range(0, len(crops), self._batch_size)):
                slot = self._slots[number % 2]
                self._start(slot, crops[start : start + self._batch_size])
                if before:
                    found.append(before.collect())
                before = slot
            if before:
                found.append(before.collect())
        logits, places = (np.concatenate(parts) for parts in zip(*found, strict=True))
        evidence = log_odds(places.reshape(-1, self.outputs), self._real).reshape(places.shape[:3])
        return Prediction(logits.astype(np.float64), evidence, self._real)

    def _start(self, slot: Slot, crops: Sequence[np.ndarray]) -> None:
        """Has a batch computed, and does not wait for it."""
        for row, crop in enumerate(slot.upload([self._bounded(crop) for crop in crops])):
            self._pixels[row].copy_(resized(crop, self._preprocessing))
        slot.keep(*self._run())

    def _bounded(self, crop: np.ndarray) -> np.ndarray:
        if len(crop) <= LARGEST_SIDE_PX:
            return crop
        height, width = self._preprocessing.size_px
        return np.asarray(Image.fromarray(crop).resize((width, height), self._preprocessing.resampling))


def build_cuda_runtime(
    folder: Path,
    config: dict[str, Any],
    facts: RuntimeFacts,
    device_name: str = "cuda",
    dtype: torch.dtype | None = None,
    batch_size: int = BATCH_SIZE,
) -> CudaRuntime:
    """Builds the runtime for a model folder.

    Args:
        folder: Holds ``model.safetensors``.
        config: The content of its ``config.json``.
        facts: What the runtime must know of the model.
        device_name: ``cuda`` or ``cpu``.
        dtype: Type of the convolutions; None for half precision where that was measured to be safe, else float32.
        batch_size: See `CudaRuntime`.

    Raises:
        NoGpuError: There is no GPU, or it failed.
        UnsuitableError: The model is another network.
    """
    if device_name == "cuda" and not torch.cuda.is_available():
        raise NoGpuError(NO_GPU)
    device = torch.device(device_name)
    preprocessing = suitable_preprocessing(config)
    weights = read_weights(folder / "model.safetensors")
    linear_layer(weights)  # tells an unsuitable network from a GPU that fails
    dtype = dtype or _safe_dtype(config, facts.weights_sha256, device)
    try:
        return CudaRuntime(preprocessing, weights, facts.real, device, dtype, batch_size)
    except RuntimeError as error:
        raise NoGpuError(
            f"The GPU failed when the model was loaded ({str(error).splitlines()[0]}); please free its memory or set MODEL_RUNTIME to fp32."
        ) from error


def _safe_dtype(config: dict[str, Any], weights_sha256: str, device: torch.device) -> torch.dtype:
    """Gives half precision where it was measured to give the verdicts of float32, else float32; the log says why."""
    stored = HalfPrecision.from_config(config, weights_sha256)
    if stored is None:
        why = "half precision was not measured for these weights (python -m training.half_precision)"
    elif device.type == "cuda" and not stored.is_of_gpu:
        why = "half precision was measured on a CPU only"
    elif not stored.is_safe:
        why = "half precision was measured to change too many verdicts"
    elif stored.dtype == "bfloat16" and device.type == "cuda" and torch.cuda.get_device_capability(device)[0] < 8:
        why = "this GPU does not compute in bfloat16"
    else:
        return torch.float16 if stored.dtype == "float16" else torch.bfloat16
    logger.info("the GPU computes in float32: %s", why)
    return torch.float32
