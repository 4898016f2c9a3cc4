"""Answers what is asked on the page about files: checks them, opens saved cases, and opens rows of many files."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from detector.analyzer import Analyzer
from detector.batch.runner import BatchItem
from detector.errors import MediaError
from detector.limits import MAX_BATCH_FILES, MAX_REQUEST_S
from detector.messages import Message
from detector.report.case.opening import looks_like_case
from detector.report.pictures.closeup import enlarged_face
from detector.results import Analysis
from web.analyses import Analyses, Wishes
from web.desk.kept import NO_RESULT, Kept, keep
from web.desk.shown import ShownResult, ShownTable, shown_case, shown_result
from web.links.fetching import FetchedFile, fetch
from web.service import write_tables
from web.sessions import Cancelled
from web.views.batch import BatchFile, batch_html, thumbnail
from web.views.closeup import face_html
from web.views.notices import problem_html, stopped_html
from web.work import Work

logger = logging.getLogger(__name__)

CASE_ALONE = Message("A saved case is opened by itself; please choose no other file beside it.")
NOT_COMPARED = Message("The known-real files were not used, as a saved case is not analysed again.")


class Desk:
    """Answers one page after the other; what goes wrong with a file is shown in the place of its result."""

    def __init__(self, analyzer: Analyzer, work: Work):
        self._model = analyzer.model
        self._work = work
        self._analyses = Analyses(analyzer, work)

    def check(
        self,
        files: list[str] | None,
        fetched: FetchedFile | Message | None,
        known_real: list[str] | None,
        frames: int,
        exact: bool,
        item: int | None,
        language: str,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),
    ) -> list[Any]:
        """Checks what was chosen; fills the table of many files, and the place of a result.

        `fetched` is the file of a link, or why there is none; None where no link was given.
        """
        wishes = Wishes(frames, exact, known_real or (), item, language)
        by_link = {str(fetched.path): fetched} if isinstance(fetched, FetchedFile) else {}
        files = [*(files or []), *by_link]

        def work() -> list[Any]:
            if len(files) > 1:
                return _both(table=self._table(files, by_link, wishes, request, progress))
            return _both(result=self._one(files[0], by_link, wishes, request, progress))

        try:
            with self._work.begun(request):
                if isinstance(fetched, Message):
                    return _both(result=ShownResult(verdict=problem_html("", fetched, language)))
                return self._work.run(work, [*files, *wishes.known_real] if files else None, request)
        except Cancelled:
            return _both(result=ShownResult(verdict=stopped_html(language)))
        except MediaError as error:
            logger.info("refused: %s", error, exc_info=True)
            name = Path(files[0]).name if len(files) == 1 else ""
            return _both(result=ShownResult(verdict=problem_html(name, error.message, language)))

    def fetch_link(
        self, link: str, language: str, request: gr.Request, progress: gr.Progress = gr.Progress()
    ) -> FetchedFile | Message | None:
        """Fetches the file of a link for `check`, or says why it cannot be fetched."""
        if not link.strip():
            return None
        report = self._work.reporting(request, progress, MAX_REQUEST_S, language)
        try:
            return self._work.run(
                lambda: fetch(link.strip(), self._work.new_folder(request), report), [], request, needs_files=False
            )
        except MediaError as error:
            logger.info("refused: %s", error, exc_info=True)
            return error.message

    def open_row(
        self, rows: list[Kept | None] | None, language: str, request: gr.Request, event: gr.EventData
    ) -> list[Any]:
        """Shows the result of one of many files."""
        number = event._data.get("chosen")
        kept = rows[number] if rows and isinstance(number, int) and 0 <= number < len(rows) else None
        if kept is None:
            return ShownResult(verdict=problem_html("", NO_RESULT, language)).values()

        def show() -> list[Any]:
            analysis = kept.opened().analysis
            return shown_result(kept, analysis, self._model, language, offers_items=False).values()

        try:
            return self._work.run(show, [str(kept.path)], request)
        except MediaError as error:
            logger.info("refused: %s", error, exc_info=True)
            return ShownResult(verdict=problem_html(kept.path.name, error.message, language)).values()

    def enlarge(self, kept: Kept | None, language: str, request: gr.Request, event: gr.EventData) -> str:
        """Cuts a face from the file; empty where that cannot be done, and the viewer keeps to the picture that it has."""
        face, frame = event._data.get("face"), event._data.get("frame")
        if not (kept and kept.upload and kept.faces and isinstance(face, int) and isinstance(frame, int)):
            return ""
        upload, faces = kept.upload, kept.faces
        try:
            return self._work.run(
                lambda: face_html(enlarged_face(upload, faces, face, frame), language), [str(upload)], request
            )
        except MediaError:
            logger.info("no close-up", exc_info=True)
            return ""

    def _one(
        self,
        file: str,
        by_link: Mapping[str, FetchedFile],
        wishes: Wishes,
        request: gr.Request,
        progress: gr.Progress,
    ) -> ShownResult:
        if looks_like_case(file):
            kept = Kept(Path(file), None)
            return shown_case(kept, kept.opened(), wishes.language, (NOT_COMPARED,) if wishes.known_real else ())
        analysis = self._analyses.one(file, "any", wishes, request, progress)
        kept = self._keep(file, by_link, analysis, request)
        remarks = by_link[file].warnings if file in by_link else ()
        return shown_result(kept, analysis, self._model, wishes.language, remarks)

    def _keep(self, file: str, by_link: Mapping[str, FetchedFile], analysis: Analysis, request: gr.Request) -> Kept:
        source = by_link[file].source if file in by_link else None
        return keep(analysis, self._model, file, self._work.new_folder(request), source)

    def _table(
        self,
        files: Sequence[str],
        by_link: Mapping[str, FetchedFile],
        wishes: Wishes,
        request: gr.Request,
        progress: gr.Progress,
    ) -> ShownTable:
        if len(files) <= MAX_BATCH_FILES and any(map(looks_like_case, files)):
            raise MediaError(CASE_ALONE)
        firsts: dict[str, Kept] = {}  # by the hash of the file
        rows: list[Kept | None] = []
        shown: list[BatchFile] = []
        pictures: dict[str, Any] = {}
        for item in self._analyses.many(files, wishes, request, progress, keep_analyses=True):
            rows.append(self._kept_row(item, firsts.get(item.sha256), by_link, request))
            if item.analysis and rows[-1]:
                firsts[item.sha256] = rows[-1]
                pictures[item.sha256] = thumbnail(item.analysis)
            shown.append(BatchFile(replace(item, analysis=None), pictures.get(item.sha256)))
        items = [file.item for file in shown]
        return ShownTable(
            gr.update(visible=True), batch_html(shown, wishes.language), *write_tables(items, self._work, request), rows
        )

    def _kept_row(
        self, item: BatchItem, first: Kept | None, by_link: Mapping[str, FetchedFile], request: gr.Request
    ) -> Kept | None:
        """Keeps one of many files under its own name; `first` is what was kept of an earlier file of the same bytes."""
        analysis = item.analysis
        if item.result and first:
            # read again: the pictures of all files would fill the memory
            analysis = replace(first.opened().analysis, result=item.result)
        return self._keep(str(item.path), by_link, analysis, request) if analysis else None


def _both(table: ShownTable | None = None, result: ShownResult | None = None) -> list[Any]:
    return [*(table or ShownTable()).values(), *(result or ShownResult()).values()]
