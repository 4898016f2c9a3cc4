"""Measures how long classification, saliency, photos and clips take, against plain eager float32 torch."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import openvino
import torch
from openvino import opset13 as ops

from benchmarks.media import decode_all, portrait
from detector.analyzer import Analyzer
from detector.faces.detection import FaceDetector, crop_face
from detector.limits import FRAMES_PER_VIDEO
from detector.media.reading import MEDIA_ANSWERS, read_media
from detector.network.loading import BUNDLED_FOLDER, LoadedModel, load_folder
from detector.network.runtimes import Choice, Prediction, Runtime
from detector.network.runtimes.refining import RefiningRuntime
from detector.network.runtimes.torch_runtime import TorchRuntime
from detector.network.settings import ModelSettings
from detector.sandbox.client import WORKERS
from web.views.media import viewer_html

# Multiply-adds of VGG-16's convolutions at 224 px; an operation is one of the two.
OPERATIONS_PER_CROP = 2 * 15.35e9


@dataclass(frozen=True)
class Row:
    """A figure.

    Attributes:
        what: What was measured.
        seconds: Median time; 0 where no time was measured.
        ratio: How many times as fast as what it is compared with, or what else `unit` says; None without one.
        unit: Unit of the ratio.
    """

    what: str
    seconds: float
    ratio: float | None = None
    unit: str = ""


def interleaved(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Measures pieces of work in turn, so that other work on the machine disturbs all alike.

    Args:
        works: Pieces of work by name.
        rounds: Runs of each that count; one more before them does not.

    Returns:
        Median seconds of each.
    """
    taken: defaultdict[str, list[float]] = defaultdict(list)
    for number in range(rounds + 1):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            if number:
                taken[name].append(time.perf_counter() - start)
    return {name: median(values) for name, values in taken.items()}


def eager_model() -> LoadedModel:
    """Loads the bundled weights in plain eager float32 torch, without channels-last."""
    loaded = load_folder(BUNDLED_FOLDER, "eager", runtime="torch")
    runtime = loaded.runtime
    assert isinstance(runtime, TorchRuntime)  # as asked for
    network = runtime.network.to(memory_format=torch.contiguous_format)
    return replace(loaded, runtime=TorchRuntime(network, runtime.transform, runtime.real))


def sample_crops(count: int) -> list[np.ndarray]:
    """Cuts one face out, each time shifted a little."""
    image = portrait(700)
    crop = crop_face(image, FaceDetector().detect(image)[0])
    return [np.roll(crop, 2 * number, axis=1) for number in range(count)]


def classification(rounds: int) -> list[Row]:
    """Measures 1 and 32 crops in every runtime; scores and maps of evidence come together."""
    choices: tuple[Choice, ...] = ("torch", "fp32", "int8")
    loaded = [load_folder(BUNDLED_FOLDER, choice, runtime=choice) for choice in choices]
    models = {"eager torch": eager_model()} | {model.info.runtime: model for model in loaded}
    rows = []
    for count in (1, 32):
        crops, some = sample_crops(count), f"{count} crop{'s' * (count > 1)}"
        works: dict[str, Callable[[], object]] = {}
        for name, model in models.items():
            if isinstance(model.runtime, RefiningRuntime):
                works[name] = partial(model.runtime.near(()).predict, crops)
                works[f"{name}, near a change of band float32"] = partial(model.predict, crops)
            else:
                works[name] = partial(model.predict, crops)
        seconds = interleaved(works, rounds)
        against = seconds["eager torch"]
        rows += [Row(f"{some}, {name}", value, against / value, "x eager torch") for name, value in seconds.items()]
    return rows


def distance_to_the_limit(rounds: int) -> list[Row]:
    """Compares the speed of a crop's operations with that of a large matrix product, float32 and int8."""
    side = 3072
    first = np.random.default_rng(0).random((side, side), np.float32)
    float32 = torch.from_numpy(first)
    works: dict[str, Callable[[], object]] = {"float32": lambda: float32 @ float32}
    data = ops.parameter([side, side], np.float32)
    step = np.float32(1 / 127)
    low, high = np.float32(0), np.float32(1)
    left = ops.fake_quantize(data, low, high, low, high, 256)
    whole = np.round(first * 127).astype(np.int8)
    right = ops.multiply(ops.convert(ops.constant(whole), np.float32), ops.constant(step))
    product = openvino.Core().compile_model(
        openvino.Model([ops.result(ops.relu(ops.matmul(left, right, False, False)))], [data]), "CPU"
    )
    works["int8"] = lambda: product(first)
    crops = sample_crops(4)
    for choice in ("fp32", "int8"):
        model = load_folder(BUNDLED_FOLDER, choice, runtime=choice)
        works[f"{choice} crop"] = partial(model.predict, crops)
    seconds = interleaved(works, 2 * rounds)
    rows = []
    for kind, crop in (("float32", "fp32 crop"), ("int8", "int8 crop")):
        peak = 2 * side**3 / seconds[kind]
        reached = 4 * OPERATIONS_PER_CROP / seconds[crop]
        rows.append(Row(f"matrix product, {kind}", seconds[kind], peak / 1e9, "billion operations a second"))
        rows.append(Row(f"4 crops, {kind}", seconds[crop], 100 * reached / peak, "% of that speed"))
    return rows


