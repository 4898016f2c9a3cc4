"""Builds of data sets without processes of their own, for tests of anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import pytest

from dataset_builder.extraction import jobs
from detector.faces.detection import FaceDetector


class ThisProcess:
    """Does at once what `ProcessPoolExecutor` gives to other processes, each of which needs two seconds to start."""

    def __init__(self, *_, **__):
        jobs._detector = FaceDetector()

    def __enter__(self) -> ThisProcess:
        return self

    def __exit__(self, *_) -> None:
        pass

    def submit(self, function: Callable, *arguments) -> Future:
        done: Future = Future()
        done.set_result(function(*arguments))
        return done

    def shutdown(self, **_) -> None:
        pass


@contextmanager
def built_in_this_process() -> Iterator[None]:
    """Cuts faces in this process; `test_jobs.py` is about the processes that do so for users."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "ProcessPoolExecutor", ThisProcess)
        yield
