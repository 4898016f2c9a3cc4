"""VGG-16 with a pooled linear head in torch on an NVIDIA GPU: half precision where that is measured to be safe, else float32.

Crops go to the GPU as they are, from pinned memory, while the ones before them are computed; they are resized and normalised
there. Every batch is filled up to one size and computed by one CUDA graph, so that a crop scores the same alone and
among others. All of it also runs on the CPU, where the tests compare it with the other runtimes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from detector.network.pooled_vgg16 import (
    BEFORE_POOLING,
    CONVOLUTIONS,
    INPUT_PX,
    linear_layer,
    read_weights,
    suitable_preprocessing,
)
from detector.network.preprocessing import Preprocessing
from detector.network.quantisation import HalfPrecision
from detector.network.runtimes import DeviceLostError, NoGpuError, Prediction, RuntimeFacts, log_odds

logger = logging.getLogger(__name__)

# Small, as a photo has one face and must be filled up to it; the graphs of several batches follow one another without a gap.
BATCH_SIZE = 16
# Pillow reduces larger crops: to upload one takes longer than to reduce it.
LARGEST_SIDE_PX = 2048
_MODES = {Image.Resampling.BICUBIC: "bicubic", Image.Resampling.BILINEAR: "bilinear"}
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
        self._stream, uploads = (_stream(device) for _ in range(2))
        with torch.inference_mode(), _on(self._stream):
            self._network = _Network(preprocessing, weights, device, dtype)
            self._pixels = torch.zeros(batch_size, *INPUT_PX, 3, dtype=torch.uint8, device=device)
            self._run = _captured(self._network, self._pixels, self._stream)
            self._slots = [_Slot(device, uploads, batch_size, self.outputs) for _ in range(2)]

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
        with self._lock, _on(self._stream):
            before: _Slot | None = None
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

    def _start(self, slot: _Slot, crops: Sequence[np.ndarray]) -> None:
        """Has a batch computed, and does not wait for it."""
        for row, crop in enumerate(slot.upload([self._bounded(crop) for crop in crops])):
            self._pixels[row].copy_(resized(crop, self._preprocessing))
        slot.keep(*self._run())

    def _bounded(self, crop: np.ndarray) -> np.ndarray:
        if len(crop) <= LARGEST_SIDE_PX:
            return crop
        height, width = self._preprocessing.size_px
        return np.asarray(Image.fromarray(crop).resize((width, height), self._preprocessing.resampling))


def resized(crop: torch.Tensor, preprocessing: Preprocessing) -> torch.Tensor:
    """Resizes a crop as Pillow does: first in width, then in height, each time to whole values.

    Args:
        crop: ``(S, S, 3)`` uint8, on any device.
        preprocessing: Names the size and the filter.

    Returns:
        ``(H, W, 3)`` of the same type.
    """
    height, width = preprocessing.size_px
    pixels = crop.permute(2, 0, 1)[None]
    for size in ((len(crop), width), (height, width)):
        if pixels.shape[2:] == size:
            continue
        mode = _MODES[preprocessing.resampling]
        pixels = functional.interpolate(pixels.float(), size, mode=mode, align_corners=False, antialias=True)
        pixels = pixels.clamp(0, 255).round()
    return pixels[0].permute(1, 2, 0).to(torch.uint8)


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


class _Network:
    """The layers as functions of one batch."""

    def __init__(
        self, preprocessing: Preprocessing, weights: dict[str, np.ndarray], device: torch.device, dtype: torch.dtype
    ):
        def on_device(values: Any) -> torch.Tensor:
            return torch.as_tensor(values, dtype=torch.float32).to(device)

        self._dtype = dtype
        self._mean, self._std = (on_device(values)[:, None, None] for values in (preprocessing.mean, preprocessing.std))
        self._layers = [
            (
                on_device(weights[f"features.{place}.weight"]).to(dtype, memory_format=torch.channels_last),
                on_device(weights[f"features.{place}.bias"]).to(dtype),
                place in BEFORE_POOLING,
            )
            for place in CONVOLUTIONS
        ]
        self._layer, self._bias = (on_device(values) for values in linear_layer(weights))
        self.outputs = len(self._bias)

    def __call__(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Computes float32 logits of ``(B, 224, 224, 3)`` uint8: ``(B, classes)``, and of places, ``(B, 14, 14, classes)``."""
        maps = ((pixels.permute(0, 3, 1, 2) / 255 - self._mean) / self._std).to(self._dtype)  # channels-last already
        for weight, bias, is_pooled in self._layers:
            maps = functional.conv2d(maps, weight, bias, padding=1).relu_()
            if is_pooled:
                maps = functional.max_pool2d(maps, 2)
        pooled = functional.max_pool2d(maps, 2).float().mean(dim=(2, 3))
        logits, places = (
            functional.linear(values, self._layer, self._bias) for values in (pooled, maps.permute(0, 2, 3, 1).float())
        )
        return logits, places


