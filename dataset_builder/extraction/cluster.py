"""Cuts jobs on a Ray cluster whose nodes share the disks with the videos and with the cache.

A node that lacks such a disk would call every video unreadable, or put its crops where nobody finds them, so a worker looks first
whether it sees what the machine that sent the job sees.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import PIL

from dataset_builder.extraction.cutting import CutTask
from dataset_builder.extraction.jobs import EXTRACTION_VERSION
from detector.batch.cluster import ClusterOptions, connected, outcomes
from detector.errors import CommandError
from detector.version import __version__


@dataclass(frozen=True)
class _Sent:
    """A job on its way to a node.

    Attributes:
        function: What to do with it.
        task: The job.
        sign: An empty file in the folder of finished jobs.
        sizes: Bytes of each source file that can be read, by its path.
        software: As `_software` tells it.
    """

    function: Callable[[CutTask], None]
    task: CutTask
    sign: Path
    sizes: dict[str, int]
    software: dict[str, str]


def on_cluster(
    function: Callable[[CutTask], None], tasks: list[CutTask], options: ClusterOptions
) -> Generator[tuple[CutTask, str], None, None]:
    """Calls a function with each task on a Ray cluster, in no order; see `cutting.Pool`.

    Raises:
        CommandError: The cluster cannot be joined, or one of its nodes lacks the videos, the cache or this software.
    """
    sign = tasks[0].folder / f"{uuid.uuid4().hex}.sign"
    sign.touch()
    try:
        with connected(options):
            sent = (_Sent(function, task, sign, _sizes(task), _software()) for task in tasks)
            for done in outcomes(_on_node, sent, options, name="cut faces"):
                yield done.item.task, done.lost
    finally:
        sign.unlink(missing_ok=True)


def _on_node(sent: _Sent) -> None:
    """Does a job in a process of a node.

    Raises:
        CommandError: The node lacks what the job needs.
    """
    node = socket.gethostname()
    for package, version in sent.software.items():
        if (found := _software()[package]) != version:
            raise CommandError(
                f"Node {node} has {package} {found}, not {version}; install the same versions on all nodes."
            )
    if not sent.sign.is_file():
        raise CommandError(f"Node {node} does not see the folder {sent.sign.parent}; {_SHARE}.")
    found_sizes = _sizes(sent.task)
    for path, size in sent.sizes.items():
        if found_sizes.get(path) != size:
            raise CommandError(f"Node {node} does not see the file {path} as this machine does; {_SHARE}.")
    cv2.setNumThreads(1)  # the other cores have jobs of their own
    sent.function(sent.task)


_SHARE = "the videos and --cache-dir must lie on a disk that all nodes share"


def _sizes(task: CutTask) -> dict[str, int]:
    paths = [path for item in task.job.items for path in (item.path, item.mask_path) if path]
    return {path: os.path.getsize(path) for path in paths if os.access(path, os.R_OK)}


def _software() -> dict[str, str]:
    """Tells the versions that crops depend on."""
    return {
        "face-manipulation-check": f"{__version__}, extraction {EXTRACTION_VERSION}",
        "av": av.__version__,
        "opencv-python-headless": cv2.__version__,
        "pillow": PIL.__version__,
        "numpy": np.__version__,
    }
