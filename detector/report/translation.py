"""Messages in other languages, by gettext catalogues.

Messages are found in the code and in the templates by the names of the functions that make them. After one was changed or
added, bring the catalogues up to date with Babel, translate in each ``.po`` file what is new, and compile::

    pybabel extract -F pyproject.toml -k "Message MediaError NotAVideoError counted:1,2 say label" \\
        --no-location --width 120 --project face-check --version 1 -o messages.pot detector web
    pybabel update -D messages -i messages.pot -d detector/report/languages --width 120 --no-fuzzy-matching --ignore-obsolete
    pybabel compile -D messages -d detector/report/languages

``pybabel init -l CODE`` in place of ``update`` begins another language.
"""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from detector.messages import Message

ENGLISH = "en"
CATALOGUES = Path(__file__).parent / "languages"
LANGUAGES = (ENGLISH, *sorted(folder.name for folder in CATALOGUES.iterdir() if folder.is_dir()))


def translate(message: Message, language: str) -> str:
    """Returns a message in a language; in English where the language or the sentence is not known.

    Args:
        message: What to say.
        language: A code such as ``es`` or ``es-MX``.
    """
    return message.text(_catalogue(supported(language)))


def supported(language: str) -> str:
    """Returns the code of the language that is shown to someone who asks for this one."""
    code = (language or ENGLISH).split("-")[0].lower()
    return code if code in LANGUAGES else ENGLISH


@cache
def _catalogue(language: str) -> NullTranslations:
    if language == ENGLISH:
        return NullTranslations()
    with open(CATALOGUES / language / "LC_MESSAGES" / "messages.mo", "rb") as stream:
        return GNUTranslations(stream)
