"""The errors that reach a person, each with one plain sentence."""

from __future__ import annotations


class MediaError(ValueError):
    """The file cannot be analysed. The message is one plain sentence for the person who sent it."""


class NotAVideoError(MediaError):
    """The file cannot be opened as a video at all."""


class CommandError(Exception):
    """A command cannot run. The message is one plain sentence for the person who called it."""
