"""Answers the requests of the page and of the endpoints: analyses uploads, shows results, hands over and deletes files."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import gradio as gr

from detector.analyzer import FRAMES_PER_VIDEO, Analyzer
from detector.batch.known_files import analyze_known_real, check_count
from detector.batch.output import to_document
from detector.batch.runner import BatchItem, analyze_many
from detector.conclusion.known_real import with_known_real
from detector.errors import MediaError
from detector.limits import MAX_ANNOTATING_S, MAX_BATCH_FILES, MAX_BATCH_S, MAX_FRAMES, MAX_REQUEST_S
from detector.report.annotated_video import write_annotated_video
from detector.report.known_real_section import known_real_html
from detector.report.translation import ENGLISH
from detector.report.wording.verdicts import verdict_markdown
from detector.results import Analysis, Result, result_to_dict, to_plain
from web.items import item_updates
from web.sessions import Sessions
from web.views.media import faces_html, viewer_html
from web.views.verdict import batch_html, verdict_html
from web.work import NO_FILE, Work, session_of

# Stands after parameters with defaults; Gradio always puts the request in.
_GIVEN_BY_GRADIO = cast(gr.Request, None)


class Service:
    """Answers requests with one analyzer. Its methods raise `gr.Error` with one plain sentence."""

    def __init__(self, analyzer: Analyzer):
        self._analyzer = analyzer
        self._sessions = Sessions()
        self._work = Work(self._sessions)

    def show_photo(
        self,
        file: str,
        known_real: list[str] | None,
        item: int,
        language: str,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),
    ) -> tuple[Any, ...]:
        """Analyses a photo for the page: JSON, verdict, comparison with known-real files, viewer, faces, report, choice."""
        analysis, reports = self._photo(file, known_real, item, language, request, progress)
        return (
            result_to_dict(analysis.result),
            verdict_html(analysis.result, language, self._analyzer.model.scales),
            known_real_html(analysis.result, language),
            viewer_html(analysis, language),
            faces_html(analysis, language),
            *reports,
            *item_updates(analysis.result, language),
        )

    def show_video(
        self,
        file: str,
        known_real: list[str] | None,
        frames: int,
        exact: bool,
        item: int,
        language: str,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),
    ) -> tuple[Any, ...]:
        """Analyses a video for the page: JSON, verdict, comparison, plot and frames, faces, report, result and choice."""
        analysis, reports = self._video(file, known_real, frames, exact, item, language, request, progress)
        progress(1.0, desc="drawing")
        return (
            result_to_dict(analysis.result),
            verdict_html(analysis.result, language, self._analyzer.model.scales),
            known_real_html(analysis.result, language),
            viewer_html(analysis, language),
            faces_html(analysis, language),
            *reports,
            analysis.result,
            gr.update(value=None, visible=False),
            *item_updates(analysis.result, language),
        )

    def annotate(
        self,
        file: str,
        result: Result | None,
        language: str,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),
    ) -> dict[str, Any]:
        """Makes the video with its faces numbered in every frame."""

        def write() -> Path:
            if result is None:
                raise MediaError(NO_FILE)
            output = self._work.new_folder(request) / f"{Path(file).stem[:80] or 'video'}-annotated.mp4"
            report = self._work.reporting(request, progress, MAX_ANNOTATING_S)
            write_annotated_video(file, result, output, report, language)
            return output

        return gr.update(value=str(self._work.run(write, [file], language, request)), visible=True)

    def show_batch(
        self,
        files: list[str],
        frames: int,
        language: str,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),
    ) -> tuple[str, str, str]:
        """Analyses several files for the page: table, CSV and JSON."""
        items, tables = self._many(files, frames, language, request, progress)
        return batch_html(items, language), *tables

    def analyze_image(
        self,
        file: str,
        known_real: list[str] | None = None,
        item: int = 0,
        request: gr.Request = _GIVEN_BY_GRADIO,
        progress: gr.Progress = gr.Progress(),
    ) -> tuple[dict[str, Any], str, str, str]:
        """Assesses every face of a photo, or of an animated picture as of a video; up to 20 files that are known to be real can be given to compare it with.

        Of a file that holds several photos or films, `item` is the number of the one to assess, 0 the main one.

        Returns the documented JSON result, the verdict in words, and the evidence report as HTML and as JSON.
        """
        analysis, reports = self._photo(file, known_real, item, ENGLISH, request, progress)
        return result_to_dict(analysis.result), self._in_words(analysis.result), *reports

    def analyze_video(
        self,
        file: str,
        frames: int = FRAMES_PER_VIDEO,
        exact: bool = False,
        known_real: list[str] | None = None,
        item: int = 0,
        request: gr.Request = _GIVEN_BY_GRADIO,
        progress: gr.Progress = gr.Progress(),
    ) -> tuple[dict[str, Any], str, str, str]:
        """Assesses the faces of a video over evenly spaced frames, at exact instants or, much faster, near them.

        Up to 20 files that are known to be real can be given to compare it with. Of a file that holds several films, `item`
        is the number of the one to assess, 0 the main one.

        Returns the documented JSON result, the verdict in words, and the evidence report as HTML and as JSON.
        """
        analysis, reports = self._video(file, known_real, frames, exact, item, ENGLISH, request, progress)
        return result_to_dict(analysis.result), self._in_words(analysis.result), *reports

    def analyze_batch(
        self,
        files: list[str],
        frames: int = FRAMES_PER_VIDEO,
        request: gr.Request = _GIVEN_BY_GRADIO,
        progress: gr.Progress = gr.Progress(),
    ) -> tuple[dict[str, Any], str, str]:
        """Assesses photos and videos one after the other; a bad file never stops the rest.

        Returns all results as JSON, and as files: a table in CSV, and the JSON.
        """
        items, tables = self._many(files, frames, ENGLISH, request, progress)
        return to_document(items), *tables

    def model_info(self) -> dict[str, Any]:
        """Tells which model answers: id, revision, label names, thresholds, evidence scales, why not the one asked for."""
        model = self._analyzer.model
        info: dict[str, Any] = to_plain(model.info)
        scales = model.scales.summary() if model.scales else None
        return info | {"warning": to_plain(model.warning), "evidence_scale": scales}

    def cancel(self, request: gr.Request) -> None:
        """Stops the analysis that runs for this page."""
        self._sessions.cancel(session_of(request))

    def received(self, files: str | list[str], request: gr.Request) -> None:
        """Notes files that were chosen, to be deleted with the page whether they are checked or not."""
        self._sessions.received(session_of(request), [files] if isinstance(files, str) else files or [])

    def keep(self, paths: Iterable[str]) -> None:
        """Protects files in Gradio's cache that belong to everyone, such as the examples."""
        self._sessions.keep(paths)

    def forget(self, request: gr.Request) -> None:
        """Stops the analysis of a page that was closed, and deletes its uploads and reports."""
        self._sessions.forget(session_of(request))

    def _in_words(self, result: Result) -> str:
        return verdict_markdown(result, self._analyzer.model.scales)

    def _photo(
        self,
        file: str,
        known_real: list[str] | None,
        item: int | None,
        language: str,
        request: gr.Request,
        progress: gr.Progress,
    ) -> tuple[Analysis, tuple[str, str]]:
        report = self._work.reporting(request, progress, MAX_REQUEST_S)

        def analyze() -> tuple[Analysis, tuple[str, str]]:
            check_count(known_real or ())
            analysis = self._analyzer.analyze_image(file, progress=report, item=item or 0)
            self._sessions.check(session_of(request))
            analysis = self._compared(analysis, known_real, FRAMES_PER_VIDEO, False, request, progress)
            return analysis, self._work.write_reports(file, analysis, self._analyzer.model, language, request)

        return self._work.run(analyze, [file, *(known_real or ())], language, request)

    def _video(
        self,
        file: str,
        known_real: list[str] | None,
        frames: int,
        exact: bool,
        item: int | None,
        language: str,
        request: gr.Request,
        progress: gr.Progress,
    ) -> tuple[Analysis, tuple[str, str]]:
        report = self._work.reporting(request, progress, MAX_REQUEST_S)

        def analyze() -> tuple[Analysis, tuple[str, str]]:
            check_count(known_real or ())
            analysis = self._analyzer.analyze_video(
                file, frames=_bounded(frames), progress=report, exact=bool(exact), item=item or 0
            )
            analysis = self._compared(analysis, known_real, _bounded(frames), bool(exact), request, progress)
            return analysis, self._work.write_reports(file, analysis, self._analyzer.model, language, request)

        return self._work.run(analyze, [file, *(known_real or ())], language, request)

    def _compared(
        self,
        analysis: Analysis,
        known_real: list[str] | None,
        frames: int,
        exact: bool,
        request: gr.Request,
        progress: gr.Progress,
    ) -> Analysis:
        """Compares an analysis with known-real files, which have the deadlines of a batch.

        Raises:
            MediaError: The analysis was cancelled.
        """
        if not known_real:
            return analysis
        report = self._work.reporting(request, progress, math.inf)
        known = analyze_known_real(
            self._analyzer, known_real, frames, exact, report, file_s=MAX_REQUEST_S, all_s=MAX_BATCH_S
        )
        return with_known_real(analysis, known, self._analyzer.model.scales)

    def _many(
        self, files: list[str], frames: int, language: str, request: gr.Request, progress: gr.Progress
    ) -> tuple[list[BatchItem], tuple[str, str]]:
        # a batch is stopped between its files, so that what is done is not lost
        report = self._work.reporting(request, progress, math.inf)

        def analyze() -> tuple[list[BatchItem], tuple[str, str]]:
            if len(files) > MAX_BATCH_FILES:
                raise MediaError(
                    "More than {count} files were sent; please send fewer at a time.", count=MAX_BATCH_FILES
                )
            items = list(
                analyze_many(self._analyzer, files, _bounded(frames), report, file_s=MAX_REQUEST_S, all_s=MAX_BATCH_S)
            )
            return items, self._work.write_tables(items, request)

        return self._work.run(analyze, files, language, request)


def _bounded(frames: int | None) -> int:
    """Limits how many frames are looked at, whatever a script asks for."""
    return min(max(int(frames or FRAMES_PER_VIDEO), 1), MAX_FRAMES)
