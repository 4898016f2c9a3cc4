"""Messages in other languages, by gettext catalogues.

After a sentence was changed or added, bring the catalogues up to date with Babel, and translate what is new::

    pybabel extract --mapping pyproject.toml --keyword "Message MediaError NotAVideoError counted:1,2 say label" \\
        --output messages.pot detector web
    pybabel update --domain messages --input-file messages.pot --output-dir detector/report/languages
    pybabel compile --domain messages --directory detector/report/languages
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
