"""The questioned file among the known-real ones as a strip plot: one line a file, the highest score first."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from detector.evidence_scale import log_odds_of, score_of
from detector.messages import Message, joined
from detector.report.html import fragment
from detector.report.plots.score_axis import SCORE_MARKS
from detector.report.translation import ENGLISH
from detector.report.wording.verdicts import score_text
from detector.results import Result
from detector.text import one_line

# About as wide as the column of a page on a phone, so that the letters keep their size there; each file has a line, so no names meet.
_WIDTH_PX, _ROW_PX, _AXIS_PX = 290, 21, 40
_NAMES_PX = 126
_LEFT_PX, _RIGHT_PX = _NAMES_PX + 12, _WIDTH_PX - 14
_TICK_PX = 38  # room that the number at a tick takes
_MIN_SPAN = 2.0  # log odds; files that differ less lie close together


@dataclass(frozen=True)
class _Row:
    """A file: what is written of its name, where its mark lies, and its score."""

    name: str
    x: float
    y: float
    score: str
    is_questioned: bool


def known_real_svg(result: Result, language: str = ENGLISH) -> Markup:
    """Draws the scores of a questioned file and of the known-real ones as one SVG element; empty where none was compared.

    It draws in the colour of the text around it, so it serves light, dark and print.

    Args:
        result: Of the questioned file, with its comparison.
        language: Language of its words.
    """
    heights = _heights(result)
    if len(heights) < 2:
        return Markup()
    low, high = _span([height for _, height, _ in heights])

    def x(height: float) -> float:
        return round(_LEFT_PX + (_RIGHT_PX - _LEFT_PX) * (height - low) / (high - low), 1)

    rows = [
        _Row(
            shortened(name, _NAMES_PX), x(height), _ROW_PX * (number + 0.5), score_text(score_of(height)), is_questioned
        )
        for number, (name, height, is_questioned) in enumerate(heights)
    ]
    ticks = [(x(log_odds), score) for score, log_odds in SCORE_MARKS if low <= log_odds <= high]
    return fragment(
        "known_real.svg",
        language,
        size=(_WIDTH_PX, _ROW_PX * len(rows) + _AXIS_PX),
        left=_LEFT_PX,
        right=_RIGHT_PX,
        bottom=_ROW_PX * len(rows),
        rows=rows,
        ticks=_apart(ticks),
        in_words=_in_words(heights),
    )


def shortened(name: str, width_px: int) -> str:
    """Cuts letters out of the middle of a name until it fits: what tells files of a camera apart stands at the end."""
    name = one_line(name, 200)
    letters, kept = list(name), len(name)
    while kept > 2 and _width_px("".join(letters)) > width_px:
        kept -= 1
        letters = [*name[: kept // 2], "…", *name[len(name) - (kept - kept // 2) :]]
    return "".join(letters)


def _width_px(text: str) -> float:
    """Estimates the width of a text in sans-serif letters of 12 px, rather too wide."""
    return sum(map(_letter_px, text))


def _letter_px(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return 13
    if letter in "MWmw%@…":
        return 12
    return 9.6 if letter.isupper() else 7.6


def _heights(result: Result) -> list[tuple[str, float, bool]]:
    """Lists name, height in log odds and whether it is the questioned file, the highest first."""
    comparison = result.known_real
    if comparison is None or result.score is None:
        return []

    def height(statistic: float | None, score: float | None) -> float:
        return float(log_odds_of(score or 0.0)) if statistic is None else statistic

    heights = [(file.name, height(file.statistic, file.score), False) for file in comparison.files if file.used]
    questioned = (result.file.name, height(comparison.statistic, result.score), True)
    return sorted([questioned, *heights], key=lambda row: -row[1])


def _span(heights: Sequence[float]) -> tuple[float, float]:
    """Gives the ends of the axis, in log odds."""
    middle = (min(heights) + max(heights)) / 2
    half = max(max(heights) - min(heights), _MIN_SPAN) * 0.55
    return middle - half, middle + half


def _apart(ticks: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """Keeps the ticks whose numbers have room, the first ones rather than the last."""
    kept: list[tuple[float, str]] = []
    for tick in ticks:
        if all(abs(tick[0] - other[0]) >= _TICK_PX for other in kept):
            kept.append(tick)
    return kept


def _in_words(heights: Sequence[tuple[str, float, bool]]) -> Message:
    words: list[str | Message] = []
    for name, height, is_questioned in heights:
        shown, score = one_line(name, 60), score_text(score_of(height))
        marked = Message("{name} (the questioned file)", {"name": shown}) if is_questioned else shown
        words.append(joined([marked, score], ": "))
    return Message("Scores, the highest first. {files}.", {"files": joined(words, "; ")})
