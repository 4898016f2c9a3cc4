"""The Space: layout and wiring. Everything that decides something lives in detector/."""

from __future__ import annotations

import logging
from pathlib import Path

import gradio as gr

from detector.analysis import Analysis, Analyzer
from detector.media import MAX_FILE_BYTES, MediaError
from detector.model import load_model
from detector.report import (
    OVERLAY_LEGEND_HTML,
    card_markdown,
    draw_faces,
    face_table,
    frame_caption,
    model_markdown,
    result_to_dict,
    verdict_markdown,
)
from detector.timeline import timeline_svg

logger = logging.getLogger(__name__)

ROOT = Path(__file__).parent
SUSPICIOUS_FRAMES = 5
INTRODUCTION = (
    "# Face manipulation check\n"
    "Upload a photo or a video. Every face is scored for signs of a swap or re-enactment. "
    "The verdict is a lead for a fact-checker: *no manipulation found* never means *real*."
)
# wide tables of the model card scroll in a box of their own, also on a phone
CSS = "#card table {display: block; overflow-x: auto; white-space: nowrap}"
PRIVACY = "Uploads are analysed on this machine and deleted within two hours; nothing is passed on."


def chooser(name: str, label: str, example: str) -> tuple[gr.File, gr.Button]:
    """The left column of a tab: where a file is chosen, and the button that has it checked."""
    with gr.Column(scale=1):
        # a plain file: the original bytes are analysed, and any file gets a clear answer
        file = gr.File(label=label, file_types=None, elem_id=f"{name}_file")
        button = gr.Button(f"Check the {label.lower()}", variant="primary", elem_id=f"{name}_button")
        gr.Examples([str(ROOT / "examples" / example)], inputs=file, label="Example", cache_examples=False)
    return file, button


def build_app(analyzer: Analyzer) -> gr.Blocks:
    """The page and its named endpoints, around one analyzer."""

    def run(analyze, file: str | None, *args, **kwargs) -> Analysis:
        if not file:
            raise gr.Error(
                "No file was sent; please choose a photo or a video first.", duration=None, print_exception=False
            )
        try:
            return analyze(file, *args, **kwargs)
        except MediaError as error:
            logger.info("refused: %s", error, exc_info=True)
            raise gr.Error(str(error), duration=None, print_exception=False) from error

    def analyze_image(file: str):
        """Assesses every face of a photo; the first output is the documented JSON result."""
        analysis = run(analyzer.analyze_image, file)
        (frame,) = analysis.frames
        return (
            result_to_dict(analysis.result),
            verdict_markdown(analysis.result),
            (draw_faces(frame, with_overlay=False), draw_faces(frame, with_overlay=True)),
            face_table(analysis.result),
        )

    def analyze_video(file: str, progress=gr.Progress()):
        """Assesses the faces of a video over 32 evenly spaced frames; the first output is the documented JSON result."""
        analysis = run(analyzer.analyze_video, file, progress=lambda share, doing: progress(share, desc=doing))
        gallery = [
            (draw_faces(frame, with_overlay=True), frame_caption(frame))
            for frame in analysis.most_suspicious(SUSPICIOUS_FRAMES)
        ]
        return (
            result_to_dict(analysis.result),
            verdict_markdown(analysis.result),
            timeline_svg(analysis.result),
            gallery,
            face_table(analysis.result),
        )

    # uploads are removed two hours after they came, checked every ten minutes
    with gr.Blocks(title="Face manipulation check", analytics_enabled=False, delete_cache=(600, 7200)) as page:
        gr.Markdown(INTRODUCTION)
        gr.Markdown(model_markdown(analyzer.model), elem_id="model")
        with gr.Tab("Photo"), gr.Row():
            image_file, image_button = chooser("image", "Photo", "astronaut.jpg")
            with gr.Column(scale=2):
                image_verdict = gr.Markdown(elem_id="image_verdict", min_height=80)
                with gr.Column(visible=False) as image_results:
                    gr.Markdown("Left of the slider the photo with its faces, right of it where the model looked.")
                    image_slider = gr.ImageSlider(show_label=False, format="png", interactive=False)
                    gr.HTML(OVERLAY_LEGEND_HTML)
                    image_faces = gr.Dataframe(label="Faces", interactive=False)
                    with gr.Accordion("JSON result", open=False):
                        image_json = gr.JSON(label="Result")
        with gr.Tab("Video"), gr.Row():
            video_file, video_button = chooser("video", "Video", "astronaut.mp4")
            with gr.Column(scale=2):
                video_verdict = gr.Markdown(elem_id="video_verdict", min_height=80)
                with gr.Column(visible=False) as video_results:
                    video_timeline = gr.HTML(label="Score over time", show_label=True)
                    video_gallery = gr.Gallery(
                        label="Most suspicious frames",
                        columns=2,
                        height="auto",
                        object_fit="contain",
                        format="png",
                        interactive=False,
                    )
                    gr.HTML(OVERLAY_LEGEND_HTML)
                    video_faces = gr.Dataframe(label="Faces", interactive=False)
                    with gr.Accordion("JSON result", open=False):
                        video_json = gr.JSON(label="Result")
        with gr.Tab("About this model"):
            gr.Markdown(
                card_markdown(analyzer.model.card, analyzer.model.folder) or "No model card came with these weights.",
                elem_id="card",
            )
        gr.Markdown(PRIVACY)

        def wire(name: str, analyze, file, button, results, outputs: list, verdict) -> None:
            """Connects a tab; its endpoint is called `name`."""
            # a verdict must never stand beside another file than its own: while one is analysed, none can be
            # chosen, and when another is chosen, the old verdict goes
            locked = button.click(
                lambda: [gr.update(interactive=False)] * 2, None, [file, button], api_visibility="private"
            )
            # one at a time: the model uses both cores of a free Space by itself
            done = locked.then(
                analyze,
                file,
                outputs,
                api_name=name,
                concurrency_id="model",
                concurrency_limit=1,
                show_progress_on=verdict,
            )
            done.success(lambda: gr.update(visible=True), None, results, api_visibility="private")
            done.then(lambda: [gr.update(interactive=True)] * 2, None, [file, button], api_visibility="private")
            file.change(
                lambda: [None] * len(outputs) + [gr.update(visible=False)],
                None,
                [*outputs, results],
                api_visibility="private",
            )

        wire(
            "analyze_image",
            analyze_image,
            image_file,
            image_button,
            image_results,
            [image_json, image_verdict, image_slider, image_faces],
            image_verdict,
        )
        wire(
            "analyze_video",
            analyze_video,
            video_file,
            video_button,
            video_results,
            [video_json, video_verdict, video_timeline, video_gallery, video_faces],
            video_verdict,
        )
    return page.queue(max_size=20)


def launch_options() -> dict:
    """How the page is served, on a Space and in the tests alike."""
    return {
        "max_file_size": MAX_FILE_BYTES,
        "show_error": False,
        "footer_links": ["api"],
        "css": CSS,
        "ssr_mode": False,  # no Node needed, and one process less on two cores
    }


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    build_app(Analyzer(load_model())).launch(**launch_options())
