"""The Space: layout and wiring. Everything that decides something lives in detector/ and web/."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import gradio as gr

from detector.analyzer import FRAMES_PER_VIDEO, Analyzer
from detector.limits import (
    LIMITS_TEXT,
    MAX_FILE_BYTES,
    MAX_FRAMES,
    MAX_SESSIONS,
    MAX_UPLOAD_AGE_S,
    MAX_WAITING_REQUESTS,
)
from detector.network.loading import load_model
from detector.report.translation import LANGUAGES, catalogue, translate
from detector.report.wording import card_markdown
from detector.sandbox.client import WORKERS
from web.memory import bound_memory_pools
from web.service import Service
from web.settings import SettingError, Settings, read_settings
from web.temporary_files import own_temporary_folder, swept
from web.views.elements import asset

EXAMPLES = Path(__file__).parent / "examples"
INTRODUCTION = (
    "Upload a photo or a video. Every face is scored for signs of a swap or re-enactment. "
    "The verdict is a lead for a fact-checker: *no manipulation found* never means *real*."
)
PRIVACY = (
    "Uploads are analysed on this machine; they and the reports are deleted when you leave the page, within two hours at the latest; "
    "nothing is passed on, and nothing about you is measured."
)
TEXTS = gr.I18n(
    **{language: catalogue(language) | {LIMITS_TEXT: translate(LIMITS_TEXT, language)} for language in LANGUAGES}
)
# Gradio's own subdued text is too pale for WCAG AA on white
THEME = gr.themes.Default(primary_hue="blue").set(body_text_color_subdued="*neutral_600")
# the page is shown in the language that the browser asks for, or that was chosen in its settings
WITH_LANGUAGE = "(...inputs) => [...inputs.slice(0, -1), document.documentElement.lang]"


def build_app(analyzer: Analyzer) -> gr.Blocks:
    """The page and its named endpoints, around one analyzer."""
    service = Service(analyzer)
    # what no closed page took with it is removed when it is old, checked every ten minutes
    cleaning = (600, MAX_UPLOAD_AGE_S)
    with gr.Blocks(title="Face manipulation check", analytics_enabled=False, delete_cache=cleaning) as page:
        gr.Markdown(f"# {TEXTS('Face manipulation check')}")
        gr.Markdown(TEXTS(INTRODUCTION))
        info, warning = analyzer.model.info, analyzer.model.warning
        # the page translates one text a component
        gr.Markdown(
            f"{TEXTS('Model')} `{info.id}`, `{info.revision}`{f'. ⚠ {warning}' if warning else ''}", elem_id="model"
        )
        gr.Markdown(TEXTS("Language: *Settings*, at the foot of the page."))
        language = gr.Textbox(visible=False)
        with gr.Tab(TEXTS("Photo"), elem_id="photo_tab"):
            photo_tab(service, language)
        with gr.Tab(TEXTS("Video"), elem_id="video_tab"):
            video_tab(service, language)
        with gr.Tab(TEXTS("Many files"), elem_id="batch_tab"):
            batch_tab(service, language)
        with gr.Tab(TEXTS("About this model"), elem_id="about_tab"):
            card = card_markdown(analyzer.model.card, analyzer.model.folder)
            gr.Markdown(card or TEXTS("No model card came with these weights."), elem_id="card")
        gr.Markdown(TEXTS(PRIVACY))
        gr.Markdown(TEXTS(LIMITS_TEXT), elem_id="limits")
        endpoints(service)

        def closed(request: gr.Request) -> None:
            service.forget(request)
            # Gradio itself keeps what a closed page has shown, pictures and all
            for kept in (page.state_holder.session_data, page.state_holder.time_last_used):
                kept.pop(request.session_hash, None)

        page.unload(closed)
    # only the examples are there yet; Gradio would remove them with the uploads
    for block in page.blocks.values():
        block.keep_in_cache |= block.temp_files
    service.keep(files_to_keep(page))
    # without api_open=False, scripts could pass by the queue and have the model work for all of them at once
    return page.queue(max_size=MAX_WAITING_REQUESTS, api_open=False)


def files_to_keep(page: gr.Blocks) -> set[str]:
    """What lies among the uploads and is everyone's."""
    return set().union(*(block.keep_in_cache for block in page.blocks.values()))


