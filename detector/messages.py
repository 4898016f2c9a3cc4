"""Sentences for people, kept apart from what is put into them, so that they can be shown in any language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from gettext import NullTranslations

_ENGLISH = NullTranslations()
_NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Message:
    """A sentence in English, which is the key of its translations, and what is put into it.

    Attributes:
        template: Holds names in braces, as in ``"The file holds {count} pictures."``.
        arguments: What replaces each name; a `Message` is translated too. Numbers with decimals come as text.
        plural: The template for any `count` but one; empty where nothing is counted.
        count: Chooses between `template` and `plural`.
    """

    template: str
    arguments: Mapping[str, str | int | Message] = field(default_factory=dict)
    plural: str = ""
    count: int = 1

    def text(self, translations: NullTranslations = _ENGLISH) -> str:
        """Returns the sentence in the language of a gettext catalogue; in English without one."""
        if self.plural:
            template = translations.ngettext(self.template, self.plural, self.count)
        else:
            # gettext gives the header of the catalogue for the empty text
            template = translations.gettext(self.template) if self.template else ""

        # not str.format: its templates reach into objects, and some templates come from the decoding process
        def value(found: re.Match[str]) -> str:
            argument = self.arguments.get(found[1], found[0])
            return argument.text(translations) if isinstance(argument, Message) else str(argument)

        return _NAME.sub(value, template)

    def __str__(self) -> str:
        return self.text()


def counted(singular: str, plural: str, count: int, **arguments: str | int | Message) -> Message:
    """Makes a message whose form depends on a number, which it may name as ``{count}``."""
    return Message(singular, {"count": count} | arguments, plural, count)


def joined(parts: list[str | Message], separator: str = ", ") -> Message:
    """Makes one message of several, with nothing of its own to translate."""
    names = [f"part{number}" for number in range(len(parts))]
    return Message(separator.join(f"{{{name}}}" for name in names), dict(zip(names, parts, strict=True)))
