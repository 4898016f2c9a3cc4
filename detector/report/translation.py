"""The page in other languages: sentences are made in English where their facts are known, and translated here."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

ENGLISH = "en"
LANGUAGES = (ENGLISH, "es")


def translate(sentence: str, language: str) -> str:
    """A sentence of this program in another language; as it is where none is known.

    Args:
        sentence: English; its numbers and names may be any, see `catalogue`.
        language: A code such as ``es`` or ``es-MX``.
    """
    language = supported(language)
    if language == ENGLISH:
        return sentence
    translations = catalogue(language)
    if sentence in translations:
        return translations[sentence]
    for pattern, translation in _patterns(language):
        if found := pattern.fullmatch(sentence):
            return translation.format(*(translate(part, language) for part in found.groups()))
    return sentence


def supported(language: str) -> str:
    """The code of the language that is shown to someone who asks for this one."""
    code = (language or ENGLISH).split("-")[0].lower()
    return code if code in LANGUAGES else ENGLISH


@cache
def catalogue(language: str) -> dict[str, str]:
    """Translations by English sentence; ``{}`` stands for a number, a name or a part that is translated by itself."""
    if language == ENGLISH:
        return {sentence: sentence for other in LANGUAGES if other != ENGLISH for sentence in catalogue(other)}
    file = Path(__file__).parent / "languages" / f"{language}.json"
    sentences: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return sentences


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    found = [
        (re.compile("(.+?)".join(re.escape(part) for part in sentence.split("{}")), re.DOTALL), translation)
        for sentence, translation in catalogue(language).items()
        if "{}" in sentence
    ]
    # the most specific first: what has the most words of its own
    return sorted(found, key=lambda entry: -len(entry[0].pattern))
