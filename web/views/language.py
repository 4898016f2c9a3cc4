"""The switch between the languages of the page; ``static/language.js`` makes it work."""

from __future__ import annotations

from detector.messages import Message
from detector.report.translation import ENGLISH, LANGUAGES, translate
from web.views.elements import fill

# Each catalogue translates this by the name of its own language.
_OWN_NAME = Message("English")
_LANGUAGE = Message("Language")


def language_switch() -> str:
    """Shows one button for each language, named in that language."""
    languages = [(code, translate(_OWN_NAME, code)) for code in LANGUAGES]
    title = ", ".join(dict.fromkeys(translate(_LANGUAGE, code) for code in LANGUAGES))
    return fill("language.html", ENGLISH, languages=languages, title=title)
