"""The interface for scripts: named endpoints, whose components are never shown."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.state_holder import SessionState

from detector.limits import FRAMES_PER_VIDEO, MAX_FRAMES, MAX_ITEM_NUMBER
from detector.network.loading import LoadedModel
from detector.report.translation import ENGLISH
from web.desk.wiring import at_the_model
from web.input_checks import check_inputs, completed
from web.middleware.answers import accepted_language
from web.service import Service

ENDPOINTS = ("analyze_image", "analyze_video", "analyze_batch", "model_info")
_ASKED_IN = ContextVar("language of the request", default=ENGLISH)


class Page(gr.Blocks):
    """A page that says in one sentence what is wrong with an input, and whose endpoints may be called as before one was added."""

    async def process_api(
        self,
        block_fn: BlockFunction | int,
        inputs: list[Any],
        state: SessionState | None = None,
        request: gr.Request | list[gr.Request] | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Notes the language in which the page or the script asks, for what is wrong with an input."""
        headers = request.headers if isinstance(request, gr.Request) else {}
        _ASKED_IN.set(accepted_language(headers.get("accept-language", "")))
        answer: dict[str, Any] = await super().process_api(block_fn, inputs, state, request, *args, **kwargs)
        return answer

    async def preprocess_data(self, block_fn: BlockFunction, inputs: list[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Completes and checks what was sent before Gradio makes of it what the functions take.

        Raises:
            gr.Error: An input is missing or of the wrong kind.
        """
        if block_fn.fn:
            if block_fn.api_name in ENDPOINTS:
                inputs = _as_lists(
                    block_fn.inputs, completed(block_fn.fn, inputs, len(block_fn.inputs), _ASKED_IN.get())
                )
            check_inputs(block_fn.fn, block_fn.inputs, inputs, _ASKED_IN.get())
        processed: list[Any] = await super().preprocess_data(block_fn, inputs, *args, **kwargs)
        return processed


def add_endpoints(service: Service, model: LoadedModel) -> None:
    """Adds the named endpoints to the page that is being laid out."""
    with gr.Column(visible=False):
        photo, clip = _file(["photo.jpg"], label="file"), _file(["clip.mp4"], label="file")
        files = _file(["photo.jpg", "clip.mp4"], label="files", file_count="multiple")
        known_real = _file([], label="known-real files", file_count="multiple")
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
            gr.Button(name).click(function, inputs, outputs, api_name=name, **at_the_model(model))


def _file(samples: list[str], **options: Any) -> gr.File:
    """Makes an input for files; its sample on the API page are these names, where Gradio's own is a PDF on another host."""
    file = gr.File(**options)
    # what Gradio's snippets write as handle_file("photo.jpg")
    named = [{"path": name, "url": name, "orig_name": name, "meta": {"_type": "gradio.FileData"}} for name in samples]
    sample = named if file.file_count == "multiple" else named[0]
    file.example_payload = lambda: sample or None  # type: ignore[method-assign]
    return file


def _as_lists(components: Sequence[Any], inputs: Sequence[Any]) -> list[Any]:
    """Takes one file for a list of one, as Gradio's own samples for curl and JavaScript send it."""
    return [
        [value] if isinstance(value, dict) and getattr(component, "file_count", "") == "multiple" else value
        for component, value in zip(components, inputs, strict=True)
    ]
