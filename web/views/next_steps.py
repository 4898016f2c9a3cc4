"""What to do next, and where to search by image; nothing is sent to the search engines from here."""

from __future__ import annotations

from detector.report.wording.next_steps import next_steps
from detector.results import Result
from web.views.elements import fill

# Pages that the reader opens and drags a picture to.
SEARCH_PAGES = (
    ("Google Lens", "https://images.google.com/"),
    ("TinEye", "https://tineye.com/"),
    ("Yandex", "https://yandex.com/images/"),
    ("Bing Visual Search", "https://www.bing.com/visualsearch"),
)


def next_steps_html(result: Result, language: str, has_sound: bool | None = None) -> str:
    """Shows the checklist of a result, with links to reverse image search where a step is about it.

    Args:
        result: What is said about the file.
        language: Language of the reader.
        has_sound: Whether a clip has sound; None where that is not known.
    """
    return fill(
        "next_steps.html",
        language,
        steps=next_steps(result, has_sound),
        search_pages=SEARCH_PAGES,
        is_clip=result.file.duration_s is not None,
    )
