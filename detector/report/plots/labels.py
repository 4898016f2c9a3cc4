"""Where the words of a picture of lines find room, so that none of them is printed over another or over a line."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Anchor = Literal["start", "middle", "end"]
# Of a letter over the size of its font, with some room to spare: DejaVu Sans, the widest of the usual fonts, has .61 on average
# over a sentence, and .69 in bold.
_LETTER, _BOLD_LETTER, _WIDE_LETTER = 0.61, 0.7, 1.0
_ASCENT, _DESCENT = 0.8, 0.25
# Between words and a line: half the width of the line's marks, and a gap.
CLEARANCE_PX = 5.0


@dataclass(frozen=True)
class Words:
    """Words in a picture: where they are anchored, on their base line, in units of the picture."""

    text: str
    x: float
    y: float
    font_px: float
    anchor: Anchor = "start"
    is_bold: bool = False
    is_faint: bool = False

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The place that they take at most: left, top, right, bottom."""
        width = text_width(self.text, self.font_px, self.is_bold)
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return left, self.y - _ASCENT * self.font_px, left + width, self.y + _DESCENT * self.font_px

    def meets(self, other: Words) -> bool:
        """Tells whether they would be printed over others."""
        left, top, right, bottom = self.box
        x0, y0, x1, y1 = other.box
        return left < x1 and x0 < right and top < y1 and y0 < bottom


class Lines:
    """Straight lines between points, which words must not cross."""

    def __init__(self, curves: Iterable[Sequence[tuple[float, float]]]):
        # the first point by itself too, which may be the only one
        segments = [
            (*start, *end) for points in curves for start, end in zip([*points[:1], *points[:-1]], points, strict=True)
        ]
        self._segments = np.array(sorted(segments), dtype=float).reshape(-1, 4)

    def leave_free(self, words: Words) -> bool:
        """Tells whether no line crosses the place of some words, or comes nearer than `CLEARANCE_PX`."""
        left, top, right, bottom = words.box
        left, right = left - CLEARANCE_PX, right + CLEARANCE_PX
        x0, y0, x1, y1 = self._segments.T
        is_beside = (np.maximum(x0, x1) >= left) & (np.minimum(x0, x1) <= right)
        x0, y0, x1, y1 = (values[is_beside] for values in (x0, y0, x1, y1))
        slope = np.divide(y1 - y0, x1 - x0, out=np.zeros_like(x0), where=x1 != x0)
        is_upright = x1 == x0
        ends = [np.where(is_upright, y, y0 + slope * (np.clip(x, left, right) - x0)) for x, y in ((x0, y0), (x1, y1))]
        highest, lowest = np.minimum(*ends), np.maximum(*ends)
        return not bool(np.any((highest < bottom + CLEARANCE_PX) & (lowest > top - CLEARANCE_PX)))


def text_width(text: str, font_px: float, is_bold: bool = False) -> float:
    """Estimates how wide a line of words is at most, in units of the font size."""
    letter = _BOLD_LETTER if is_bold else _LETTER
    return font_px * sum(_WIDE_LETTER if unicodedata.east_asian_width(sign) in "WF" else letter for sign in text)


def first_free(candidates: Iterable[Words], lines: Lines, taken: Sequence[Words]) -> Words | None:
    """Returns the first of several places for words that no line crosses and no other words take; None where there is none."""
    for words in candidates:
        if not any(words.meets(other) for other in taken) and lines.leave_free(words):
            return words
    return None


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Moves values apart to at least a gap between two neighbours, as little as that takes, within bounds.

    Args:
        wanted: In any order.
        gap: Becomes smaller where the bounds leave no room for it.
        low: The least that a value may become.
        high: The most.
    """
    if not wanted:
        return []
    gap = min(gap, (high - low) / max(len(wanted) - 1, 1))
    order = sorted(range(len(wanted)), key=lambda number: wanted[number])
    placed: list[float] = []
    for number in order:
        placed.append(max(wanted[number], placed[-1] + gap if placed else low))
    limit = high
    for position in reversed(range(len(placed))):
        placed[position] = limit = min(placed[position], limit)
        limit -= gap
    result = [0.0] * len(wanted)
    for position, number in enumerate(order):
        result[number] = placed[position]
    return result
