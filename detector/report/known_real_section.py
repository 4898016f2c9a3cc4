"""The comparison with known-real files as a section of a page: sentences, strip plot, table of the files."""

from __future__ import annotations

from markupsafe import Markup

from detector.report.html import fragment
from detector.report.plots.known_real import known_real_svg
from detector.report.translation import ENGLISH
from detector.report.wording.known_real import known_real_texts
from detector.report.wording.verdicts import score_text
from detector.results import Result


def known_real_html(result: Result, language: str = ENGLISH) -> Markup:
    """Writes the section; empty where no known-real files were given.

    Args:
        result: Of the questioned file.
        language: Language of the reader.
    """
    if result.known_real is None:
        return Markup()
    return fragment(
        "known_real.html",
        language,
        sentences=known_real_texts(result),
        plot=known_real_svg(result, language),
        files=result.known_real.files,
        score_text=score_text,
    )
