"""The process that reads untrusted media; `detector.sandbox.client` starts it and talks to it.

Its libraries (FFmpeg, the decoders of Pillow, the parser of content credentials) are native code that hostile files are
made for. Here a crash, an endless loop or an explosion of memory ends this process, not the server.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import IO, Any

from detector.limits import MAX_JOB_CPU_S, MAX_WORKER_FILE_BYTES, MAX_WORKER_MEMORY_BYTES
from detector.sandbox import protocol

# All that this process can be asked for, with the modules that hold it: a message can name nothing else. They are named, not
# imported, because they lie above this package, and most jobs do without what the others load.
JOBS = {
    "read_media": "detector.media.reading",
    "frames_at": "detector.media.reading",
    "annotate_clip": "detector.report.pictures.annotated_video",
    "examine_photo": "detector.media.forensics.examine",
    "examine_clip": "detector.media.forensics.examine",
    "read_case": "detector.report.case.reading",
}


@cache
def job_named(name: str) -> Callable[..., Iterator[Any]]:
    """Gives one of `JOBS`.

    Raises:
        KeyError: There is no such job.
    """
    job: Callable[..., Iterator[Any]] = getattr(import_module(JOBS[name]), name)
    return job


def limit_resources() -> None:
    """Bounds what this process can use up, where the system can be told."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for kind, limit in (
        (resource.RLIMIT_AS, MAX_WORKER_MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, MAX_WORKER_FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        soft, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (limit if soft == resource.RLIM_INFINITY else min(limit, soft), hard))


def limit_next_job() -> None:
    """Bounds the CPU time from here on: a decoder that hangs ends even where the server that would stop it has died."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + MAX_JOB_CPU_S, hard))


def serve(requests: protocol.Source, answers: IO[bytes]) -> None:
    """Does one job after the other until the server goes.

    Only errors that a job tells of are passed on. Any other ends the process, with a traceback in the log.
    """
    while True:
        try:
            (job, arguments), _ = protocol.read(requests)
        except EOFError:
            return
        limit_next_job()
        try:
            for value in job_named(job)(*arguments):
                protocol.write_answer(answers, value)
            protocol.write_end(answers)
        except BrokenPipeError:
            return
        except (OSError, ValueError, MemoryError) as error:  # a MediaError is a ValueError
            protocol.write_error(answers, error)


def main() -> None:
    """Talks over the streams that it was started with; what a library prints goes to the error stream."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    limit_resources()
    job_named("read_media")  # loaded now, while nobody waits for it
    serve(os.fdopen(sys.stdin.fileno(), "rb", closefd=False), answers)


if __name__ == "__main__":
    main()
