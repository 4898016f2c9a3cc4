"""Connects the components of a tab with the service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
from gradio.components import Component

from web.i18n import WITH_LANGUAGE
from web.items import ItemChoice
from web.service import Service

# The model uses both cores of a free Space by itself. Eight visitors with photos of 12 megapixels got 107 answers a minute,
# the slowest after 5.1 s; two at a time 93 and 6.2 s, three at a time 93 and 6.6 s (medians of three rounds, 2 cores).
ONE_AT_A_TIME: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 1}
PRIVATE: dict[str, Any] = {"api_visibility": "private"}
MAIN_ITEM = 0


def connect(
    service: Service,
    show: Callable[..., Any],
    file: gr.File,
    options: Sequence[Component],
    outputs: Sequence[Component],
    start: gr.Button,
    cancel: gr.Button,
    results: gr.Column,
    known_real: gr.File | None = None,
    choice: ItemChoice | None = None,
) -> None:
    """Makes the buttons of a tab start and stop the analysis of its file.

    A verdict must never stand beside other files than its own: none can be chosen while one is analysed, and the old
    verdict goes when another one is chosen.

    Args:
        service: Analyses and forgets files.
        show: Analyses the file for the page.
        file: The file or files to analyse.
        options: Further inputs of `show`, after the known-real files; the last one takes the language of the page.
        outputs: What `show` fills; the progress is shown on the first HTML among them.
        start: The button that starts the analysis.
        cancel: The button that stops it.
        results: What is hidden until there is a result.
        known_real: Files that the file is compared with; None where the tab has no such comparison.
        choice: Chooses among the photos and films of the file, as an input of `show` before the language, and outputs after
            all others; None where the tab has no such choice.
    """
    files = [file] if known_real is None else [file, known_real]
    idle_ones = [*files, start, *([choice.number, choice.button] if choice else [])]
    buttons = [*idle_ones, cancel]
    filled = [*outputs, *([choice.place, choice.number] if choice else [])]

    def buttons_are(*, idle: bool) -> list[Any]:
        return [gr.update(interactive=value) for value in (*[idle] * len(idle_ones), not idle)]

    watched = next(component for component in outputs if isinstance(component, gr.HTML))

    def analyse_on(button: gr.Button, *item: Component) -> None:
        inputs = [*files, *options[:-1], *item, options[-1]]
        locked = button.click(lambda: buttons_are(idle=False), None, buttons, **PRIVATE)
        done = locked.then(show, inputs, filled, js=WITH_LANGUAGE, show_progress_on=watched, **ONE_AT_A_TIME, **PRIVATE)
        done.success(lambda: [gr.update(visible=True), *buttons_are(idle=True)], None, [results, *buttons], **PRIVATE)
        # not then(): it is not called after an error
        done.failure(lambda: buttons_are(idle=True), None, buttons, **PRIVATE)

    if choice:
        analyse_on(start, gr.State(MAIN_ITEM))
        analyse_on(choice.button, choice.number)
    else:
        analyse_on(start)
    cancel.click(service.cancel, None, None, queue=False, **PRIVATE)
    hidden = [results, *([choice.place] if choice else [])]
    for box in files:
        box.upload(service.received, box, None, queue=False, **PRIVATE)
        box.change(
            lambda: [None] * len(outputs) + [gr.update(visible=False)] * len(hidden),
            None,
            [*outputs, *hidden],
            **PRIVATE,
        )
