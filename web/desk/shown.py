"""What fills the components of the desk, under the names that they have in the areas; as it is, it empties them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import gradio as gr

from detector.messages import Message
from detector.network.loading import LoadedModel
from detector.report.case.opening import OpenedCase
from detector.report.known_real_section import known_real_html
from detector.results import Analysis, result_to_dict
from web.desk.items import item_updates, no_items
from web.desk.kept import Kept
from web.views.closeup import upload_address
from web.views.media import faces_html, viewer_html
from web.views.next_steps import next_steps_html
from web.views.notices import remarks_html
from web.views.verdict import verdict_html

Update = dict[str, Any]


def _hidden(**changes: Any) -> Any:
    return field(default_factory=lambda: gr.update(visible=False, **changes))


@dataclass(frozen=True)
class ShownTable:
    """Fills a `BatchArea`."""

    place: Update = _hidden()
    table: str | None = None
    csv: str | None = None
    json: str | None = None
    rows: list[Kept | None] | None = None

    def values(self) -> list[Any]:
        """Gives them in the order of `BatchArea.outputs`."""
        return _values(self)


@dataclass(frozen=True)
class ShownResult:
    """Fills a `ResultArea`; without a result, `verdict` says why there is none."""

    remarks: str | None = None
    verdict: str | None = None
    items_place: Update = field(default_factory=lambda: no_items()[0])
    items_number: Update = field(default_factory=lambda: no_items()[1])
    place: Update = _hidden()
    known_real: str | None = None
    viewer: str | None = None
    closeup: str | None = None
    faces: str | None = None
    next_steps: str | None = None
    record: dict[str, Any] | None = None
    shown: Kept | None = None
    of_clips: Update = _hidden()
    annotated: Update = _hidden(value=None)
    forensics_fold: Update = field(default_factory=lambda: gr.update(open=False))
    forensics: str | None = None
    source_link: str = ""
    checked_by: str = ""
    notes: str = ""
    with_original: Update = field(default_factory=lambda: gr.update(value=False, visible=True))

    def values(self) -> list[Any]:
        """Gives them in the order of `ResultArea.outputs`."""
        return _values(self)


def shown_result(
    kept: Kept,
    analysis: Analysis,
    model: LoadedModel,
    language: str,
    remarks: tuple[Message, ...] = (),
    offers_items: bool = True,
) -> ShownResult:
    """Shows what was said about a file.

    Args:
        kept: What is kept of the file.
        analysis: What was said about it.
        model: The model that said it.
        language: Language of the reader.
        remarks: What must be known before all else.
        offers_items: Whether another photo or film of the file can be chosen.
    """
    result = analysis.result
    place, number = item_updates(result, language) if offers_items else no_items()
    return ShownResult(
        remarks=remarks_html(remarks, language) if remarks else None,
        verdict=verdict_html(result, language, model.scales),
        items_place=place,
        items_number=number,
        viewer=viewer_html(analysis, language, upload_address(str(kept.upload)) if kept.upload else ""),
        of_clips=gr.update(visible=result.file.duration_s is not None),
        **_beside(kept, analysis, language),
    )


def shown_case(kept: Kept, opened: OpenedCase, language: str, remarks: tuple[Message, ...] = ()) -> ShownResult:
    """Shows a case that somebody saved; what needs the file itself is not offered.

    Args:
        kept: What is kept of the case.
        opened: The case.
        language: Language of the reader.
        remarks: What must be known besides what is to be known of any case.
    """
    notes = opened.notes
    return ShownResult(
        remarks=remarks_html([*opened.remarks, *remarks], language),
        verdict=verdict_html(opened.analysis.result, language, opened.background.scales),
        viewer=viewer_html(opened.analysis, language),
        source_link=notes.source_link if notes else "",
        checked_by=notes.checked_by if notes else "",
        notes=notes.notes if notes else "",
        with_original=gr.update(value=False, visible=False),
        **_beside(kept, opened.analysis, language),
    )


def _beside(kept: Kept, analysis: Analysis, language: str) -> dict[str, Any]:
    """Gives what is shown of every result alike."""
    return {
        "place": gr.update(visible=True),
        "known_real": known_real_html(analysis.result, language),
        "faces": faces_html(analysis, language),
        "next_steps": next_steps_html(analysis.result, language),
        "record": result_to_dict(analysis.result),
        "shown": kept,
    }


def _values(shown: ShownTable | ShownResult) -> list[Any]:
    return [getattr(shown, one.name) for one in fields(shown)]