def chooser(name: str, label: str, button: str, examples: list[str], **options) -> tuple[gr.File, gr.Button, gr.Button]:
    """Where a file is chosen, the button that has it checked, and the one that stops that."""
    # a plain file: the original bytes are analysed, and any file gets a clear answer
    file = gr.File(label=TEXTS(label), file_types=None, elem_id=f"{name}_file", **options)
    with gr.Row():
        start = gr.Button(TEXTS(button), variant="primary", elem_id=f"{name}_button")
        cancel = gr.Button(TEXTS("Cancel"), interactive=False, elem_id=f"{name}_cancel")
    if examples:
        samples = [str(EXAMPLES / example) for example in examples]
        gr.Examples(samples, inputs=file, label=TEXTS("Example"), cache_examples=False, api_visibility="private")
    return file, start, cancel


def reports(name: str) -> list[gr.DownloadButton]:
    """The evidence report in both forms."""
    with gr.Row():
        return [
            gr.DownloadButton(TEXTS("Evidence report (HTML, to print or file)"), elem_id=f"{name}_report"),
            gr.DownloadButton(TEXTS("Evidence report (JSON)"), elem_id=f"{name}_report_json"),
        ]


def photo_tab(service: Service, language: gr.Textbox) -> None:
    """One photo: verdict, viewer, faces, report."""
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            file, start, cancel = chooser(
                "image", "Photo (JPEG, PNG, WebP, GIF, HEIC)", "Check the photo", ["astronaut.jpg"]
            )
        with gr.Column(scale=2):
            verdict = gr.HTML(elem_id="image_verdict", min_height=80)
            with gr.Column(visible=False) as results:
                viewer, faces, downloads = (
                    gr.HTML(elem_id="image_viewer"),
                    gr.HTML(elem_id="image_faces"),
                    reports("image"),
                )
                with gr.Accordion(TEXTS("JSON result"), open=False):
                    result = gr.JSON(show_label=False)
    outputs = [result, verdict, viewer, faces, *downloads]
    wire(service.show_photo, [file, language], outputs, start, cancel, results, verdict, service)


def video_tab(service: Service, language: gr.Textbox) -> None:
    """One video: verdict, plot and frames, faces, report, annotated copy."""
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            file, start, cancel = chooser(
                "video", "Video (MP4, MOV, WebM, MKV, AVI)", "Check the video", ["astronaut.mp4"]
            )
            frames = frames_slider()
            exact = gr.Checkbox(
                False,
                label=TEXTS("Exact instants"),
                info=TEXTS("Slower. Otherwise the frame near each instant that is decoded fastest is taken."),
                elem_id="exact",
            )
        with gr.Column(scale=2):
            verdict = gr.HTML(elem_id="video_verdict", min_height=80)
            with gr.Column(visible=False) as results:
                viewer, faces, downloads = (
                    gr.HTML(elem_id="video_viewer"),
                    gr.HTML(elem_id="video_faces"),
                    reports("video"),
                )
                annotate = gr.Button(TEXTS("Make the annotated video"), elem_id="annotate_button")
                annotated = gr.Video(
                    label=TEXTS("Annotated video"), interactive=False, visible=False, elem_id="annotated_video"
                )
                with gr.Accordion(TEXTS("JSON result"), open=False):
                    result = gr.JSON(show_label=False)
    analysed = gr.State()
    outputs = [result, verdict, viewer, faces, *downloads, analysed, annotated]
    wire(service.show_video, [file, frames, exact, language], outputs, start, cancel, results, verdict, service)
    annotate.click(
        service.annotate,
        [file, analysed, language],
        annotated,
        js=WITH_LANGUAGE,
        api_visibility="private",
        **ONE_AT_A_TIME,
    )


def batch_tab(service: Service, language: gr.Textbox) -> None:
    """Several files: a table, and the table to take away."""
    file, start, cancel = chooser("batch", "Photos and videos", "Check the files", [], file_count="multiple")
    frames = frames_slider()
    table = gr.HTML(elem_id="batch_table", min_height=80)
    with gr.Column(visible=False) as results, gr.Row():
        downloads = [
            gr.DownloadButton(TEXTS("Table (CSV)"), elem_id="batch_csv"),
            gr.DownloadButton(TEXTS("Results (JSON)"), elem_id="batch_json"),
        ]
    wire(service.show_batch, [file, frames, language], [table, *downloads], start, cancel, results, table, service)


