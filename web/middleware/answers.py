"""Refuses requests before Gradio sees them: one plain sentence, where Gradio's clients look for it."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import Scope

from detector.messages import Message
from detector.report.translation import ENGLISH, LANGUAGES, translate


def refusal(sentence: Message, status: int, scope: Scope) -> JSONResponse:
    """Answers a sentence in the language that the browser asks for; Gradio's page reads ``detail``, its upload ``error``."""
    text = _in_language_of(scope, sentence)
    return JSONResponse({"detail": text, "error": text}, status)


def refused_input(sentence: Message, scope: Scope) -> JSONResponse:
    """Answers a sentence in the form of Gradio's own checks of an input, which its Python client shows in full."""
    problem = {
        "__type__": "validate",
        "is_valid": False,
        "parameter_name": "file",
        "message": _in_language_of(scope, sentence),
    }
    return JSONResponse({"detail": [problem]}, 422)


def accepted_language(header: str) -> str:
    """Chooses the first language of an ``Accept-Language`` that there is; English where there is none."""
    # browsers list them from the one that is liked most to the one that is liked least
    codes = (part.split(";")[0].split("-")[0].strip().lower() for part in header.split(","))
    return next((code for code in codes if code in LANGUAGES), ENGLISH)


def _in_language_of(scope: Scope, sentence: Message) -> str:
    return translate(sentence, accepted_language(Headers(scope=scope).get("accept-language", "")))
