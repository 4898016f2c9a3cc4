"""The errors that reach the person who sent a file, each one plain sentence."""

from __future__ import annotations

from detector.messages import Message


class MediaError(ValueError):
    """Says why a file cannot be analysed, to the person who sent it.

    Attributes:
        message: One plain sentence; the text of the error is the same in English.
    """

    def __init__(self, message: str | Message, /, **arguments: str | int | Message):
        """Takes a message, or its English template and what is put into it."""
        self.message = Message(message, arguments) if isinstance(message, str) else message
        super().__init__(str(self.message))


class NotAVideoError(MediaError):
    """Says that the file cannot be opened as a video at all."""
