"""What a newsroom writes beside a check: where the file came from, who checked it, and notes."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from detector.errors import MediaError
from detector.limits import MAX_CASE_LINK_LETTERS, MAX_CASE_NAME_LETTERS, MAX_CASE_NOTES_LETTERS
from detector.messages import Message
from detector.text import printable

_SCHEMES = ("http", "https")


@dataclass(frozen=True)
class CaseNotes:
    """What the person who checks a file writes beside the answer; `case_notes` makes them.

    Attributes:
        source_link: Where the file was found; one printable line, not always an address.
        checked_by: Who checked it; one printable line.
        notes: Printable lines, with a line feed between them.
    """

    source_link: str = ""
    checked_by: str = ""
    notes: str = ""


def case_notes(source_link: str = "", checked_by: str = "", notes: str = "") -> CaseNotes | None:
    """Cleans what was written into the fields; None where nothing was.

    Raises:
        MediaError: One of them is too long.
    """
    cleaned = CaseNotes(
        _line(source_link, Message("The source link"), MAX_CASE_LINK_LETTERS),
        _line(checked_by, Message("The name of who checked"), MAX_CASE_NAME_LETTERS),
        _lines(notes, Message("The notes"), MAX_CASE_NOTES_LETTERS),
    )
    return cleaned if cleaned != CaseNotes() else None


def web_address(link: str) -> str:
    """Returns a link that can be opened in a browser without harm, ``http`` or ``https``; empty for any other text."""
    try:
        parts = urlsplit(link)
        is_address = parts.scheme in _SCHEMES and bool(parts.hostname)
    except ValueError:  # brackets that belong to no address
        return ""
    return link if is_address and link == printable(link) and not set(link) & set(' "<>\\^`{|}') else ""


def _line(text: str, name: Message, most: int) -> str:
    _check_length(text, name, most)
    return printable(" ".join(text.split()))


def _lines(text: str, name: Message, most: int) -> str:
    _check_length(text, name, most)
    return "\n".join(printable(line.replace("\t", " ").rstrip()) for line in text.strip().splitlines())


def _check_length(text: str, name: Message, most: int) -> None:
    if len(text) > most:
        raise MediaError("{name} can have {most} characters at most; please shorten it.", name=name, most=most)
