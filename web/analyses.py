"""Analyses uploads for the page and for scripts alike: within their time, and compared with known-real files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import gradio as gr

from detector.analyzer import Analyzer
from detector.batch.known_files import analyze_known_real, check_count
from detector.batch.runner import BatchItem, analyze_many
from detector.conclusion.known_real import KnownFile, with_known_real
from detector.errors import MediaError
from detector.limits import FRAMES_PER_VIDEO, MAX_BATCH_FILES, MAX_BATCH_S, MAX_FRAMES, MAX_REQUEST_S
from detector.media.reading import Kind
from detector.report.translation import ENGLISH
from detector.results import Analysis
from web.work import Work


@dataclass(frozen=True)
class Wishes:
    """Says how files are to be analysed.

    Attributes:
        frames: How many frames of a clip are looked at; bounded, whatever is asked for.
        exact: See `Analyzer.analyze_video`.
        known_real: Uploads that are known to be real, to compare with.
        item: Number of the photo or film in a file that holds several; 0 for the main one.
        language: Language in which the progress is told.
    """

    frames: int | None = FRAMES_PER_VIDEO
    exact: bool = False
    known_real: Sequence[str] = ()
    item: int | None = 0
    language: str = ENGLISH

    @property
    def bounded_frames(self) -> int:
        """The number of frames that are looked at."""
        return min(max(int(self.frames or FRAMES_PER_VIDEO), 1), MAX_FRAMES)


class Analyses:
    """Analyses uploads with one model. Its methods raise `MediaError` with one plain sentence."""

    def __init__(self, analyzer: Analyzer, work: Work):
        self._analyzer = analyzer
        self._work = work

    def one(self, file: str, kind: Kind, wishes: Wishes, request: gr.Request, progress: gr.Progress) -> Analysis:
        """Analyses a file as what it is taken for; see `Analyzer`."""
        report = self._work.reporting(request, progress, MAX_REQUEST_S, wishes.language)
        check_count(wishes.known_real)
        item = wishes.item or 0
        if kind == "photo":
            analysis = self._analyzer.analyze_image(file, progress=report, item=item)
        else:
            analyze = self._analyzer.analyze_video if kind == "video" else self._analyzer.analyze
            analysis = analyze(file, frames=wishes.bounded_frames, progress=report, exact=bool(wishes.exact), item=item)
        self._work.check(request)
        return self._compared(analysis, wishes, request, progress)

    def many(
        self,
        files: Sequence[str],
        wishes: Wishes,
        request: gr.Request,
        progress: gr.Progress,
        keep_analyses: bool = False,
    ) -> Iterator[BatchItem]:
        """Analyses files one after the other; see `analyze_many`."""
        if len(files) > MAX_BATCH_FILES:
            raise MediaError("More than {count} files were sent; please send fewer at a time.", count=MAX_BATCH_FILES)
        # a batch is stopped between its files, so that what is done is not lost
        report = self._work.reporting(request, progress, math.inf, wishes.language)
        known = self._known_real(wishes, request, progress)
        return analyze_many(
            self._analyzer,
            files,
            wishes.bounded_frames,
            report,
            keep_analyses=keep_analyses,
            exact=bool(wishes.exact),
            file_s=MAX_REQUEST_S,
            all_s=MAX_BATCH_S,
            compare=(lambda analysis: with_known_real(analysis, known, self._analyzer.model.scales)) if known else None,
        )

    def _compared(self, analysis: Analysis, wishes: Wishes, request: gr.Request, progress: gr.Progress) -> Analysis:
        known = self._known_real(wishes, request, progress)
        return with_known_real(analysis, known, self._analyzer.model.scales) if known else analysis

    def _known_real(self, wishes: Wishes, request: gr.Request, progress: gr.Progress) -> tuple[KnownFile, ...]:
        """Analyses the known-real files, which have the deadlines of a batch.

        Raises:
            MediaError: There are too many, or the analysis was cancelled.
        """
        if not wishes.known_real:
            return ()
        report = self._work.reporting(request, progress, math.inf, wishes.language)
        return analyze_known_real(
            self._analyzer,
            wishes.known_real,
            wishes.bounded_frames,
            bool(wishes.exact),
            report,
            file_s=MAX_REQUEST_S,
            all_s=MAX_BATCH_S,
        )
