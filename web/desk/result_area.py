"""Where a result is shown, and what can be taken away of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import gradio as gr
from gradio.components import Component
from gradio.i18n import I18nData

from web.desk.items import ItemChoice, item_chooser
from web.i18n import label

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
    """

    place: gr.Column
    table: gr.HTML
    downloads: tuple[gr.DownloadButton, gr.DownloadButton]
    rows: gr.State

    @property
    def outputs(self) -> list[Component | gr.Column]:
        """The components, in the order in which they are filled."""
        return [self.place, self.table, *self.downloads, self.rows]


@dataclass(frozen=True)
class ResultArea:
    """Holds the components of one result.

    Attributes:
        verdict: The answer, or why there is none; the progress is shown on it.
        choice: Chooses among the photos and films of a file.
        place: What is hidden until there is a result.
        known_real: The comparison with known-real files.
        viewer: The photo or the clip.
        faces: The table of faces.
        record: The result as JSON.
        shown: What is kept of the file, for all that can be asked about it.
        of_clips: What there is for clips only.
        annotate: Has the annotated video made.
        annotated: The annotated video.
        report: Has the evidence report made, as a page.
        report_json: Has it made as JSON.
        made: A file that was made to be taken away.
    """

    verdict: gr.HTML
    choice: ItemChoice
    place: gr.Column
    known_real: gr.HTML
    viewer: gr.HTML
    faces: gr.HTML
    record: gr.JSON
    shown: gr.State
    of_clips: gr.Row
    annotate: gr.Button
    annotated: gr.Video
    report: gr.Button
    report_json: gr.Button
    made: gr.File

    @property
    def outputs(self) -> list[Component | gr.Column | gr.Row]:
        """The components that are filled with a result, in that order."""
        return [
            self.verdict,
            self.choice.place,
            self.choice.number,
            self.place,
            self.known_real,
            self.viewer,
            self.faces,
            self.record,
            self.shown,
            self.of_clips,
            self.annotated,
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
    return BatchArea(place, table, downloads, gr.State())


def result_area() -> ResultArea:
    """Lays out one result, from the answer to what can be taken away."""
    verdict = gr.HTML(elem_id="verdict", min_height=80)
    choice = item_chooser()
    with gr.Column(visible=False, elem_id="result") as place:
        known_real = gr.HTML(elem_id="known_real")
        viewer = gr.HTML(elem_id="viewer")
        faces = gr.HTML(elem_id="faces")
        with gr.Row():
            report = gr.Button(label("Evidence report (HTML, to print or file)"), elem_id="report")
            report_json = gr.Button(label("Evidence report (JSON)"), elem_id="report_json")
        with gr.Row(visible=False) as of_clips:
            annotate = gr.Button(label("Make the annotated video"), elem_id="annotate")
        annotated = gr.Video(
            label=label("Annotated video"), interactive=False, visible=False, elem_id="annotated_video"
        )
        with gr.Accordion(label("JSON result"), open=False):
            record = gr.JSON(show_label=False)
    made = gr.File(visible=False)
    return ResultArea(
        verdict,
        choice,
        place,
        known_real,
        viewer,
        faces,
        record,
        gr.State(),
        of_clips,
        annotate,
        annotated,
        report,
        report_json,
        made,
    )


def _download_button(text: I18nData, elem_id: str) -> gr.DownloadButton:
    # declared as str, but translated like the text of any other button
    return gr.DownloadButton(cast(str, text), elem_id=elem_id)
