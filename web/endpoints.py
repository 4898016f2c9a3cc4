"""The interface for scripts: named endpoints, whose components are never shown."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.block_function import BlockFunction

from detector.analyzer import FRAMES_PER_VIDEO
from detector.limits import MAX_FRAMES, MAX_ITEM_NUMBER
from web.desk.wiring import ONE_AT_A_TIME
from web.input_checks import check_inputs, completed
from web.service import Service

ENDPOINTS = ("analyze_image", "analyze_video", "analyze_batch", "model_info")


class Page(gr.Blocks):
    """A page that says in one sentence what is wrong with an input, and whose endpoints may be called as before one was added."""

    async def preprocess_data(self, block_fn: BlockFunction, inputs: list[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Completes and checks what was sent before Gradio makes of it what the functions take.

        Raises:
            gr.Error: An input is missing or of the wrong kind.
        """
        if block_fn.fn:
            if block_fn.api_name in ENDPOINTS:
                inputs = completed(block_fn.fn, inputs, len(block_fn.inputs))
            check_inputs(block_fn.fn, block_fn.inputs, inputs)
        processed: list[Any] = await super().preprocess_data(block_fn, inputs, *args, **kwargs)
        return processed


def add_endpoints(service: Service) -> None:
    """Adds the named endpoints to the page that is being laid out."""
    with gr.Column(visible=False):
        photo, clip = _file(["photo.jpg"], label="file"), _file(["clip.mp4"], label="file")
        files = _file(["photo.jpg", "clip.mp4"], label="files", file_count="multiple")
        known_real = _file(["known-real.jpg"], label="known-real files", file_count="multiple")
        frames = gr.Number(FRAMES_PER_VIDEO, precision=0, minimum=1, maximum=MAX_FRAMES, label="frames")
        exact = gr.Checkbox(False, label="exact")
        item = gr.Number(0, precision=0, minimum=0, maximum=MAX_ITEM_NUMBER, label="item")
        result, verdict = gr.JSON(label="result"), gr.Textbox(label="verdict in words")
        page, record = gr.File(label="evidence report, HTML"), gr.File(label="evidence report, JSON")
        table, lines, info = gr.File(label="table, CSV"), gr.File(label="results, JSON"), gr.JSON(label="model")
        for name, function, inputs, outputs in (
            ("analyze_image", service.analyze_image, [photo, known_real, item], [result, verdict, page, record]),
            (
                "analyze_video",
                service.analyze_video,
                [clip, frames, exact, known_real, item],
                [result, verdict, page, record],
            ),
            ("analyze_batch", service.analyze_batch, [files, frames], [result, table, lines]),
            ("model_info", service.model_info, [], [info]),
        ):
            gr.Button(name).click(function, inputs, outputs, api_name=name, **ONE_AT_A_TIME)


def _file(samples: list[str], **options: Any) -> gr.File:
    """Makes an input for files whose sample on the API page are these names: Gradio's own is a PDF on another host."""
    file = gr.File(**options)
    # what Gradio's snippets write as handle_file("photo.jpg")
    named = [{"path": name, "url": name, "orig_name": name, "meta": {"_type": "gradio.FileData"}} for name in samples]
    file.example_payload = lambda: named if file.file_count == "multiple" else named[0]  # type: ignore[method-assign]
    return file
