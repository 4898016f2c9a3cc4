"""What a report says, block by block, before it becomes a web page or a PDF: both are filled from the same blocks.

All words are in the language of the reader already. What comes from a file stands among them as it is: whoever shows them
makes it harmless.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from markupsafe import Markup


@dataclass(frozen=True)
class Words:
    """Words of one look.

    Attributes:
        text: What they say.
        look: How they look; ``code`` is for hashes and names of values.
        link: The ``http`` or ``https`` address that they lead to; empty for none.
    """

    text: str
    look: Literal["plain", "bold", "soft", "code"] = "plain"
    link: str = ""


# Words that follow each other, with a space between them.
Line = tuple[Words, ...]


@dataclass(frozen=True)
class Paragraph:
    """Some lines, each below the one before; soft where they are an explanation."""

    lines: tuple[Line, ...]
    is_soft: bool = False
    kind: Literal["paragraph"] = field(default="paragraph", init=False)


@dataclass(frozen=True)
class Quotation:
    """A sentence to print as it is, and what it is for."""

    caption: str
    text: str
    kind: Literal["quotation"] = field(default="quotation", init=False)


@dataclass(frozen=True)
class Bullets:
    """A list of lines."""

    items: tuple[Line, ...]
    kind: Literal["bullets"] = field(default="bullets", init=False)


@dataclass(frozen=True)
class Subheading:
    """A heading within a section."""

    text: str
    kind: Literal["subheading"] = field(default="subheading", init=False)


@dataclass(frozen=True)
class Facts:
    """Names and values; a value may have several lines."""

    rows: tuple[tuple[str, tuple[Line, ...]], ...]
    caption: str = ""
    kind: Literal["facts"] = field(default="facts", init=False)


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        caption: What it lists.
        columns: Titles of the columns.
        rows: The first cell of each names the row.
        is_compact: Whether it is long and narrow: such tables stand beside each other.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Words, ...], ...]
    is_compact: bool = False
    kind: Literal["table"] = field(default="table", init=False)


@dataclass(frozen=True)
class Photo:
    """A JPEG of ours, what it shows, and the same for those who do not see it."""

    jpeg: bytes
    caption: str
    alternative: str


@dataclass(frozen=True)
class Photos:
    """Pictures of one frame."""

    caption: str
    photos: tuple[Photo, ...]
    are_side_by_side: bool
    kind: Literal["photos"] = field(default="photos", init=False)


@dataclass(frozen=True)
class Plot:
    """A drawing of lines as one SVG element in the language of the reader, already escaped."""

    svg: Markup
    caption: str = ""
    kind: Literal["plot"] = field(default="plot", init=False)


@dataclass(frozen=True)
class Legend:
    """The colours of the overlay, from nothing to the strongest, and what they mean."""

    name: str
    meaning: str
    caution: str
    kind: Literal["legend"] = field(default="legend", init=False)


Block = Paragraph | Quotation | Bullets | Subheading | Facts | Table | Photos | Plot | Legend


@dataclass(frozen=True)
class Section:
    """A part of a report; the one with the answer stands out."""

    title: str
    blocks: tuple[Block, ...]
    is_answer: bool = False


@dataclass(frozen=True)
class Document:
    """A whole report.

    Attributes:
        language: Code of the language of its words.
        title: Of the window, and of the file of a PDF.
        kind: What sort of report it is.
        heading: What it is about.
        origin: When and by what it was made.
        sections: Its parts.
        footer: What stands at the foot of every printed page, before its number.
        page_words: The words around the number of a page: "page" 1 "of" 3.
    """

    language: str
    title: str
    kind: str
    heading: str
    origin: str
    sections: tuple[Section, ...]
    footer: str
    page_words: tuple[str, str]


def line(*texts: str) -> Line:
    """Makes a line of plain words."""
    return tuple(Words(text) for text in texts)


def paragraph(*texts: str, is_soft: bool = False) -> Paragraph:
    """Makes a paragraph of one line of plain words."""
    return Paragraph((line(*texts),), is_soft)
