"""Answers what is asked on the page: checks files, opens rows, makes what is taken away."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr

from detector.analyzer import Analyzer
from detector.errors import MediaError
from detector.limits import MAX_ANNOTATING_S
from detector.report.annotated_video import write_annotated_video
from detector.report.evidence_report import build_evidence, write_evidence
from detector.report.known_real_section import known_real_html
from detector.results import result_to_dict
from web.analyses import Analyses, Wishes
from web.desk.items import item_updates, no_items
from web.desk.kept import Kept
from web.service import write_tables
from web.sessions import Cancelled
from web.views.batch import BatchFile, batch_html, thumbnail
from web.views.media import faces_html, viewer_html
from web.views.notices import problem_html, stopped_html
from web.views.verdict import verdict_html
from web.work import NO_FILE, Work, refusals

logger = logging.getLogger(__name__)

NO_RESULT = "The result is no longer there; please check the file again."
Made = TypeVar("Made")
_HIDDEN = gr.update(visible=False)


class Desk:
    """Answers one page after the other; what goes wrong with a file is shown in the place of its result."""

    def __init__(self, analyzer: Analyzer, work: Work):
        self._model = analyzer.model
        self._work = work
        self._analyses = Analyses(analyzer, work)

    def check(
        self,
        files: list[str] | None,
        known_real: list[str] | None,
        frames: int,
        exact: bool,
        item: int | None,
        language: str,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),
    ) -> list[Any]:
        """Checks what was chosen; fills the table of many files, and the place of a result."""
        wishes = Wishes(frames, exact, known_real or (), item, language)
        files = files or []

        def work() -> list[Any]:
            if len(files) > 1:
                return [*self._table(files, wishes, language, request, progress), *nothing_shown()]
            kept = Kept(Path(files[0]), self._analyses.one(files[0], "any", wishes, request, progress))
            return [*no_table(), *self._shown(kept, language)]

        try:
            return self._work.run(work, [*files, *wishes.known_real] if files else None, request)
        except Cancelled:
            return [*no_table(), *nothing_shown(stopped_html(language))]
        except MediaError as error:
            logger.info("refused: %s", error, exc_info=True)
            name = Path(files[0]).name if len(files) == 1 else ""
            return [*no_table(), *nothing_shown(problem_html(name, error.message, language))]

    def open_row(self, rows: list[Kept | None] | None, language: str, event: gr.EventData) -> list[Any]:
        """Shows the result of one of many files."""
        number = event._data.get("chosen")
        kept = rows[number] if rows and isinstance(number, int) and 0 <= number < len(rows) else None
        if kept is None:
            return nothing_shown(problem_html("", MediaError(NO_RESULT).message, language))
        return self._shown(kept, language)

    def annotate(
        self, kept: Kept | None, language: str, request: gr.Request, progress: gr.Progress = gr.Progress()
    ) -> dict[str, Any]:
        """Makes the video with its faces numbered in every frame."""

        def write(kept: Kept) -> dict[str, Any]:
            output = self._work.new_folder(request) / f"{kept.upload.stem[:80] or 'video'}-annotated.mp4"
            report = self._work.reporting(request, progress, MAX_ANNOTATING_S, language)
            write_annotated_video(kept.upload, kept.result, output, report, language)
            return gr.update(value=str(output), visible=True)

        return self._made(write, kept, language, request)

    def report(self, kept: Kept | None, language: str, request: gr.Request) -> str:
        """Makes the evidence report as a page."""
        return self._made(lambda kept: self._reports(kept, language, request)[0], kept, language, request)

    def report_json(self, kept: Kept | None, language: str, request: gr.Request) -> str:
        """Makes the evidence report as JSON."""
        return self._made(lambda kept: self._reports(kept, language, request)[1], kept, language, request)

    def _reports(self, kept: Kept, language: str, request: gr.Request) -> tuple[str, str]:
        evidence = build_evidence(kept.analysis, self._model)
        stem = f"{kept.upload.stem[:80]}-evidence"
        html, record = write_evidence(evidence, self._work.new_folder(request), stem, language)
        return str(html), str(record)

    def _made(self, make: Callable[[Kept], Made], kept: Kept | None, language: str, request: gr.Request) -> Made:
        """Makes something of the file that is shown.

        Raises:
            gr.Error: It cannot be made.
        """
        with refusals(language):
            if kept is None:
                raise MediaError(NO_FILE)
            return self._work.run(lambda: make(kept), [str(kept.upload)], request)

    def _shown(self, kept: Kept, language: str) -> list[Any]:
        analysis, result = kept.analysis, kept.result
        return [
            verdict_html(result, language, self._model.scales),
            *item_updates(result, language),
            gr.update(visible=True),
            known_real_html(result, language),
            viewer_html(analysis, language),
            faces_html(analysis, language),
            result_to_dict(result),
            kept,
            gr.update(visible=result.file.duration_s is not None),
            gr.update(value=None, visible=False),
        ]

    def _table(
        self, files: list[str], wishes: Wishes, language: str, request: gr.Request, progress: gr.Progress
    ) -> list[Any]:
        kept: dict[str, Kept] = {}  # by the hash of the file
        shown: list[BatchFile] = []
        for item in self._analyses.many(files, wishes, request, progress, keep_analyses=True):
            if item.analysis:
                kept[item.sha256] = Kept(item.path, item.analysis)
            found = kept.get(item.sha256)
            shown.append(BatchFile(replace(item, analysis=None), thumbnail(found.analysis) if found else None))
        items = [file.item for file in shown]
        rows = [kept.get(item.sha256) if item.result else None for item in items]
        return [
            gr.update(visible=True),
            batch_html(shown, language),
            *write_tables(items, self._work, request),
            rows,
        ]


def no_table() -> list[Any]:
    """Gives what empties the components of a `BatchArea`."""
    return [_HIDDEN, None, None, None, None]


def nothing_shown(instead: str | None = None) -> list[Any]:
    """Gives what empties the components of a `ResultArea`, with something else in the place of the answer."""
    return [
        instead,
        *no_items(),
        _HIDDEN,
        None,
        None,
        None,
        None,
        None,
        _HIDDEN,
        gr.update(value=None, visible=False),
    ]
