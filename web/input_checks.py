"""Checks what scripts send against what the components take: Gradio hides from them why it cannot use an input."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
from gradio.components import Component
from pydantic import ValidationError

from detector.messages import Message, counted
from detector.report.translation import translate

_FILE = Message(
    'The input {name} must be a file that was uploaded: handle_file("photo.jpg") with gradio_client, over HTTP what /upload '
    "answered."
)
_FILES = Message(
    'The input {name} must be a list of files that were uploaded: [handle_file("photo.jpg")] with gradio_client, over HTTP '
    "what /upload answered."
)
_NUMBER = Message("The input {name} must be a number from {least} to {most}, without quotation marks.")
_BOOL = Message("The input {name} must be true or false, without quotation marks.")
_TEXT = Message("The input {name} must be a text.")


def completed(function: Callable[..., Any], inputs: Sequence[Any], count: int, language: str) -> list[Any]:
    """Puts the defaults of an endpoint in the place of inputs that a call leaves out at the end.

    Args:
        function: Answers the endpoint.
        inputs: What was sent.
        count: How many inputs the endpoint takes.
        language: Language of the errors.

    Raises:
        gr.Error: One without a default is missing, or there are too many.
    """
    parameters = list(inspect.signature(function).parameters.values())[:count]
    if len(inputs) > count:
        raise _error(
            counted(
                "This endpoint takes {count} input; please send no more.",
                "This endpoint takes {count} inputs; please send no more.",
                count,
            ),
            language,
        )
    missing = parameters[len(inputs) :]
    for parameter in missing:
        if parameter.default is parameter.empty:
            raise _error(Message("The input {name} is missing.", {"name": parameter.name}), language)
    return [*inputs, *(parameter.default for parameter in missing)]


def check_inputs(function: Callable[..., Any], components: Sequence[Any], inputs: Sequence[Any], language: str) -> None:
    """Refuses inputs that are not of the kind that their components take.

    Args:
        function: Takes the inputs, and names them.
        components: What the inputs are for, in their order.
        inputs: What was sent.
        language: Language of the errors.

    Raises:
        gr.Error: Says which input is wrong, and what it must be.
    """
    names = list(inspect.signature(function).parameters)
    for number, (component, value) in enumerate(zip(components, inputs, strict=False)):
        problem = None if value is None else _problem(component, value)
        if problem:
            name = names[number] if number < len(names) else str(number + 1)
            raise _error(Message(problem.template, {**problem.arguments, "name": name}), language)


def _problem(component: Component, value: Any) -> Message | None:
    if isinstance(component, gr.File):
        return None if _is_upload(component, value) else _FILES if component.file_count == "multiple" else _FILE
    if isinstance(component, gr.Number | gr.Slider):
        least, most = (component.minimum or 0), (math.inf if component.maximum is None else component.maximum)
        bounds = {"least": f"{least:g}", "most": f"{most:g}"}
        return None if _is_number(value, least, most) else Message(_NUMBER.template, bounds)
    if isinstance(component, gr.Checkbox):
        return None if isinstance(value, bool) else _BOOL
    if isinstance(component, gr.Textbox):
        return None if isinstance(value, str) else _TEXT
    return None


def _is_upload(component: gr.File, value: Any) -> bool:
    if component.data_model is None:
        return False
    try:
        component.data_model.model_validate(value, context={"validate_meta": True})
    except ValidationError:
        return False
    return True


def _is_number(value: Any, least: float, most: float) -> bool:
    # True is a number to Python
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return not (isinstance(value, float) and math.isnan(value)) and least <= value <= most


def _error(message: Message, language: str) -> gr.Error:
    return gr.Error(translate(message, language), duration=None, print_exception=False)
