"""The model of a scan: computed in each worker, or on the GPUs of the cluster, where one process a GPU computes for all workers."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import ray
from ray.exceptions import ActorDiedError, RayActorError

from detector.batch.cluster import ATTEMPTS
from detector.errors import CommandError
from detector.network.loading import LoadedModel, ModelError, load_chosen
from detector.network.runtimes import Choice, DeviceLostError, Prediction
from detector.network.settings import ModelSettings, limit_threads

logger = logging.getLogger(__name__)

# Workers whose crops a GPU takes together; more of them wait their turn.
_CALLS_AT_ONCE = 64


@dataclass(frozen=True)
class GpuPlace:
    """Where a GPU computes: the name of its process within the cluster, and the node that it is on."""

    name: str
    node: str


@dataclass(frozen=True)
class Model:
    """Which model a worker answers with.

    Attributes:
        settings: Name on the Hub, revision and runtime.
        folder: Of the model, in place of its name; every machine needs it.
        threads: How many a worker computes with.
        gpus: What computes in place of the workers; empty where they do it themselves.
    """

    settings: ModelSettings
    folder: str = ""
    threads: int = 1
    gpus: tuple[GpuPlace, ...] = ()


def load(model: Model) -> LoadedModel:
    """Loads the model of a worker.

    Raises:
        CommandError: It cannot be used.
    """
    limit_threads(model.threads)
    cv2.setNumThreads(model.threads)
    return _at_gpu(model.gpus) if model.gpus else _load(model)


def _load(model: Model) -> LoadedModel:
    try:
        return load_chosen(model.settings, model.folder)
    except ModelError as error:
        raise CommandError(str(error)) from error


@contextmanager
def on_gpus(model: Model, runtime: Choice = "cuda", gpus_each: float = 1) -> Iterator[Model]:
    """Has one process a GPU of the cluster compute, where there are GPUs and the model may use them.

    Args:
        model: What is loaded.
        runtime: What computes there.
        gpus_each: How many GPUs a process has.

    Yields:
        The model for the workers.

    Raises:
        CommandError: A process cannot load the model.
    """
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    count = int(resources.get("GPU", 0) // gpus_each) if gpus_each else 1  # 0 tries it out without any
    if model.settings.runtime not in ("auto", runtime) or not count:
        yield model
        return
    there = replace(model, settings=replace(model.settings, runtime=runtime))
    names = [f"gpu-{uuid.uuid4().hex[:8]}" for _ in range(count)]
    options = {
        "num_gpus": gpus_each,
        "num_cpus": 0,
        "max_concurrency": _CALLS_AT_ONCE,
        "max_restarts": ATTEMPTS - 1,
        "max_task_retries": ATTEMPTS - 1,
    }
    actor: Any = ray.remote(_GpuModel)
    started = [actor.options(name=name, **options).remote(there, name) for name in names]
    try:
        nodes = ray.get([one.node.remote() for one in started])
        yield replace(model, gpus=tuple(map(GpuPlace, names, nodes)))
    except ActorDiedError as error:
        raise CommandError("A GPU of the cluster cannot compute the model; the log of Ray says why.") from error
    finally:
        for one in started:
            ray.kill(one)


class _GpuModel:
    """The process at a GPU. Its runtime takes the crops of all workers together."""

    def __init__(self, model: Model, name: str):
        self._model, self._name = _load(model), name

    def node(self) -> str:
        """Gives the id of the node that this is on."""
        return str(ray.get_runtime_context().get_node_id())

    def described(self) -> LoadedModel:
        """Gives the model for a worker: its runtime is this process."""
        runtime = self._model.runtime
        there = _RuntimeAtGpu(runtime.name, runtime.outputs, runtime.requests_at_once, self._name)
        return replace(self._model, runtime=there)

    def predict(self, crops: Sequence[np.ndarray]) -> Prediction:
        """See `detector.network.runtimes.Runtime`. Ends this process where the GPU is lost: Ray starts another."""
        try:
            return self._model.runtime.predict(crops)
        except DeviceLostError:
            logger.exception("the GPU is lost")
            os._exit(1)


@dataclass
class _RuntimeAtGpu:
    """Has the crops of a worker computed by the process at a GPU; see `detector.network.runtimes.Runtime`."""

    name: str
    outputs: int
    requests_at_once: int
    process: str

    def predict(self, crops: Sequence[np.ndarray]) -> Prediction:
        """Scores crops; see `Runtime`.

        Raises:
            CommandError: The process at the GPU ended, again and again.
        """
        try:
            process: Any = ray.get_actor(self.process)
            prediction: Prediction = ray.get(process.predict.remote(list(crops)))
        except (RayActorError, ValueError) as error:  # the latter where it is gone for good
            raise CommandError("The process at a GPU of the cluster ended; the log of Ray says why.") from error
        # what Ray hands over cannot be written to
        return replace(prediction, logits=prediction.logits.copy(), evidence=prediction.evidence.copy())


def _at_gpu(places: tuple[GpuPlace, ...]) -> LoadedModel:
    """Gives the model of a worker whose crops are computed at a GPU: of its own node, where that has one."""
    here = ray.get_runtime_context().get_node_id()
    near = [place for place in places if place.node == here] or list(places)
    process: Any = ray.get_actor(near[os.getpid() % len(near)].name)
    model: LoadedModel = ray.get(process.described.remote())
    return model
