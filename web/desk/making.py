"""Makes what is asked for of a result: reports, a case, keyframes, the annotated video, the forensic panel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr

from detector.errors import MediaError
from detector.limits import MAX_ANNOTATING_S
from detector.messages import Message
from detector.network.loading import LoadedModel
from detector.report.case.archive import new_archive
from detector.report.case.case_file import case_name, write_case
from detector.report.case.keyframes import write_keyframes
from detector.report.case.notes import CaseNotes, case_notes
from detector.report.case.opening import OpenedCase
from detector.report.case.pdf import evidence_pdf
from detector.report.evidence import Evidence, build_evidence
from detector.report.evidence_report import evidence_html, evidence_json
from detector.report.pictures.annotated_video import write_annotated_video
from web.desk.kept import NO_RESULT, Kept
from web.views.forensics import forensics_html
from web.work import Work, refusals

Made = TypeVar("Made")
ORIGINAL_GONE = Message("A saved case does not hold the file that this needs; please check the file itself.")


@dataclass(frozen=True)
class MadeOf:
    """Something that was made to be shown beside a result.

    Attributes:
        case: What is kept of the result that it was made of.
        shown: What its place shows.
    """

    case: Path
    shown: str | dict[str, Any]


def if_still_shown(made: MadeOf | None, kept: Kept | None) -> tuple[Any, None]:
    """Gives what its place shows, where the result that it was made of is still there, and empties where it lay."""
    return (made.shown if made and kept and made.case == kept.case else gr.skip()), None


class Making:
    """Makes files to take away, and the forensic panel. Its methods raise `gr.Error` with one plain sentence.

    All take what is kept of the file, what the fields of the case say, and the language of the page.
    """

    def __init__(self, model: LoadedModel, work: Work):
        self._model = model
        self._work = work

    def report(
        self, kept: Kept | None, source_link: str, checked_by: str, notes: str, language: str, request: gr.Request
    ) -> str:
        """Makes the evidence report as a page."""
        fields = (source_link, checked_by, notes)
        return self._report(kept, fields, language, request, "html", lambda evidence: evidence_html(evidence, language))

    def report_pdf(
        self, kept: Kept | None, source_link: str, checked_by: str, notes: str, language: str, request: gr.Request
    ) -> str:
        """Makes the evidence report as a PDF."""
        fields = (source_link, checked_by, notes)
        return self._report(kept, fields, language, request, "pdf", lambda evidence: evidence_pdf(evidence, language))

    def report_json(
        self, kept: Kept | None, source_link: str, checked_by: str, notes: str, language: str, request: gr.Request
    ) -> str:
        """Makes the evidence report as JSON."""
        return self._report(kept, (source_link, checked_by, notes), language, request, "json", evidence_json)

    def case(
        self,
        kept: Kept | None,
        source_link: str,
        checked_by: str,
        notes: str,
        with_original: bool,
        language: str,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),
    ) -> str:
        """Makes the case: one ZIP with reports, keyframes, and what shows the result again."""

        def make(kept: Kept, opened: OpenedCase) -> str:
            output = self._work.new_folder(request) / case_name(opened.analysis)
            write_case(
                opened.analysis,
                kept.background(self._model, opened),
                output,
                notes=case_notes(source_link, checked_by, notes),
                source=opened.source,
                language=language,
                file=kept.upload,
                with_original=with_original,
                progress=self._work.reporting(request, progress, MAX_ANNOTATING_S, language),
            )
            return str(output)

        return self._made(make, kept, language, request)

    def keyframes(
        self, kept: Kept | None, language: str, request: gr.Request, progress: gr.Progress = gr.Progress()
    ) -> str:
        """Makes a ZIP with one full frame of every shot, and those with the highest scores."""

        def make(kept: Kept, opened: OpenedCase) -> str:
            output = self._work.new_folder(request) / f"{kept.stem}-keyframes.zip"
            report = self._work.reporting(request, progress, MAX_ANNOTATING_S, language)
            write_keyframes(_original(kept), opened.analysis, output, report)
            return str(output)

        return self._made(make, kept, language, request)

    def annotated(
        self, kept: Kept | None, language: str, request: gr.Request, progress: gr.Progress = gr.Progress()
    ) -> MadeOf:
        """Makes the video with its faces numbered in every frame."""

        def make(kept: Kept, opened: OpenedCase) -> MadeOf:
            output = self._work.new_folder(request) / f"{kept.stem or 'video'}-annotated.mp4"
            report = self._work.reporting(request, progress, MAX_ANNOTATING_S, language)
            write_annotated_video(_original(kept), opened.analysis.result, output, report, language)
            return MadeOf(kept.case, gr.update(value=str(output), visible=True))

        return self._made(make, kept, language, request)

    def forensics(self, kept: Kept | None, language: str, request: gr.Request) -> MadeOf:
        """Makes the forensic panel."""

        def make(kept: Kept, opened: OpenedCase) -> MadeOf:
            analysis = opened.analysis
            return MadeOf(kept.case, forensics_html(kept.upload, analysis.result, analysis.provenance, language))

        return self._made(make, kept, language, request)

    def all_reports(
        self,
        rows: list[Kept | None] | None,
        language: str,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),
    ) -> str:
        """Makes one ZIP with the evidence reports of many files, as pages and as JSON."""
        kept = [row for row in rows or () if row]
        report = self._work.reporting(request, progress, MAX_ANNOTATING_S, language)

        def make() -> str:
            output = self._work.new_folder(request) / "evidence-reports.zip"
            with new_archive(output, datetime.now(UTC)) as archive:
                for number, one in enumerate(kept, start=1):
                    report((number - 1) / len(kept), Message("writing the reports"))
                    evidence = self._evidence(one, one.opened(), None)
                    for ending, text in (
                        ("html", evidence_html(evidence, language)),
                        ("json", evidence_json(evidence)),
                    ):
                        archive.add(f"{number:02d}-{one.stem}-evidence.{ending}", text)
            return str(output)

        with refusals(language):
            return self._work.run(make, [str(one.path) for one in kept], request)

    def _report(
        self,
        kept: Kept | None,
        fields: Sequence[str],
        language: str,
        request: gr.Request,
        ending: str,
        written: Callable[[Evidence], str | bytes],
    ) -> str:
        def make(kept: Kept, opened: OpenedCase) -> str:
            content = written(self._evidence(kept, opened, case_notes(*fields)))
            output = self._work.new_folder(request) / f"{kept.stem}-evidence.{ending}"
            output.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
            return str(output)

        return self._made(make, kept, language, request)

    def _evidence(self, kept: Kept, opened: OpenedCase, notes: CaseNotes | None) -> Evidence:
        background = kept.background(self._model, opened)
        return build_evidence(opened.analysis, background, notes=notes, source=opened.source)

    def _made(
        self, make: Callable[[Kept, OpenedCase], Made], kept: Kept | None, language: str, request: gr.Request
    ) -> Made:
        """Makes something of the file that is shown.

        Raises:
            gr.Error: It cannot be made.
        """
        with refusals(language):
            if kept is None:
                raise MediaError(NO_RESULT)
            return self._work.run(lambda: make(kept, kept.opened()), [str(kept.path)], request)


def _original(kept: Kept) -> Path:
    if kept.upload is None:
        raise MediaError(ORIGINAL_GONE)
    return kept.upload
