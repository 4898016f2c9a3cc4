"""The errors that reach a person, each with one plain sentence."""

from __future__ import annotations

from dataclasses import replace

from detector.messages import Message

OTHER_FILE = Message("The result is that of another file; please have this one checked first.")


class MediaError(ValueError):
    """Says why a file cannot be analysed, to the person who sent it.

    Attributes:
        message: One plain sentence; the text of the error is the same in English.
    """

    def __init__(self, message: str | Message, /, **arguments: str | int | Message):
        """Takes a message or its English template, and what is put into it."""
        whole = Message(message) if isinstance(message, str) else message
        self.message = replace(whole, arguments={**whole.arguments, **arguments})
        super().__init__(str(self.message))


class NotAVideoError(MediaError):
    """The file cannot be opened as a video at all."""


class CommandError(Exception):
    """A command cannot run. The message is one plain sentence for the person who called it."""


def cannot_be_opened(error: OSError) -> Message:
    """Says that a file cannot be opened, with the reason that the system gives."""
    return Message("The file cannot be opened ({reason}).", {"reason": error.strerror or Message("no reason given")})
