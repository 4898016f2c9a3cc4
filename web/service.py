"""Answers the named endpoints for scripts, in English."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import gradio as gr

from detector.analyzer import Analyzer
from detector.batch.output import to_csv, to_document, to_json
from detector.batch.runner import BatchItem
from detector.limits import FRAMES_PER_VIDEO
from detector.report.evidence import build_evidence
from detector.report.evidence_report import write_evidence
from detector.report.translation import ENGLISH
from detector.report.wording.verdicts import verdict_markdown
from detector.results import Analysis, result_to_dict, to_plain
from web.analyses import Analyses, Wishes
from web.work import Work, refusals

# Stands after parameters with defaults; Gradio always puts the request in.
_GIVEN_BY_GRADIO = cast(gr.Request, None)

Answer = TypeVar("Answer")


class Service:
    """Answers scripts with one analyzer. Its methods raise `gr.Error` with one plain sentence."""

    def __init__(self, analyzer: Analyzer, work: Work):
        self._model = analyzer.model
        self._work = work
        self._analyses = Analyses(analyzer, work)

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
        wishes = Wishes(known_real=known_real or (), item=item)
        return self._told(
            [file, *wishes.known_real],
            lambda: self._answer(file, self._analyses.one(file, "photo", wishes, request, progress), request),
            request,
        )

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
        wishes = Wishes(frames, exact, known_real or (), item)
        return self._told(
            [file, *wishes.known_real],
            lambda: self._answer(file, self._analyses.one(file, "video", wishes, request, progress), request),
            request,
        )

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

        def answer() -> tuple[dict[str, Any], str, str]:
            items = list(self._analyses.many(files, Wishes(frames), request, progress))
            return to_document(items), *write_tables(items, self._work, request)

        return self._told(files, answer, request)

    def model_info(self) -> dict[str, Any]:
        """Tells which model answers: id, revision, label names, thresholds, evidence scales, why not the one asked for."""
        info: dict[str, Any] = to_plain(self._model.info)
        scales = self._model.scales.summary() if self._model.scales else None
        return info | {"warning": to_plain(self._model.warning), "evidence_scale": scales}

    def _told(self, files: list[str], work: Callable[[], Answer], request: gr.Request) -> Answer:
        with refusals(ENGLISH):
            return self._work.run(work, files, request)

    def _answer(self, file: str, analysis: Analysis, request: gr.Request) -> tuple[dict[str, Any], str, str, str]:
        evidence = build_evidence(analysis, self._model)
        html, record = write_evidence(evidence, self._work.new_folder(request), f"{Path(file).stem[:80]}-evidence")
        result = analysis.result
        return result_to_dict(result), verdict_markdown(result, self._model.scales), str(html), str(record)


def write_tables(items: list[BatchItem], work: Work, request: gr.Request) -> tuple[str, str]:
    """Writes all results as CSV and as JSON."""
    folder = work.new_folder(request)
    table, lines = folder / "results.csv", folder / "results.json"
    # Excel reads a CSV file as UTF-8 only with a mark at its start
    table.write_text(to_csv(items), encoding="utf-8-sig", newline="")
    lines.write_text(to_json(items), encoding="ascii")
    return str(table), str(lines)
