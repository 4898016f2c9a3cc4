"""The interface for scripts: named endpoints, whose components are never shown."""

from __future__ import annotations

import gradio as gr

from detector.analyzer import FRAMES_PER_VIDEO
from detector.limits import MAX_FRAMES
from web.service import Service
from web.wiring import ONE_AT_A_TIME


def add_endpoints(service: Service) -> None:
    """Adds the named endpoints to the page that is being laid out."""
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
