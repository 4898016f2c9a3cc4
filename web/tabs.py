"""The tabs in which files are checked: photo, video, many files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import gradio as gr
from gradio.i18n import I18nData

from detector.analyzer import FRAMES_PER_VIDEO
from detector.limits import MAX_FRAMES, MAX_KNOWN_REAL_FILES, MIN_KNOWN_REAL_FILES
from detector.messages import Message
from web.i18n import WITH_LANGUAGE, label
from web.items import item_chooser
from web.service import Service
from web.wiring import ONE_AT_A_TIME, PRIVATE, connect

EXAMPLES = Path(__file__).parents[1] / "examples"


def photo_tab(service: Service, language: gr.Textbox) -> None:
    """Lays out the check of one photo: verdict, viewer, faces, report."""
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            file, start, cancel = _file_chooser(
                "image", label("Photo (JPEG, PNG, WebP, GIF, HEIC)"), label("Check the photo"), "astronaut.jpg"
            )
            known_real = _known_real_chooser("image")
        with gr.Column(scale=2):
            verdict = gr.HTML(elem_id="image_verdict", min_height=80)
            choice = item_chooser("image")
            with gr.Column(visible=False) as results:
                comparison = gr.HTML(elem_id="image_known_real")
                viewer = gr.HTML(elem_id="image_viewer")
                faces = gr.HTML(elem_id="image_faces")
                downloads = _report_buttons("image")
                result = _json_result()
    outputs = [result, verdict, comparison, viewer, faces, *downloads]
    connect(service, service.show_photo, file, [language], outputs, start, cancel, results, known_real, choice)


def video_tab(service: Service, language: gr.Textbox) -> None:
    """Lays out the check of one video: verdict, plot and frames, faces, report, annotated copy."""
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            file, start, cancel = _file_chooser(
                "video", label("Video (MP4, MOV, WebM, MKV, AVI)"), label("Check the video"), "astronaut.mp4"
            )
            frames = _frames_slider()
            exact = gr.Checkbox(
                False,
                label=label("Exact instants"),
                info=label("Slower. Otherwise the frame near each instant that is decoded fastest is taken."),
                elem_id="exact",
            )
            known_real = _known_real_chooser("video")
        with gr.Column(scale=2):
            verdict = gr.HTML(elem_id="video_verdict", min_height=80)
            choice = item_chooser("video")
            with gr.Column(visible=False) as results:
                comparison = gr.HTML(elem_id="video_known_real")
                viewer = gr.HTML(elem_id="video_viewer")
                faces = gr.HTML(elem_id="video_faces")
                downloads = _report_buttons("video")
                annotate = gr.Button(label("Make the annotated video"), elem_id="annotate_button")
                annotated = gr.Video(
                    label=label("Annotated video"), interactive=False, visible=False, elem_id="annotated_video"
                )
                result = _json_result()
    analysed = gr.State()
    outputs = [result, verdict, comparison, viewer, faces, *downloads, analysed, annotated]
    options = [frames, exact, language]
    connect(service, service.show_video, file, options, outputs, start, cancel, results, known_real, choice)
    annotate.click(
        service.annotate, [file, analysed, language], annotated, js=WITH_LANGUAGE, **PRIVATE, **ONE_AT_A_TIME
    )


def batch_tab(service: Service, language: gr.Textbox) -> None:
    """Lays out the check of several files: a table, and the table to take away."""
    file, start, cancel = _file_chooser(
        "batch", label("Photos and videos"), label("Check the files"), file_count="multiple"
    )
    frames = _frames_slider()
    table = gr.HTML(elem_id="batch_table", min_height=80)
    with gr.Column(visible=False) as results, gr.Row():
        downloads = [
            _download_button(label("Table (CSV)"), elem_id="batch_csv"),
            _download_button(label("Results (JSON)"), elem_id="batch_json"),
        ]
    connect(service, service.show_batch, file, [frames, language], [table, *downloads], start, cancel, results)


def _file_chooser(
    name: str, title: I18nData, button: I18nData, example: str = "", **options: Any
) -> tuple[gr.File, gr.Button, gr.Button]:
    """Lays out where a file is chosen, the button that has it checked, and the one that stops the check.

    Args:
        name: Begins the ids of the three components.
        title: Label of the file.
        button: Label of the button that starts the check.
        example: File in `EXAMPLES` to try.
        options: Further options of `gr.File`.
    """
    # a plain file: the original bytes are analysed, and any file gets a clear answer
    file = gr.File(label=title, file_types=None, elem_id=f"{name}_file", **options)
    with gr.Row():
        start = gr.Button(button, variant="primary", elem_id=f"{name}_button")
        cancel = gr.Button(label("Cancel"), interactive=False, elem_id=f"{name}_cancel")
    if example:
        samples = [str(EXAMPLES / example)]
        gr.Examples(samples, inputs=file, label=label("Example"), cache_examples=False, api_visibility="private")
    return file, start, cancel


def _known_real_chooser(name: str) -> gr.File:
    """Lays out where known-real files are chosen, folded away, as they are optional."""
    with gr.Accordion(label("Known-real material to compare with"), open=False, elem_id=f"{name}_known_real_fold"):
        gr.Markdown(
            label(
                Message(
                    "Optional: up to {count} photos or clips of the same speaker, camera or channel that are surely real. With "
                    "{enough} or more of the same kind, the verdict is drawn from the comparison with them.",
                    {"count": MAX_KNOWN_REAL_FILES, "enough": MIN_KNOWN_REAL_FILES},
                )
            )
        )
        return gr.File(
            label=label("Known-real files"), file_types=None, file_count="multiple", elem_id=f"{name}_known_real_files"
        )


def _report_buttons(name: str) -> list[gr.DownloadButton]:
    """Lays out the evidence report in both forms."""
    with gr.Row():
        return [
            _download_button(label("Evidence report (HTML, to print or file)"), elem_id=f"{name}_report"),
            _download_button(label("Evidence report (JSON)"), elem_id=f"{name}_report_json"),
        ]


def _download_button(text: I18nData, elem_id: str) -> gr.DownloadButton:
    # declared as str, but translated like the text of any other button
    return gr.DownloadButton(cast(str, text), elem_id=elem_id)


def _json_result() -> gr.JSON:
    with gr.Accordion(label("JSON result"), open=False):
        return gr.JSON(show_label=False)


def _frames_slider() -> gr.Slider:
    return gr.Slider(8, MAX_FRAMES, FRAMES_PER_VIDEO, step=8, label=label("Frames to look at, evenly spaced"))