def frames_slider() -> gr.Slider:
    """How many frames of a video are looked at."""
    return gr.Slider(8, MAX_FRAMES, FRAMES_PER_VIDEO, step=8, label=TEXTS("Frames to look at, evenly spaced"))


# The model uses both cores of a free Space by itself. Eight visitors with photos of 12 megapixels got 107 answers a minute,
# the slowest after 5.1 s; two at a time 93 and 6.2 s, three at a time 93 and 6.6 s (medians of three rounds, 2 cores).
ONE_AT_A_TIME = {"concurrency_id": "model", "concurrency_limit": 1}


def wire(
    show,
    inputs: list,
    outputs: list,
    start: gr.Button,
    cancel: gr.Button,
    results: gr.Column,
    watched,
    service: Service,
) -> None:
    """Connects a tab."""
    file = inputs[0]
    # a verdict must never stand beside another file than its own: while one is analysed, none can be chosen,
    # and when another is chosen, the old verdict goes
    private = {"api_visibility": "private"}
    locked = start.click(
        lambda: [gr.update(interactive=value) for value in (False, False, True)], None, [file, start, cancel], **private
    )
    done = locked.then(show, inputs, outputs, js=WITH_LANGUAGE, show_progress_on=watched, **ONE_AT_A_TIME, **private)
    unlocked = [gr.update(interactive=value) for value in (True, True, False)]
    done.success(lambda: [gr.update(visible=True), *unlocked], None, [results, file, start, cancel], **private)
    # not then(): it is not called after an error
    done.failure(lambda: unlocked, None, [file, start, cancel], **private)
    cancel.click(service.cancel, None, None, queue=False, **private)
    file.upload(service.received, file, None, queue=False, **private)
    file.change(lambda: [None] * len(outputs) + [gr.update(visible=False)], None, [*outputs, results], **private)


def endpoints(service: Service) -> None:
    """The interface for scripts; its components are never shown."""
    with gr.Column(visible=False):
        file, files = gr.File(label="file"), gr.File(label="files", file_count="multiple")
        frames = gr.Number(FRAMES_PER_VIDEO, precision=0, minimum=1, maximum=MAX_FRAMES, label="frames")
        exact = gr.Checkbox(False, label="exact")
        result, verdict = gr.JSON(label="result"), gr.Textbox(label="verdict in words")
        page, record = gr.File(label="evidence report, HTML"), gr.File(label="evidence report, JSON")
        table, lines, info = gr.File(label="table, CSV"), gr.File(label="results, JSON"), gr.JSON(label="model")
        for name, function, inputs, outputs in (
            ("analyze_image", service.analyze_image, [file], [result, verdict, page, record]),
            ("analyze_video", service.analyze_video, [file, frames, exact], [result, verdict, page, record]),
            ("analyze_batch", service.analyze_batch, [files, frames], [result, table, lines]),
            ("model_info", service.model_info, [], [info]),
        ):
            gr.Button(name).click(function, inputs, outputs, api_name=name, **ONE_AT_A_TIME)


def launch_options(settings: Settings | None = None) -> dict:
    """How the page is served, on a Space and in the tests alike."""
    settings = settings or Settings()
    return {
        "app_kwargs": {"middleware": settings.middleware},
        "auth": list(settings.logins) or None,
        "enable_monitoring": False,
        "run_history": False,  # it would keep photos and results in the browser, and on the Hub for who is logged in there
        "max_file_size": MAX_FILE_BYTES,
        "state_session_capacity": MAX_SESSIONS,
        "show_error": False,
        "footer_links": ["api", "settings"],
        "css": asset("page.css"),
        "head": f"<script>{asset('page.js')}</script>",
        "i18n": TEXTS,
        "theme": THEME,
        "ssr_mode": False,  # no Node needed, and one process less on two cores
    }


def main() -> int:
    """Serves the page until it is stopped; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    bound_memory_pools()
    if "SPACE_ID" in os.environ:
        # the Hub's proxies, so that an address is that of the person
        os.environ.setdefault("FORWARDED_ALLOW_IPS", "127.0.0.1,10.0.0.0/8")
    try:
        settings = read_settings(os.environ)
        with own_temporary_folder() as uploads:
            WORKERS.warm_up()
            page = build_app(Analyzer(load_model()))
            with swept(uploads, files_to_keep(page)):
                page.launch(**launch_options(settings))
    except SettingError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:  # in the midst of the start; afterwards Gradio sees to it
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
