"""VGG-16 with a pooled linear head on OpenVINO: int8 where that is measured to be safe, else fp32.

The graph is made from the safetensors at every start, which takes a third of a second: no cache could go stale.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from detector.network.preprocessing import Preprocessing
from detector.network.quantisation import Quantisation, has_fast_int8
from detector.network.runtimes import Choice, Prediction, Runtime, RuntimeFacts, UnsuitableError, log_odds
from detector.network.runtimes.pooled_vgg16 import (
    BEFORE_POOLING,
    CONVOLUTIONS,
    INPUT_PX,
    linear_layer,
    read_weights,
    suitable_preprocessing,
)
from detector.network.runtimes.refining import RefiningRuntime
from detector.network.settings import thread_limit

# Without its telemetry package, which would report every import to a server, OpenVINO falls back to its own stub.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino  # noqa: E402
from openvino import opset13 as ops  # noqa: E402

# Not 127: processors without VNNI add two products in 16 bits, and 2 x 255 x 63 is what these hold.
_HIGHEST_WEIGHT = 63
# Larger ones are not faster on two cores, and their maps would fill the memory.
BATCH_SIZE = 4


class OpenVinoRuntime:
    """The convolutions as an OpenVINO graph; last pooling, linear layer and evidence in NumPy.

    Only the convolutions are quantised: with the evidence inside the quantised graph, the map would be noise.

    Args:
        preprocessing: What happens to a crop first.
        weights: float32, by timm's names.
        quantisation: Computes in int8 with these ranges; None computes in float32.
        real: Column of the class "real".

    Raises:
        UnsuitableError: The weights are not those of such a network.
    """

    def __init__(
        self,
        preprocessing: Preprocessing,
        weights: dict[str, np.ndarray],
        quantisation: Quantisation | None,
        real: int,
    ):
        self.name = "openvino-int8" if quantisation else "openvino-fp32"
        self.requests_at_once = 1  # a request uses all cores
        self._preprocessing, self._real = preprocessing, real
        layer, self._bias = linear_layer(weights)
        # (classes, channels): the channels that the graph gives
        self._layer = layer[:, quantisation.channels(len(CONVOLUTIONS) - 1)] if quantisation else layer
        self._graph = compile_graph(build_graph(weights, quantisation))
        self._lock = threading.Lock()

    @property
    def outputs(self) -> int:
        """How many classes it tells apart."""
        return len(self._bias)

    def predict(self, crops: Sequence[np.ndarray]) -> Prediction:
        """Scores crops; see `Runtime`."""
        logits, evidence = [], []
        for start in range(0, len(crops), BATCH_SIZE):
            found, maps = self._compute(self._preprocessing.batch(crops[start : start + BATCH_SIZE]))
            logits.append(found)
            evidence.append(maps)
        return Prediction(
            np.concatenate(logits).astype(np.float64), np.concatenate(evidence).astype(np.float32), self._real
        )

    def _compute(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits ``(B, classes)``, and the evidence: the linear layer at each place, ``(B, 14, 14)``."""
        with self._lock:
            maps = self._graph(pixels)[0].copy()  # (B, channels, 14, 14)
        count, channels, height, width = maps.shape
        pooled = maps.reshape(count, channels, height // 2, 2, width // 2, 2).max(axis=(3, 5))
        logits = pooled.mean(axis=(2, 3)) @ self._layer.T + self._bias
        places = self._layer @ maps.reshape(count, channels, -1) + self._bias[:, None]  # (B, classes, h * w)
        places = places.swapaxes(1, 2).reshape(-1, len(self._bias))
        return logits, log_odds(places, self._real).reshape(count, height, width)


def build_openvino_runtime(folder: Path, config: dict[str, Any], choice: Choice, facts: RuntimeFacts) -> Runtime:
    """Builds the runtime for a model folder: int8 where that is asked for or measured to be safe, else fp32.

    Args:
        folder: Holds ``model.safetensors``.
        config: The content of its ``config.json``.
        choice: ``auto``, ``int8`` or ``fp32``.
        facts: What the runtime must know of the model.

    Raises:
        UnsuitableError: The model is not such a network, or the choice cannot be met.
    """
    preprocessing = suitable_preprocessing(config)
    weights = read_weights(folder / "model.safetensors")
    quantisation = _quantisation(config, choice, facts.weights_sha256)
    exact = OpenVinoRuntime(preprocessing, weights, None, facts.real)
    if quantisation is None:
        return exact
    int8 = OpenVinoRuntime(preprocessing, weights, quantisation, facts.real)
    return RefiningRuntime(int8, exact, facts.changes, quantisation.margin)


def compile_graph(graph: openvino.Model) -> openvino.CompiledModel:
    """Compiles a graph for one request at a time, in float32 wherever the graph does not say int8."""
    options: dict[str, Any] = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    if threads := thread_limit():
        # unpinned: each of the processes that share the cores would pin its threads to the first ones
        options |= {"INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
    return openvino.Core().compile_model(graph, "CPU", options)


def build_graph(
    weights: dict[str, np.ndarray], quantisation: Quantisation | None = None, every_layer: bool = False
) -> openvino.Model:
    """Builds the convolutions, from ``(B, 3, 224, 224)`` pixels to ``(B, channels, 14, 14)`` maps after the last ReLU.

    Args:
        weights: float32, by timm's names.
        quantisation: Computes in int8 as many convolutions as it has ranges, from the second on: the input of the first is
            fine, and its cost is small. Leaves out the channels that it names silent.
        every_layer: Gives the output of each ReLU.
    """
    pixels = ops.parameter([-1, 3, *INPUT_PX], np.float32, name="pixels")
    node, outputs = pixels, []
    ranges = quantisation.highest if quantisation else ()
    used: np.ndarray | slice = slice(None)
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
        if place in BEFORE_POOLING:
            node = ops.max_pool(node, [2, 2], ones, [0, 0], [0, 0], [2, 2]).output(0)
    return openvino.Model([ops.result(output) for output in (outputs if every_layer else outputs[-1:])], [pixels])


def _quantisation(config: dict[str, Any], choice: Choice, weights_sha256: str) -> Quantisation | None:
    """Gives what int8 needs, or None for fp32."""
    if choice == "fp32":
        return None
    stored = Quantisation.from_config(config, weights_sha256)
    if choice == "int8":
        if stored is None:
            raise UnsuitableError("no quantisation of these weights is stored with them")
        return stored
    return stored if stored and stored.is_safe and has_fast_int8() else None
