"""What the templates of all views share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from detector.network.saliency import CAPTION
from detector.report.html import render
from detector.report.translation import supported
from detector.report.wording.verdicts import OVERLAY_SCALE, title_of
from detector.results import Verdict

# Told apart by form as well: colour is never the only signal.
SYMBOL: dict[Verdict, str] = {"manipulated": "▲", "inconclusive": "◆", "no_manipulation_found": "●", "no_face": "○"}


def fill(template: str, language: str, **values: Any) -> str:
    """Fills a template of ``web/views/templates`` in the language of the reader, and says which one that is."""
    content = render(
        Path(__file__).parent / "templates",
        template,
        language,
        symbols=SYMBOL,
        title_of=title_of,
        overlay_scale=OVERLAY_SCALE,
        overlay_caption=CAPTION,
        **values,
    )
    # of its own: the page may be switched to another language beside it
    return f'<div lang="{supported(language)}">{content}</div>'


def assets(kind: str) -> str:
    """Reads all files of a kind, ``css`` or ``js``, one after the other."""
    files = sorted((Path(__file__).parent.parent / "static").glob(f"*.{kind}"))
    return "\n".join(file.read_text(encoding="utf-8") for file in files)
