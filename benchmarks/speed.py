"""How long classification, saliency, photos and clips take, against plain eager float32 torch with the same weights."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import openvino
import torch
from openvino import opset13 as ops

from benchmarks.media import decode_all, portrait
from detector.analyzer import FRAMES_PER_VIDEO, Analyzer
from detector.faces.detection import FaceDetector, crop_face
from detector.media.reading import MEDIA_ANSWERS, read_media
from detector.network.loading import BUNDLED_FOLDER, LoadedModel, load_folder
from detector.network.runtimes import Choice, RefiningRuntime
from detector.network.settings import ModelSettings
from detector.network.torch_runtime import TorchRuntime
from detector.sandbox.client import WORKERS
from web.views.media import clip_html, photo_html

# Multiply-adds of VGG-16's convolutions at 224 px; an operation is one of the two.
OPERATIONS_PER_CROP = 2 * 15.35e9


@dataclass(frozen=True)
class Row:
    """A figure.

    Attributes:
        what: Was measured.
        seconds: Median.
        ratio: How many times as fast as what it is compared with, or what else `unit` says; None without one.
        unit: Of the ratio.
    """

    what: str
    seconds: float
    ratio: float | None = None
    unit: str = ""


def interleaved(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each, after one run that does not count; taken in turn, so that all meet the same neighbours."""
    taken = defaultdict(list)
    for number in range(rounds + 1):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            if number:
                taken[name].append(time.perf_counter() - start)
    return {name: median(values) for name, values in taken.items()}


def eager_model() -> LoadedModel:
    """The bundled weights in plain eager float32 torch, without channels-last."""
    loaded = load_folder(BUNDLED_FOLDER, "eager", runtime="torch")
    network = loaded.runtime.network.to(memory_format=torch.contiguous_format)
    return LoadedModel(loaded.info, TorchRuntime(network, loaded.runtime.transform, loaded.info.real))


def sample_crops(count: int) -> list[np.ndarray]:
    """One face, each time shifted a little."""
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
        works = {}
        for name, model in models.items():
            if isinstance(model.runtime, RefiningRuntime):
                works[name] = partial(model.runtime.near(()).predict, crops)
                works[f"{name}, near a threshold float32"] = partial(model.predict, crops)
            else:
                works[name] = partial(model.predict, crops)
        seconds = interleaved(works, rounds)
        against = seconds["eager torch"]
        rows += [Row(f"{some}, {name}", value, against / value, "x eager torch") for name, value in seconds.items()]
    return rows


def distance_to_the_limit(rounds: int) -> list[Row]:
    """What one crop's operations would take at the speed of a large matrix product, float32 and int8."""
    side = 3072
    first = np.random.default_rng(0).random((side, side), np.float32)
    float32 = torch.from_numpy(first)
    works = {"float32": lambda: float32 @ float32}
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


class Stages:
    """An analyzer that notes how long its stages take."""

    def __init__(self, model: LoadedModel):
        self.analyzer = Analyzer(model)
        self.seconds: defaultdict[str, float] = defaultdict(float)
        for method, stage in (("_find_faces", "detect"), ("_score", "classify, with saliency")):
            setattr(self.analyzer, method, self._timed(getattr(self.analyzer, method), stage))

    def _timed(self, work: Callable, stage: str) -> Callable:
        def timed(*arguments, **options):
            start = time.perf_counter()
            try:
                return work(*arguments, **options)
            finally:
                self.seconds[stage] += time.perf_counter() - start

        return timed

    def photo(self, path: Path) -> None:
        """To the page's HTML."""
        photo_html(self.analyzer.analyze_image(path), "en")

    def clip(self, path: Path, exact: bool) -> None:
        """Likewise."""
        analysis = self.analyzer.analyze_video(path, exact=exact)
        assert len(analysis.frames) == FRAMES_PER_VIDEO and analysis.result.faces
        self._timed(clip_html, "render")(analysis, "en")


def photos(path: Path, rounds: int) -> list[Row]:
    """A photo end to end."""
    models = (("eager torch", eager_model()), ("default", default_model()))
    seconds = interleaved({name: partial(Stages(model).photo, path) for name, model in models}, rounds)
    return [
        Row(f"photo of 12 megapixels, one face, {name}", value, seconds["eager torch"] / value, "x eager torch")
        for name, value in seconds.items()
    ]


def clips(paths: dict[str, Path], rounds: int) -> list[Row]:
    """Clips end to end against plain sequential decoding, and their stages, which go on side by side."""
    rows = []
    for name, path in paths.items():
        works, stages = {"all": partial(decode_all, path)}, {}
        for sampling in ("near", "exact"):
            stages[sampling] = Stages(default_model())
            works[sampling] = partial(stages[sampling].clip, path, sampling == "exact")
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
    """What the worker does for a clip, down to handing the frames over."""
    job = (read_media, path, "video", FRAMES_PER_VIDEO, exact, "", False)
    for _ in WORKERS.stream(*job, answers=MEDIA_ANSWERS):
        pass


def default_model() -> LoadedModel:
    """The bundled model in the runtime that the environment asks for, as `app.py` loads it."""
    return load_folder(BUNDLED_FOLDER, "bundled", runtime=ModelSettings.from_env(os.environ).runtime)