class _Slot:
    """A batch on its way there and back, in memory of its own, so that the next one is uploaded meanwhile."""

    def __init__(self, device: torch.device, uploads: torch.cuda.Stream | None, batch_size: int, outputs: int):
        self._device, self._uploads = device, uploads
        # blocking: the thread that waits leaves its core to a decoder
        new_event: Any = partial(torch.cuda.Event, blocking=True)
        self._uploaded, self._done = (new_event() if uploads else None for _ in range(2))
        self._count = 0
        self._reserve(batch_size * 3 * INPUT_PX[0] * INPUT_PX[1])
        side = INPUT_PX[0] // 2 ** len(BEFORE_POOLING)
        self._logits = torch.zeros((batch_size, outputs), pin_memory=uploads is not None)
        self._places = torch.zeros((batch_size, side, side, outputs), pin_memory=uploads is not None)

    def _reserve(self, count: int) -> None:
        self._here = torch.empty(count, dtype=torch.uint8, pin_memory=self._uploads is not None)
        self._there = torch.empty(count, dtype=torch.uint8, device=self._device)
        if self._uploads:
            # that memory may have been another's, with which the batch before is still computed
            self._uploads.wait_stream(torch.cuda.current_stream(self._device))

    def upload(self, crops: Sequence[np.ndarray]) -> list[torch.Tensor]:
        """Sends crops of any sizes, and gives them as they will lie on the device once the work before is done there."""
        if self._done:
            self._done.synchronize()  # after an error the batch before was not collected
        ends = np.cumsum([crop.size for crop in crops]).tolist()
        if ends[-1] > len(self._here):
            self._reserve(ends[-1])
        for crop, end in zip(crops, ends, strict=True):
            self._here[end - crop.size : end].numpy()[:] = crop.ravel()
        with _on(self._uploads):
            self._there[: ends[-1]].copy_(self._here[: ends[-1]], non_blocking=True)
            if self._uploaded:
                self._uploaded.record()
        if self._uploaded:
            self._uploaded.wait()  # the stream that computes, not this thread
        self._count = len(crops)
        return [self._there[end - crop.size : end].view(crop.shape) for crop, end in zip(crops, ends, strict=True)]

    def keep(self, logits: torch.Tensor, places: torch.Tensor) -> None:
        """Has results brought back; the graph may then write over them."""
        self._logits.copy_(logits, non_blocking=True)
        self._places.copy_(places, non_blocking=True)
        if self._done:
            self._done.record()

    def collect(self) -> tuple[np.ndarray, np.ndarray]:
        """Waits for the results, and gives those of the crops that were sent."""
        if self._done:
            self._done.synchronize()
        return self._logits[: self._count].numpy().copy(), self._places[: self._count].numpy().copy()


def _stream(device: torch.device) -> torch.cuda.Stream | None:
    new_stream: Any = torch.cuda.Stream  # torch declares no types of it
    return new_stream(device) if device.type == "cuda" else None


def _on(stream: torch.cuda.Stream | None) -> AbstractContextManager[Any]:
    """Makes a stream the current one; on the CPU there is none."""
    return torch.cuda.stream(stream) if stream else nullcontext()


def _captured(
    network: _Network, pixels: torch.Tensor, stream: torch.cuda.Stream | None
) -> Callable[[], tuple[torch.Tensor, torch.Tensor]]:
    """Gives what computes the network on these pixels: on a GPU one graph, whose some 50 kernels are started as one.

    What cuDNN may do is settled here, once for the graph, and changes nothing for others in the process.
    """
    if stream is None:
        return lambda: network(pixels)
    graph = torch.cuda.CUDAGraph()
    # no trying out of algorithms: the fastest is another one from start to start, and so would be the last digits
    with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
        for _ in range(3):  # what is set up at the first call cannot be captured
            network(pixels)
        stream.synchronize()
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            outputs = network(pixels)

    def replay() -> tuple[torch.Tensor, torch.Tensor]:
        graph.replay()
        return outputs

    return replay
