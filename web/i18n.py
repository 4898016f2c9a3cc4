"""The texts of the page in every language: the browser chooses, by its own language or by the page's settings."""

from __future__ import annotations

from collections.abc import Mapping

import gradio as gr
from gradio.i18n import I18nData

from detector.messages import Message
from detector.report.translation import LANGUAGES, translate

# What Gradio hands to the browser; `label` fills it.
TEXTS = gr.I18n(**{language: {} for language in LANGUAGES})
# Replaces the last input of an event by the language in which the page is shown.
WITH_LANGUAGE = "(...inputs) => [...inputs.slice(0, -1), document.documentElement.lang]"


def label(text: str | Message) -> I18nData:
    """Returns a text of the page, which the browser shows in its language; a component takes no more than one."""
    message = Message(text) if isinstance(text, str) else text
    for language in LANGUAGES:
        TEXTS.translations[language][str(message)] = translate(message, language)
    return TEXTS(str(message))


def view(name: str, texts: Mapping[str, str]) -> I18nData:
    """Returns what a component shows, given in every language; `name` is one that nothing else has."""
    for language in LANGUAGES:
        TEXTS.translations[language][name] = texts[language]
    return TEXTS(name)
