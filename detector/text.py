"""Text of strangers - file names, metadata - made harmless for people to read."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """Replaces everything in a text that could command a terminal or turn the direction of a line."""
    commands = ("C", "Zl", "Zp")  # control and direction marks, halves of characters, line ends
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(letter).startswith(commands) else letter for letter in text
    )


def capitalised(text: str) -> str:
    """Writes the first letter large, and leaves all others as they are."""
    return text[:1].upper() + text[1:]


def one_line(text: str, max_length: int) -> str:
    """Makes one printable line of a text; a longer one is cut and ends in an ellipsis."""
    line = printable(" ".join(text[: 4 * max_length].split()))
    is_whole = len(line) <= max_length and len(text) <= 4 * max_length
    return line if is_whole else line[: max_length - 1] + "…"
