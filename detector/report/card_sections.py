"""What a model card says of training and blind spots, as plain sentences for a report."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# Headings of our own cards, then those of the Hub's template.
WANTED = (
    "intended use",
    "training data",
    "what it cannot see",
    "limits",
    "limitations",
    "out-of-scope use",
    "bias, risks, and limitations",
)
MAX_PARAGRAPHS = 20
MAX_LETTERS = 1500


@dataclass(frozen=True)
class CardSection:
    """A section of a model card: its heading, and each paragraph, list item and row of a table as plain text."""

    title: str
    paragraphs: tuple[str, ...]


@lru_cache(maxsize=8)  # of the model that is loaded; every file that is checked asks for it
def card_sections(card: str) -> tuple[CardSection, ...]:
    """Finds the sections on what a model was made for and trained on, and what it cannot see, in the order of the card."""
    parts = re.split(r"^#{2,4}[ \t]+(.+?)[ \t#]*$", card, flags=re.MULTILINE)[1:]
    sections = []
    for title, body in zip(parts[::2], parts[1::2], strict=True):
        if title.strip().lower() in WANTED and (paragraphs := _paragraphs(body)):
            sections.append(CardSection(title.strip(), tuple(paragraphs[:MAX_PARAGRAPHS])))
    return tuple(sections)


def _paragraphs(body: str) -> list[str]:
    paragraphs = []
    body = re.sub(r"^```.*?^```", "", body, flags=re.MULTILINE | re.DOTALL)
    for block in re.split(r"\n\s*\n|\n(?=[-*] )", body):
        lines = [line.strip() for line in block.strip().splitlines()]
        if lines and all(line.startswith("|") for line in lines):
            paragraphs += _rows(lines)
        else:
            paragraphs.append(_plain(" ".join(lines)))
    return [paragraph[:MAX_LETTERS] for paragraph in paragraphs if paragraph]


def _rows(lines: list[str]) -> list[str]:
    """Writes each row of a table with its headings: ``data: portraits; train crops: 594``."""
    cells = [[_plain(cell.strip()) for cell in line.strip("|").split("|")] for line in lines]
    return [
        "; ".join(f"{name}: {value}" for name, value in zip(cells[0], row, strict=False) if value) for row in cells[2:]
    ]


def _plain(text: str) -> str:
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"^[-*] +|\*\*|`|(?<!\w)\*|\*(?!\w)", "", text).strip()
