"""Analyses known-real files, once, before the files that are compared with them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from detector.analyzer import Analyzer
from detector.batch.runner import analyze_many
from detector.conclusion.known_real import KnownFile
from detector.deadline import Progress
from detector.errors import MediaError
from detector.limits import FRAMES_PER_VIDEO, MAX_KNOWN_REAL_FILES


def analyze_known_real(
    analyzer: Analyzer,
    paths: Sequence[str | Path],
    frames: int = FRAMES_PER_VIDEO,
    exact: bool = False,
    progress: Progress | None = None,
    file_s: float = math.inf,
    all_s: float = math.inf,
) -> tuple[KnownFile, ...]:
    """Analyses files that are known to be real, for `detector.conclusion.known_real.with_known_real`; see `analyze_many`.

    Raises:
        MediaError: There are more than `MAX_KNOWN_REAL_FILES`.
    """
    check_count(paths)
    items = analyze_many(analyzer, paths, frames, progress, exact=exact, file_s=file_s, all_s=all_s)
    return tuple(
        KnownFile(
            item.path.name, item.sha256, item.result, item.error, item.duplicate_of.name if item.duplicate_of else ""
        )
        for item in items
    )


def check_count(paths: Sequence[str | Path]) -> None:
    """Refuses more known-real files than are taken.

    Raises:
        MediaError: There are too many.
    """
    if len(paths) > MAX_KNOWN_REAL_FILES:
        raise MediaError(
            "There are more than {count} known-real files; please choose at most {count}.", count=MAX_KNOWN_REAL_FILES
        )
