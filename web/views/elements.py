"""Small pieces of HTML that the views share."""

from __future__ import annotations

import base64
from collections.abc import Callable
from html import escape
from pathlib import Path

import cv2
import numpy as np

from detector.report.translation import translate
from detector.report.wording import VERDICT_TITLE
from detector.results import Verdict

Words = Callable[[str], str]
# Told apart by form as well: colour is never the only signal.
SYMBOL: dict[Verdict, str] = {"manipulated": "▲", "inconclusive": "◆", "no_manipulation_found": "●", "no_face": "○"}
_JPEG_QUALITY = 88


def words(language: str) -> Words:
    """Gives English sentences in a language, escaped for HTML."""
    return lambda sentence: escape(translate(sentence, language))


def asset(name: str) -> str:
    """The text of ``page.css`` or ``page.js``."""
    return (Path(__file__).parent.parent / "static" / name).read_text(encoding="utf-8")


def verdict_words(verdict: Verdict, say: Words) -> str:
    """Symbol and title of a verdict."""
    return f'<span aria-hidden="true">{SYMBOL[verdict]}</span> {say(VERDICT_TITLE[verdict])}'


def table(head: list[str], rows: list[list[str]], caption: str) -> str:
    """A table of HTML cells; the first cell of a row is its header."""
    titles = "".join(f'<th scope="col">{title}</th>' for title in head)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>' for first, *rest in rows
    )
    return (
        f'<div class="scroll"><table><caption>{caption}</caption><thead><tr>{titles}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def picture(image: np.ndarray, label: str, max_side_px: int | None = None, classes: str = "") -> str:
    """An image inside the page: nothing of it lies on the server.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        label: Alternative text, escaped.
        max_side_px: Larger ones are reduced to it.
        classes: Of the element.
    """
    scale = min(1.0, (max_side_px or 10**6) / max(image.shape[:2]))
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    source = base64.b64encode(data).decode()
    height, width = image.shape[:2]
    return (
        f'<img class="{classes}" src="data:image/jpeg;base64,{source}" alt="{label}" width="{width}" height="{height}">'
    )


def labelled_range(label: str, role: str, value: int, last: int) -> str:
    """A slider; `role` is what page.js knows it by."""
    return (
        f'<label class="control">{label}'
        f'<input type="range" data-role="{role}" min="0" max="{last}" value="{value}" step="1"></label>'
    )
