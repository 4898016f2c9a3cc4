"""The texts of the page in every language: the browser chooses, by its own language or by the page's switch."""

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
# Gradio's own texts: by its keys, where it has none for one or sets it only once, and else by the English that is written
# into its page, which `static/gradio_texts.js` finds.
_OF_GRADIO = {
    "common.upload": Message("Add files"),
    "- or -": Message("- or -"),
    "upload_text.drop_file": Message("Drop files here"),
    "upload_text.click_to_upload": Message("Click to choose"),
    "Click to upload or drop files": Message("Choose files, or drop them here"),
    "File upload": Message("File"),
    "Remove this file": Message("Remove this file"),
    "More tabs": Message("More tabs"),
    "Gradio footer navigation": Message("Foot of the page"),
    "Close": Message("Close"),
    "queue: {position}/{size} |": Message("waiting, {position} of {size} |"),
    "processing |": Message("at work |"),
    "Connection Lost": Message("No connection"),
    "Connection to the server was lost. Attempting reconnection...": Message(
        "The connection to the server was lost; trying again."
    ),
    "Connection errored out.": Message("The server does not answer; please try again later."),
    "This application is currently busy. Please try again.": Message(
        "Too many people are waiting; please try again in a few minutes."
    ),
    "Queue is full. Max size is {size} and size is {waiting}.": Message(
        "Too many people are waiting; please try again in a few minutes."
    ),
    "File(s) exceed the maximum allowed size of {size}: {names}": Message(
        "Only files of up to {size} are taken; too large: {names}"
    ),
    "An Unexpected Error Occurred!": Message("Something went wrong in the page; please load it again."),
}


def label(text: str | Message) -> I18nData:
    """Returns a text of the page, which the browser shows in its language; a component takes no more than one."""
    message = Message(text) if isinstance(text, str) else text
    return view(str(message), _in_all_languages(message))


def view(name: str, texts: Mapping[str, str]) -> I18nData:
    """Returns what a component shows, given in every language; `name` is one that nothing else has."""
    for language in LANGUAGES:
        TEXTS.translations[language][name] = texts[language]
    return TEXTS(name)


def _in_all_languages(message: Message) -> dict[str, str]:
    return {language: translate(message, language) for language in LANGUAGES}


for _said, _message in _OF_GRADIO.items():
    view(_said, _in_all_languages(_message))
