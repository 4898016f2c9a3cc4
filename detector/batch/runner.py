"""Many files: each is analysed for itself, and one bad file never stops the rest."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import av
import cv2

from detector.analyzer import Analyzer
from detector.deadline import Deadline, Progress
from detector.errors import MediaError, cannot_be_opened
from detector.limits import FRAMES_PER_VIDEO
from detector.media.files import check_size, file_sha256
from detector.media.photos.live_photos import HALVES, other_half
from detector.messages import Message, joined
from detector.results import Analysis, Result
from detector.text import printable

logger = logging.getLogger(__name__)

# What a decoder or the network may raise on a file that nobody foresaw.
_UNFORESEEN = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    av.FFmpegError,
    cv2.error,
)


@dataclass(frozen=True)
class BatchItem:
    """What became of one file: either `result` or `error` is there.

    Attributes:
        path: The file.
        sha256: Hex digest of its bytes; empty where they could not be read.
        result: What is said about it.
        error: Why it could not be analysed, one plain sentence.
        duplicate_of: An earlier file of the same bytes, whose result this is.
        analysis: The pictures behind the result; only if they were asked for, and never of a duplicate.
    """

    path: Path
    sha256: str
    result: Result | None = None
    error: Message | None = None
    duplicate_of: Path | None = None
    analysis: Analysis | None = None


def analyze_many(
    analyzer: Analyzer,
    paths: Iterable[str | Path],
    frames: int = FRAMES_PER_VIDEO,
    progress: Progress | None = None,
    keep_analyses: bool = False,
    exact: bool = False,
    file_s: float = math.inf,
    all_s: float = math.inf,
    compare: Callable[[Analysis], Analysis] | None = None,
    item: int = 0,
) -> Iterator[BatchItem]:
    """Assesses files one after the other; files of the same bytes are analysed once.

    Args:
        analyzer: Has the model.
        paths: The files, in the order of the items.
        frames: How many frames of a video to sample.
        progress: Called with the share of all files done, 0..1, and what is being done.
        keep_analyses: Gives the pictures with each item, up to 60 MB; drop them before you ask for the next one.
        exact: See `Analyzer.analyze_video`.
        file_s: How long one file may take; a video that takes longer is an error of its own.
        all_s: How long all files may take; those that have not begun by then are errors, what is done stays.
        compare: Completes each analysis, while its pictures are there.
        item: See `Analyzer.analyze`; of every file the same.

    Yields:
        One item a file.
    """
    files = [Path(path) for path in paths]
    known: dict[str, tuple[Path, Result]] = {}  # by the hash of the file
    # names of files, by what both files of a Live Photo share, and whether they are the film
    halves: dict[tuple[str, bool], str] = {}
    of_all = Deadline(all_s)
    for index, path in enumerate(files):
        if of_all.is_over:
            yield BatchItem(
                path,
                "",
                error=Message("The files before it took too long, so this one was left; please send it again."),
            )
            continue
        report = partial(_report, progress, Deadline(file_s), path.name, index, len(files))
        analyze = partial(
            analyzer.analyze,
            frames=frames,
            progress=report,
            exact=exact,
            with_provenance=keep_analyses,
            item=item,
        )
        report(0.0)
        done = _analyze_one(path, known, partial(_completed, analyze, compare, halves), keep_analyses)
        report(1.0)
        if done.result:
            known.setdefault(done.sha256, (path, done.result))
        yield done
        del done  # with its pictures, before the next file brings its own


def _completed(
    analyze: Callable[..., Analysis],
    compare: Callable[[Analysis], Analysis] | None,
    halves: dict[tuple[str, bool], str],
    path: Path,
    sha256: str,
) -> Analysis:
    analysis = _with_other_half(analyze(path, sha256=sha256), halves, path.name)
    return compare(analysis) if compare else analysis


def _with_other_half(analysis: Analysis, halves: dict[tuple[str, bool], str], name: str) -> Analysis:
    """Names the other half of a Live Photo, where it came before; else it is said that it has to be checked, too."""
    if not analysis.live_photo:
        return analysis
    is_film = analysis.result.file.duration_s is not None
    halves[analysis.live_photo, is_film] = name
    other = halves.get((analysis.live_photo, not is_film))
    if other is None:
        return analysis
    said = other_half(printable(other))
    warnings = tuple(said if warning in HALVES else warning for warning in analysis.result.warnings)
    return replace(analysis, result=replace(analysis.result, warnings=warnings))


def _report(
    progress: Progress | None,
    deadline: Deadline,
    name: str,
    index: int,
    count: int,
    share: float,
    doing: Message | None = None,
) -> None:
    """Passes the progress of one of `count` files on."""
    if 0 < share < 1:
        deadline.check()
    if progress:
        progress((index + share) / count, joined([printable(name), doing] if doing else [printable(name)]))


def _analyze_one(
    path: Path, known: Mapping[str, tuple[Path, Result]], analyze: Callable[..., Analysis], keep_analysis: bool
) -> BatchItem:
    sha256 = ""
    try:
        if path.is_dir():
            raise MediaError("This is a folder, and its files cannot be listed.")
        check_size(path)
        sha256 = file_sha256(path)
        if sha256 in known:
            first, result = known[sha256]
            facts = replace(result.file, name=path.name)
            return BatchItem(path, sha256, replace(result, file=facts), duplicate_of=first)
        analysis = analyze(path, sha256=sha256)
    except MediaError as error:
        logger.info("%s: %s", path, error, exc_info=True)
        return BatchItem(path, sha256, error=error.message)
    except MemoryError:
        logger.exception("out of memory: %s", path)
        return BatchItem(path, sha256, error=Message("This machine has too little free memory to analyse the file."))
    except OSError as error:
        logger.info("%s: %s", path, error, exc_info=True)
        return BatchItem(path, sha256, error=cannot_be_opened(error))
    except _UNFORESEEN:
        logger.exception("unforeseen: %s", path)
        return BatchItem(
            path, sha256, error=Message("The file could not be analysed because of a fault in this program.")
        )
    return BatchItem(path, sha256, analysis.result, analysis=analysis if keep_analysis else None)
