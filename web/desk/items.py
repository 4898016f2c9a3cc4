"""The choice among the photos and films of a file that holds several; hidden for any other file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from detector.report.translation import translate
from detector.report.wording.items import item_text
from detector.results import Result
from web.i18n import label


@dataclass(frozen=True)
class ItemChoice:
    """Holds the components of the choice: what is shown and hidden, the numbers, and the button that has one checked."""

    place: gr.Column
    number: gr.Radio
    button: gr.Button


def item_chooser() -> ItemChoice:
    """Lays out the choice."""
    with gr.Column(visible=False, elem_id="items") as place:
        number = gr.Radio(label=label("Photos and films in this file"), elem_id="item")
        button = gr.Button(label("Check this one"), size="sm", elem_id="item_button")
    return ItemChoice(place, number, button)


def item_updates(result: Result, language: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Gives what becomes of the place and of the numbers when a result is shown."""
    choices = [(translate(item_text(item), language), item.number) for item in result.items]
    return gr.update(visible=bool(choices)), gr.update(choices=choices, value=result.assessed_item or None)


def no_items() -> tuple[dict[str, Any], dict[str, Any]]:
    """Gives what hides the choice."""
    return gr.update(visible=False), gr.update(choices=[], value=None)
