"""Says things in the language of one reader."""

from __future__ import annotations

from dataclasses import dataclass

from detector.messages import Message
from detector.report.translation import supported, translate
from detector.text import capitalised


@dataclass(frozen=True)
class Speaker:
    """Says things in one language, given as a code such as ``es`` or ``es-MX``; in English where it is not known."""

    language: str

    @property
    def code(self) -> str:
        """The code of the language that is really spoken."""
        return supported(self.language)

    def say(self, template: str, /, **arguments: str | int | Message) -> str:
        """Says an English sentence, with what is put into it."""
        return translate(Message(template, arguments), self.language)

    def text(self, words: Message | str) -> str:
        """Says a message; leaves a text as it is."""
        return translate(words, self.language) if isinstance(words, Message) else words

    def sentence(self, words: Message | str) -> str:
        """Says a message with a large first letter."""
        return capitalised(self.text(words))
