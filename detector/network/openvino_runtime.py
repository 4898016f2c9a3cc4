"""VGG-16 with a pooled linear head on OpenVINO: int8 where that is measured to be safe, else fp32.

The graph is made from the safetensors at every start, which takes a third of a second: no cache could go stale.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from detector.network.preprocessing import Preprocessing
from detector.network.quantisation import Quantisation, has_fast_int8
from detector.network.runtimes import Choice, UnsuitableError, log_odds

# Without its telemetry package, which would report every import to a server, OpenVINO falls back to its own stub.
sys.modules.setdefault("openvino_telemetry", None)

import openvino  # noqa: E402
from openvino import opset13 as ops  # noqa: E402

# Convolutions of VGG-16 by their place in timm's `features`, and those that a pooling follows.
CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
_BEFORE_POOLING = (2, 7, 14, 21)
_INPUT_PX = (224, 224)
# Not 127: processors without VNNI add two products in 16 bits, and 2 x 255 x 63 is what these hold.
_HIGHEST_WEIGHT = 63
# Larger ones are not faster on two cores, and their maps would fill the memory.
BATCH_SIZE = 4


@dataclass(frozen=True)
class _Network:
    """The convolutions, and the linear layer ``(classes, channels)`` for the channels that they give."""

    graph: openvino.CompiledModel
    layer: np.ndarray


class OpenVinoRuntime:
    """The convolutions as an OpenVINO graph; last pooling, linear layer and evidence in NumPy.

    Only the convolutions are quantised: with the evidence inside the quantised graph, the map would be noise.

    Raises:
        UnsuitableError: The model is not such a network, or the choice cannot be met.
    """

    def __init__(self, folder: Path, config: dict, choice: Choice):
        preprocessing = Preprocessing.from_config(config.get("pretrained_cfg", {}))
        if config.get("architecture") != "vgg16" or preprocessing is None or preprocessing.size_px != _INPUT_PX:
            raise UnsuitableError("it is no VGG-16 for 224 px")
        file = folder / "model.safetensors"
        weights = read_weights(file)
        layer, self._bias = linear_layer(weights)
        self._preprocessing = preprocessing
        self._quantisation = _quantisation(file, config, choice)
        self.name = "openvino-int8" if self._quantisation else "openvino-fp32"
        self._float32 = _Network(compile_graph(build_graph(weights)), layer)
        self._int8 = None
        if self._quantisation:
            layer = layer[:, self._quantisation.channels(len(CONVOLUTIONS) - 1)]
            self._int8 = _Network(compile_graph(build_graph(weights, self._quantisation)), layer)
        self._lock = threading.Lock()

    @property
    def outputs(self) -> int:
        """See `Runtime`."""
        return len(self._bias)

    def logits(self, crops: list[np.ndarray], real: int, sure_at: Sequence[float] = ()) -> np.ndarray:
        """See `Runtime`."""
        return self._in_batches(crops, real, sure_at, explained=False)[0]

    def logits_and_evidence(
        self, crops: list[np.ndarray], real: int, sure_at: Sequence[float] = ()
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `Runtime`."""
        logits, evidence = self._in_batches(crops, real, sure_at, explained=True)
        return logits, evidence.astype(np.float32)

    def _in_batches(
        self, crops: list[np.ndarray], real: int, sure_at: Sequence[float], explained: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        logits, evidence = [], []
        for start in range(0, len(crops), BATCH_SIZE):
            pixels = self._preprocessing.batch(crops[start : start + BATCH_SIZE])
            found, maps = self._compute(self._int8 or self._float32, pixels, real, explained)
            if self._int8 and (near := self._is_unsure(found, real, sure_at)).any():
                found[near], maps[near] = self._compute(self._float32, pixels[near], real, explained)
            logits.append(found)
            evidence.append(maps)
        return np.concatenate(logits).astype(np.float64), np.concatenate(evidence)

    def _compute(
        self, network: _Network, pixels: np.ndarray, real: int, explained: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Logits, and if asked for the evidence: the linear layer at each place."""
        with self._lock:
            maps = network.graph(pixels)[0].copy()  # (B, channels, 14, 14)
        count, channels, height, width = maps.shape
        pooled = maps.reshape(count, channels, height // 2, 2, width // 2, 2).max(axis=(3, 5))
        logits = pooled.mean(axis=(2, 3)) @ network.layer.T + self._bias
        if not explained:
            return logits, np.empty((count, 0, 0))
        places = network.layer @ maps.reshape(count, channels, -1) + self._bias[:, None]  # (B, classes, h * w)
        places = places.swapaxes(1, 2).reshape(-1, len(self._bias))
        return logits, log_odds(places, real).reshape(count, height, width)

    def _is_unsure(self, logits: np.ndarray, real: int, sure_at: Sequence[float]) -> np.ndarray:
        """Whether float32 could lie on the other side of one of these log odds, ``(B,)``."""
        return (np.abs(log_odds(logits, real)[:, None] - np.asarray(sure_at)) <= self._quantisation.margin).any(axis=1)


def compile_graph(graph: openvino.Model) -> openvino.CompiledModel:
    """For one request at a time; in float32 wherever the graph does not say int8."""
    return openvino.Core().compile_model(
        graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    )


def read_weights(file: Path) -> dict[str, np.ndarray]:
    """The tensors of a safetensors file as float32, by timm's names."""
    return {name: value.astype(np.float32) for name, value in load_file(file).items()}


def linear_layer(weights: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The linear layer ``(classes, 512)`` and ``(classes,)`` that timm's head computes on pooled maps.

    It is stored as a 7 x 7 convolution with each sign, so that the two ReLUs after it lose nothing (see
    `training.networks.vgg16.PooledVGG16.to_timm`).

    Raises:
        UnsuitableError: The head is not of this form.
    """
    window, bias = weights["pre_logits.fc1.weight"], weights["pre_logits.fc1.bias"]
    second, last = weights["pre_logits.fc2.weight"][:, :, 0, 0], weights["head.fc.weight"]
    hidden, classes = len(window), len(last)
    signs = np.concatenate([np.eye(classes), -np.eye(classes)], axis=1)
    passed_on = np.zeros_like(second)
    passed_on[:hidden] = np.eye(hidden)
    is_linear = (
        hidden == 2 * classes
        and np.array_equal(window, np.broadcast_to(window[:, :, :1, :1], window.shape))
        and np.array_equal(window[classes:], -window[:classes])
        and np.array_equal(bias[classes:], -bias[:classes])
        and np.array_equal(second, passed_on)
        and np.array_equal(last[:, :hidden], signs)
        and not last[:, hidden:].any()
        and not weights["pre_logits.fc2.bias"].any()
        and not weights["head.fc.bias"].any()
    )
    if not is_linear:
        raise UnsuitableError("its head is no linear layer on pooled maps")
    return window[:classes].sum(axis=(2, 3)), bias[:classes]


def build_graph(
    weights: dict[str, np.ndarray], quantisation: Quantisation | None = None, every_layer: bool = False
) -> openvino.Model:
    """The convolutions, from ``(B, 3, 224, 224)`` pixels to ``(B, channels, 14, 14)`` maps after the last ReLU.

    Args:
        weights: float32, by timm's names.
        quantisation: Computes in int8 as many convolutions as it has ranges, from the second on: the input of the first is
            fine, and its cost is small. Leaves out the channels that it names silent.
        every_layer: Gives the output of each ReLU.
    """
    pixels = ops.parameter([-1, 3, *_INPUT_PX], np.float32, name="pixels")
    node, outputs = pixels, []
    ranges = quantisation.highest if quantisation else ()
    used = slice(None)
    for number, place in enumerate(CONVOLUTIONS):
        weight, bias = weights[f"features.{place}.weight"][:, used], weights[f"features.{place}.bias"]
        if quantisation:
            used = quantisation.channels(number)
            weight, bias = weight[used], bias[used]
        if 0 < number <= len(ranges):
            step = np.abs(weight).max(axis=(1, 2, 3), keepdims=True) / _HIGHEST_WEIGHT
            whole = np.round(weight / np.maximum(step, np.finfo(np.float32).tiny)).astype(np.int8)
            kernel = ops.multiply(ops.convert(ops.constant(whole), np.float32), ops.constant(step))
        else:
            kernel = ops.constant(weight)
        ones = [1, 1]
        node = ops.convolution(node, kernel, ones, ones, ones, ones)
        node = ops.relu(ops.add(node, ops.constant(bias.reshape(1, -1, 1, 1))))
        outputs.append(node)
        if number < len(ranges):  # before the pooling, which is then done on whole numbers
            highest = np.float32(ranges[number])
            node = ops.fake_quantize(node, np.float32(0), highest, np.float32(0), highest, 256)
        if place in _BEFORE_POOLING:
            node = ops.max_pool(node, [2, 2], ones, [0, 0], [0, 0], [2, 2]).output(0)
    return openvino.Model([ops.result(output) for output in (outputs if every_layer else outputs[-1:])], [pixels])


def _quantisation(file: Path, config: dict, choice: Choice) -> Quantisation | None:
    """What int8 needs, or None for fp32."""
    if choice == "fp32":
        return None
    stored = Quantisation.from_config(config, file)
    if choice == "int8":
        if stored is None:
            raise UnsuitableError("no quantisation of these weights is stored with them")
        return stored
    return stored if stored and stored.is_safe and has_fast_int8() else None
