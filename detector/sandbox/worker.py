"""The process that reads untrusted media, and what it can be asked for; `detector.sandbox.client` starts it and talks to it.

Its libraries (FFmpeg, the decoders of Pillow, the parser of content credentials) are native code that hostile files are
made for. Here a crash, an endless loop or an explosion of memory ends this process, not the server.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec
import numpy as np

from detector.limits import MAX_JOB_CPU_S, MAX_WORKER_FILE_BYTES, MAX_WORKER_MEMORY_BYTES
from detector.media.files import MediaFile
from detector.media.images import image_problems, jpeg_quality, photo_is_known, read_image
from detector.media.videos import Video, VideoFrame
from detector.sandbox import protocol

# most jobs do without what it loads
if TYPE_CHECKING:
    from detector.media.provenance import Provenance


_M_PERTURB = -6  # by glibc's malloc.h
_PATTERN = 0x5A


@dataclass(frozen=True)
class Photo:
    """A photo that was read.

    Attributes:
        facts: Of the file.
        image: ``(H, W, 3)`` uint8 RGB.
        jpeg_quality: See `detector.media.images.jpeg_quality`.
        problems: Plain sentences.
    """

    facts: MediaFile
    image: np.ndarray
    jpeg_quality: int | None
    problems: list[str]


@dataclass(frozen=True)
class ClipStart:
    """What comes before the frames of a clip: the facts, and when the frames are shown."""

    facts: MediaFile
    times_s: list[float]


def read_photo(path: str) -> Iterator[Photo]:
    """A `Photo`."""
    facts, image = read_image(path)
    yield Photo(facts, image, jpeg_quality(path), image_problems(path))


def is_photo(path: str) -> Iterator[bool]:
    """Whether the content is that of a photo."""
    yield photo_is_known(path)


def sample_clip(path: str, frames: int, exact: bool) -> Iterator[ClipStart | VideoFrame | list[str]]:
    """A `ClipStart`, the frames, and at last the problems of the file, plain sentences."""
    with Video(path) as video:
        times = video.sample_times(frames) if exact else video.near_times(frames)
        yield ClipStart(video.facts, times)
        yield from video.frames_at(times)
        yield video.problems()


def frames_at(path: str, times_s: list[float]) -> Iterator[VideoFrame]:
    """Single frames of a clip."""
    with Video(path) as video:
        yield from video.frames_at(times_s)


def read_provenance(path: str) -> Iterator[Provenance]:
    """A `Provenance`."""
    from detector.media.provenance import read_provenance

    yield read_provenance(path)


def annotate_clip(path: str, result: dict, output: str) -> Iterator[tuple[float, str]]:
    """Writes the annotated video of a `detector.results.Result`; gives the progress."""
    from detector.report.annotated_video import annotate
    from detector.results import Result

    yield from annotate(Path(path), msgspec.convert(result, Result), Path(output))


JOBS: dict[str, Callable[..., Iterator[Any]]] = {
    job.__name__: job for job in (read_photo, is_photo, sample_clip, frames_at, read_provenance, annotate_clip)
}


def limit_resources() -> None:
    """What this process can use up at most, where the system can be told."""
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


def wipe_memory() -> None:
    """Has memory overwritten when it is taken and when it is freed, where the allocator is glibc's.

    A decoder that gives what it never wrote then gives a pattern, not the photo of whoever came before. It makes decoding a
    twentieth to a tenth slower.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(_M_PERTURB, _PATTERN)


def limit_next_job() -> None:
    """CPU time from here on: a decoder that hangs ends even where the server that would stop it has died."""
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + MAX_JOB_CPU_S, hard))


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
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
            for value in JOBS[job](*arguments):
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
    wipe_memory()
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