class _TimedRuntime:
    """Computes with another runtime, and measures for how long.

    Attributes:
        name: Name of the other runtime.
        requests_at_once: How many requests it serves.
        seconds: Time of all predictions.
    """

    def __init__(self, runtime: Runtime):
        self.name, self.requests_at_once, self.seconds = runtime.name, runtime.requests_at_once, 0.0
        self._runtime = runtime

    @property
    def outputs(self) -> int:
        """How many classes it tells apart."""
        return self._runtime.outputs

    def predict(self, crops: Sequence[np.ndarray]) -> Prediction:
        """Scores crops; see `Runtime`."""
        start = time.perf_counter()
        prediction = self._runtime.predict(crops)
        self.seconds += time.perf_counter() - start
        return prediction


class ClipStages:
    """Analyses clips and measures how long each stage takes."""

    def __init__(self, model: LoadedModel):
        """Makes an analyzer whose stages are measured.

        Args:
            model: Model to analyse with.
        """
        self._runtime = _TimedRuntime(model.for_frames().runtime)
        self._analyzer = Analyzer(replace(model, runtime=self._runtime))
        self._find_faces = self._analyzer._find_faces
        # the analyzer has no seam there
        self._analyzer._find_faces = self._timed_find_faces  # type: ignore[method-assign]
        self._detect_s = self._render_s = 0.0

    @property
    def seconds(self) -> dict[str, float]:
        """Time by stage, summed over all clips."""
        return {
            "detect": self._detect_s,
            "classify, with saliency": self._runtime.seconds,
            "render": self._render_s,
        }

    def analyze(self, path: Path, exact: bool) -> None:
        """Analyses a clip, up to the HTML of the page."""
        analysis = self._analyzer.analyze_video(path, exact=exact)
        assert len(analysis.frames) == FRAMES_PER_VIDEO and analysis.result.faces
        start = time.perf_counter()
        viewer_html(analysis, "en")
        self._render_s += time.perf_counter() - start

    def _timed_find_faces(self, *arguments: Any, **options: Any) -> Any:
        start = time.perf_counter()
        found = self._find_faces(*arguments, **options)
        self._detect_s += time.perf_counter() - start
        return found


def _analyze_photo(analyzer: Analyzer, path: Path) -> None:
    """Analyses a photo, up to the HTML of the page."""
    viewer_html(analyzer.analyze_image(path), "en")


def photos(path: Path, rounds: int) -> list[Row]:
    """Measures a photo end to end."""
    models = (("eager torch", eager_model()), ("default", default_model()))
    seconds = interleaved({name: partial(_analyze_photo, Analyzer(model), path) for name, model in models}, rounds)
    return [
        Row(f"photo of 12 megapixels, one face, {name}", value, seconds["eager torch"] / value, "x eager torch")
        for name, value in seconds.items()
    ]


def clips(paths: dict[str, Path], rounds: int) -> list[Row]:
    """Measures clips end to end against plain sequential decoding, and their stages, which run at the same time."""
    rows = []
    for name, path in paths.items():
        works: dict[str, Callable[[], object]] = {"all": partial(decode_all, path)}
        stages: dict[str, ClipStages] = {}
        for sampling in ("near", "exact"):
            stages[sampling] = ClipStages(default_model())
            works[sampling] = partial(stages[sampling].analyze, path, sampling == "exact")
            works[f"{sampling}, decode"] = partial(_read_samples, path, sampling == "exact")
        seconds = interleaved(works, rounds)
        rows.append(Row(f"{name}, plain sequential decoding", seconds["all"]))
        for sampling, measured in stages.items():
            total = seconds[sampling]
            rows.append(
                Row(f"{name}, {sampling} sampling", total, total / seconds["all"], "x plain sequential decoding")
            )
            busy = {stage: value / (rounds + 1) for stage, value in measured.seconds.items()}
            for stage, value in {"decode, alone": seconds[f"{sampling}, decode"], **busy}.items():
                rows.append(Row(f"{name}, {sampling} sampling: {stage}", value, 100 * value / total, "% of it"))
    return rows


def _read_samples(path: Path, exact: bool) -> None:
    """Does what the worker does for a clip, up to handing the frames over."""
    job = (read_media, path, "video", FRAMES_PER_VIDEO, exact, "", False)
    for _ in WORKERS.stream(*job, answers=MEDIA_ANSWERS):
        pass


def default_model() -> LoadedModel:
    """Loads the bundled model in the runtime that the environment asks for, as `app.py` does."""
    return load_folder(BUNDLED_FOLDER, "bundled", runtime=ModelSettings.from_env(os.environ).runtime)
