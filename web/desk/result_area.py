"""Where a result is shown, and what can be taken away of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import gradio as gr
from gradio.blocks import BlockContext
from gradio.components import Component
from gradio.i18n import I18nData

from web.desk.items import ItemChoice, item_chooser
from web.i18n import label
from web.views.closeup import ASKS_FOR_FACES, TELLS_OF_FACES

# Tells Python which row or button with ``data-choose`` was clicked.
_CHOOSE = """element.addEventListener("click", ({ target }) => {
  const chosen = target.closest("[data-choose]");
  if (chosen) trigger("select", { chosen: Number(chosen.dataset.choose) });
});"""


@dataclass(frozen=True)
class BatchArea:
    """Holds the components of the table of many files.

    Attributes:
        place: Is hidden where there is one file.
        table: One row a file.
        downloads: The table and all results, as files.
        rows: What is kept of each file, to be shown when its row is opened.
        reports: Has the reports of all files made.
    """

    place: gr.Column
    table: gr.HTML
    downloads: tuple[gr.DownloadButton, gr.DownloadButton]
    rows: gr.State
    reports: gr.Button

    @property
    def outputs(self) -> list[Component | BlockContext]:
        """The components, in the order in which they are filled."""
        return [self.place, self.table, *self.downloads, self.rows]


@dataclass(frozen=True)
class CaseFields:
    """Holds what a newsroom writes beside a result, and what of it can be taken away.

    Attributes:
        source_link: Where the file was found.
        checked_by: Who checked it.
        notes: Whatever else is to be filed.
        with_original: Whether the file itself goes into the case.
        report: Has the evidence report made, as a page.
        report_pdf: Has it made as a PDF.
        report_json: Has it made as JSON.
        save: Has the case made.
    """

    source_link: gr.Textbox
    checked_by: gr.Textbox
    notes: gr.Textbox
    with_original: gr.Checkbox
    report: gr.Button
    report_pdf: gr.Button
    report_json: gr.Button
    save: gr.Button

    @property
    def texts(self) -> list[Component]:
        """The fields that go into the report."""
        return [self.source_link, self.checked_by, self.notes]


@dataclass(frozen=True)
class ResultArea:
    """Holds the components of one result.

    Attributes:
        remarks: What must be known of a saved case before all else.
        verdict: The answer, or why there is none; the progress is shown on it.
        choice: Chooses among the photos and films of a file.
        place: What is hidden until there is a result.
        known_real: The comparison with known-real files.
        viewer: The photo or the clip.
        closeup: A face cut from the file; the viewer takes it from there.
        faces: The table of faces.
        next_steps: What to do now.
        record: The result as JSON.
        shown: What is kept of the file, for all that can be asked about it.
        of_clips: What there is for clips only.
        keyframes: Has the keyframes made.
        annotate: Has the annotated video made.
        annotated: The annotated video.
        forensics_fold: Has the forensic panel made when it is opened.
        forensics: The forensic panel.
        case: The case file.
        made: A file that was made to be taken away.
    """

    remarks: gr.HTML
    verdict: gr.HTML
    choice: ItemChoice
    place: gr.Column
    known_real: gr.HTML
    viewer: gr.HTML
    closeup: gr.HTML
    faces: gr.HTML
    next_steps: gr.HTML
    record: gr.JSON
    shown: gr.State
    of_clips: gr.Row
    keyframes: gr.Button
    annotate: gr.Button
    annotated: gr.Video
    forensics_fold: gr.Accordion
    forensics: gr.HTML
    case: CaseFields
    made: gr.File

    @property
    def outputs(self) -> list[Component | BlockContext]:
        """The components that are filled with a result, in that order."""
        return [
            self.remarks,
            self.verdict,
            self.choice.place,
            self.choice.number,
            self.place,
            self.known_real,
            self.viewer,
            self.closeup,
            self.faces,
            self.next_steps,
            self.record,
            self.shown,
            self.of_clips,
            self.annotated,
            self.forensics_fold,
            self.forensics,
            *self.case.texts,
            self.case.with_original,
        ]


def batch_area() -> BatchArea:
    """Lays out the table of many files; hidden until there are several."""
    with gr.Column(visible=False, elem_id="batch") as place:
        table = gr.HTML(elem_id="batch_table", js_on_load=_CHOOSE)
        with gr.Row():
            downloads = (
                _download_button(label("Table (CSV)"), "batch_csv"),
                _download_button(label("Results (JSON)"), "batch_json"),
            )
            reports = gr.Button(label("All evidence reports (ZIP)"), elem_id="batch_reports")
    return BatchArea(place, table, downloads, gr.State(), reports)


def result_area() -> ResultArea:
    """Lays out one result, from the answer to what can be taken away."""
    remarks = gr.HTML(elem_id="remarks")
    verdict = gr.HTML(elem_id="verdict", min_height=80)
    choice = item_chooser()
    with gr.Column(visible=False, elem_id="result") as place:
        known_real = gr.HTML(elem_id="known_real")
        viewer = gr.HTML(elem_id="viewer", js_on_load=ASKS_FOR_FACES)
        closeup = gr.HTML(visible="hidden", elem_id="face_closeup", js_on_load=TELLS_OF_FACES)
        faces = gr.HTML(elem_id="faces")
        next_steps = gr.HTML(elem_id="next_steps")
        with gr.Row(visible=False) as of_clips:
            keyframes = gr.Button(label("Keyframes (ZIP)"), elem_id="keyframes")
            annotate = gr.Button(label("Make the annotated video"), elem_id="annotate")
        annotated = gr.Video(
            label=label("Annotated video"), interactive=False, visible=False, elem_id="annotated_video"
        )
        with gr.Accordion(
            label("Forensic panel: the file itself"), open=False, elem_id="forensics_fold"
        ) as forensics_fold:
            forensics = gr.HTML(elem_id="forensics", min_height=80)
        case = _case_fields()
        with gr.Accordion(label("JSON result"), open=False):
            record = gr.JSON(show_label=False)
    made = gr.File(visible=False)
    return ResultArea(
        remarks,
        verdict,
        choice,
        place,
        known_real,
        viewer,
        closeup,
        faces,
        next_steps,
        record,
        gr.State(),
        of_clips,
        keyframes,
        annotate,
        annotated,
        forensics_fold,
        forensics,
        case,
        made,
    )


def _case_fields() -> CaseFields:
    with gr.Group(elem_id="case"):
        gr.Markdown(label("### Case file"), padding=True)
        with gr.Accordion(label("For the file: source, who checked, notes"), open=False, elem_id="case_fields"):
            source_link = gr.Textbox(label=label("Where it was found (link)"), elem_id="source_link")
            checked_by = gr.Textbox(label=label("Checked by"), elem_id="checked_by")
            notes = gr.Textbox(label=label("Notes"), lines=3, elem_id="notes")
            with_original = gr.Checkbox(
                False, label=label("Put the file itself into the saved case"), elem_id="with_original"
            )
            gr.Markdown(label("What you write goes into the reports and the saved case only; the server forgets it."))
        with gr.Row():
            report = gr.Button(label("Report (HTML)"), elem_id="report", min_width=130)
            report_pdf = gr.Button(label("Report (PDF)"), elem_id="report_pdf", min_width=130)
            report_json = gr.Button(label("Report (JSON)"), elem_id="report_json", min_width=130)
            save = gr.Button(label("Save case (ZIP)"), elem_id="save_case", min_width=130)
    return CaseFields(source_link, checked_by, notes, with_original, report, report_pdf, report_json, save)


def _download_button(text: I18nData, elem_id: str) -> gr.DownloadButton:
    # declared as str, but translated like the text of any other button
    return gr.DownloadButton(cast(str, text), elem_id=elem_id)
