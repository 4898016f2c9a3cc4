"""Calls a function in processes of this machine, of which one that dies costs only what it held.

`Dataset.map(num_proc)` ends the run when a process dies, and `ProcessPoolExecutor` loses all that it was given, so here each
process is an executor of its own; neither ends its processes when their parent is killed.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

import cv2

Item = TypeVar("Item")


def in_processes(
    function: Callable[[Item], None], items: Iterable[Item], workers: int
) -> Generator[tuple[Item, str], None, None]:
    """Calls a function with each item, in no order.

    An item whose process dies is tried again at the end, alone: the memory may have been too small for several.

    Args:
        function: Can be imported by the processes, too.
        items: Are taken as processes are free, so there may be any number.
        workers: Processes.

    Yields:
        The item, and why it was given up; empty where it was not.

    Raises:
        Exception: What the function raised, once the other processes are done with what they hold.
    """
    lost = []
    for item, problem in _each(function, items, workers):
        if problem:
            lost.append(item)
        else:
            yield item, ""
    yield from _each(function, lost, workers=1)


def _each(
    function: Callable[[Item], None], items: Iterable[Item], workers: int
) -> Generator[tuple[Item, str], None, None]:
    """Calls a function with each item, once."""
    waiting = iter(items)
    idle = [_process(workers) for _ in range(workers)]
    running: dict[Future[None], tuple[Item, ProcessPoolExecutor]] = {}
    try:
        while True:
            for item in itertools.islice(waiting, len(idle)):
                process = idle.pop()
                running[process.submit(function, item)] = item, process
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                item, process = running.pop(future)
                idle.append(process)
                try:
                    future.result()
                except BrokenProcessPool as error:
                    idle[-1] = _process(workers)
                    yield item, str(error)
                else:
                    yield item, ""
    finally:
        for process in [*idle, *(process for _, process in running.values())]:
            process.shutdown()


def _process(workers: int) -> ProcessPoolExecutor:
    """Prepares a process, which starts with the first item that it gets."""
    # spawn: a fork of a process with running OpenCV and FFmpeg threads can hang
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_start, initargs=(workers,))


def _start(workers: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: the parent stops after the items in work
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if workers > 1:
        cv2.setNumThreads(1)


def _end_with_parent() -> None:
    """Ends this process when its parent is killed: it would wait for work forever."""
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)
