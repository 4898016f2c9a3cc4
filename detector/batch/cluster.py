"""Runs many small pieces of work on Ray: on this machine, or on a cluster that runs already.

Each piece is a Ray task of its own, not a row of Ray Data: Ray then repeats just the piece that a dead process held, and says of
each which one was given up. Ray Data repeats and gives up whole blocks, without saying what was in them.
"""

from __future__ import annotations

import itertools
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import ray
from ray.exceptions import (
    NodeDiedError,
    ObjectLostError,
    OutOfMemoryError,
    RayError,
    RaySystemError,
    RayTaskError,
    WorkerCrashedError,
)

from detector.errors import CommandError

logger = logging.getLogger(__name__)

# A piece of work whose process dies is begun so many times; then it is given up.
ATTEMPTS = 3
# Pieces that wait beside those in work: a worker never waits for the next, and an autoscaler sees that there is more.
_AHEAD = 2
# What the process or node of one piece can come to. Where Ray itself ends, as on this machine, every other piece would be given
# up within seconds.
_OF_THE_PIECE = (WorkerCrashedError, OutOfMemoryError, NodeDiedError, ObjectLostError)
# Between two looks at how many workers there are.
_LOOK_EVERY = 64
# To the head of a cluster; Ray itself would try for minutes.
_JOIN_S = 10
# Of the store for results on this machine: rows are small.
_STORE_BYTES = 256 * 1024**2

Item = TypeVar("Item")
Value = TypeVar("Value")


@dataclass(frozen=True)
class ClusterOptions:
    """Where the work is done.

    Attributes:
        address: Of a running cluster, as ``ray.init`` takes it: ``auto``, ``host:port``; empty to start Ray on this machine.
        workers: How many pieces are worked on at once; 0 for one a core.
        cores: How many cores a worker has.
    """

    address: str = ""
    workers: int = 0
    cores: int = 1


@dataclass(frozen=True)
class Done(Generic[Item, Value]):
    """What came of a piece of work.

    Attributes:
        item: The piece.
        value: What the function gave; None where it was given up.
        lost: Why it was given up, for the log; empty where it was not.
    """

    item: Item
    value: Value | None
    lost: str = ""


@contextmanager
def connected(options: ClusterOptions) -> Iterator[None]:
    """Starts Ray on this machine, or joins a cluster; leaves it at the end. Where this process is in one already, it is used.

    Raises:
        CommandError: The cluster cannot be joined.
    """
    if ray.is_initialized():
        yield
        return
    # it would report to its makers
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    where: dict[str, Any] = {"address": options.address}
    if not options.address:
        # not what RAY_ADDRESS names: a cluster is joined only where that is asked for
        cores = options.workers * options.cores or max(os.cpu_count() or 1, options.cores)
        # its dashboard would take as many processes as there are workers; `ray start --head` has one
        where = {
            "address": "local",
            "num_cpus": cores,
            "object_store_memory": _STORE_BYTES,
            "include_dashboard": False,
        }
        # a piece that fills the memory is given up, too; Ray would begin it again for ever
        os.environ.setdefault("RAY_task_oom_retries", str(ATTEMPTS - 1))
        # Ray's own 15 leaves the cores to everything else that runs
        os.environ.setdefault("RAY_worker_niceness", "0")
    try:
        _reach(options.address)
        ray.init(**where, log_to_driver=False, logging_level=logging.ERROR, namespace="face-check")
    except Exception as error:  # Ray raises no narrower one where it does not start in its time
        logger.debug("Ray", exc_info=True)
        at = f"at {options.address} " if options.address else ""
        raise CommandError(f"Ray {at}cannot be reached: {_first_line(error)}") from error
    try:
        # where Ray prints that a process died; the standard output is for results
        with redirect_stdout(sys.stderr):
            yield
    finally:
        ray.shutdown()


def _reach(address: str) -> None:
    """Tries whether anybody answers at ``host:port``.

    Raises:
        OSError: Nobody does.
    """
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_JOIN_S).close()


def outcomes(
    function: Callable[[Item], Value],
    items: Iterable[Item],
    options: ClusterOptions,
    name: str,
    attempts: int = ATTEMPTS,
) -> Iterator[Done[Item, Value]]:
    """Calls a function with each item, in no order; needs `connected`.

    A process or node that dies costs the pieces in its hands only. They are begun again, on whatever is left.

    Args:
        function: Can be imported by the workers, too.
        items: Are taken as there is room for them, so there may be any number.
        options: Where the work is done.
        name: What the pieces are called on Ray's dashboard.
        attempts: How often a piece is begun before it is given up.

    Raises:
        CommandError: Ray has ended, or a node lacks the software. The pieces in work are left.
        Exception: What the function raised. The pieces in work are left.
    """
    task = ray.remote(function).options(name=name, num_cpus=options.cores, max_retries=attempts - 1)
    waiting = iter(items)
    running: dict[ray.ObjectRef[Value], Item] = {}
    try:
        for number in itertools.count():
            if number % _LOOK_EVERY == 0:
                places = options.workers or _cores() // options.cores
            room = places + (0 if options.workers else _AHEAD) - len(running)
            for item in itertools.islice(waiting, max(room, 0)):
                running[task.remote(item)] = item
            if not running:
                return
            [ref], _ = ray.wait(list(running))
            yield _done(running.pop(ref), ref)
    finally:
        for ref in running:
            with suppress(RayError):
                ray.cancel(ref, force=True)


def _cores() -> int:
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return int(resources.get("CPU", 1))


def _done(item: Item, ref: ray.ObjectRef[Value]) -> Done[Item, Value]:
    try:
        return Done(item, ray.get(ref))
    except _OF_THE_PIECE as error:
        logger.info("given up", exc_info=True)
        return Done(item, None, _first_line(error))
    except RayTaskError as error:
        if isinstance(error.cause, RaySystemError):
            raise CommandError(
                f"A worker cannot begin ({_first_line(error.cause)}); install the same software on all nodes."
            ) from error
        # as the function raised it, so that callers need not know of Ray
        raise (error.cause if isinstance(error.cause, Exception) else error) from error
    except RayError as error:
        raise CommandError(f"Ray has ended ({_first_line(error)}); the same command goes on where it was.") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
