"""Builds of data sets without processes of their own, for tests of anything else."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dataset_builder import builder


def here(function, tasks, workers=1):
    """A pool of nobody else; a process needs two seconds to start."""
    for task in tasks:
        function(task)
        yield task, ""


@contextmanager
def built_in_this_process() -> Iterator[None]:
    """Cuts faces in this process; `test_processes.py` is about those that do so for users."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builder, "in_processes", here)
        yield
