"""Many files as a table: the strongest evidence first, each row with a face and a way to its full result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from detector.batch.output import NOT_ANALYSED, manipulated_span_s
from detector.batch.runner import BatchItem
from detector.messages import Message
from detector.report.html import EmbeddedPicture
from detector.report.wording.evidence import ratio_text
from detector.report.wording.items import items_text
from detector.report.wording.verdicts import score_text, title_of
from detector.results import Analysis, Result
from detector.text import printable
from web.views.elements import fill
from web.views.media import thumbnail_of

# What has no figure comes after every score and every logarithm of a ratio, and what failed comes last. Both are finite, as
# the browser subtracts them.
_NO_FIGURE, _FAILED = -1e6, -1e7


@dataclass(frozen=True)
class BatchFile:
    """What is said about one of many files, and what it shows; None where nothing could be looked at."""

    item: BatchItem
    thumbnail: EmbeddedPicture | None


@dataclass(frozen=True)
class _Row:
    """A row of the table; what there is nothing to say of is empty or None.

    Attributes:
        number: Place of the file among those that were sent.
        strength: Sorts the rows by evidence; the higher, the more it speaks for manipulation.
    """

    number: int
    name: str
    thumbnail: EmbeddedPicture | None
    result: Result | None
    verdict: Message
    figure: str
    faces: int | None
    span: Message | None
    notes: list[Message]
    strength: float


def thumbnail(analysis: Analysis) -> EmbeddedPicture | None:
    """Gives the face that decides; None where no face was assessed."""
    track = analysis.result.deciding_track
    return thumbnail_of(analysis, track) if track else None


def batch_html(files: Sequence[BatchFile], language: str) -> str:
    """Shows one row for each file; those with the strongest evidence for manipulation first."""
    is_weighed = any(file.item.result and file.item.result.evidence for file in files)
    rows = [_row(number, file, is_weighed) for number, file in enumerate(files)]
    rows.sort(key=lambda row: -row.strength)
    return fill("batch.html", language, rows=rows, is_weighed=is_weighed)


def _row(number: int, file: BatchFile, is_weighed: bool) -> _Row:
    item, result = file.item, file.item.result
    notes = [item.error] if item.error else []
    if result and (held := items_text(result)):
        notes.append(held)
    notes += result.warnings if result else ()
    if item.duplicate_of:
        notes.append(Message("The same file as {name}.", {"name": printable(item.duplicate_of.name)}))
    name = printable(item.path.name)
    if result is None:
        return _Row(number, name, None, None, NOT_ANALYSED, "", None, None, notes, _FAILED)
    times = manipulated_span_s(result)
    span = times and Message("from {start_s} to {end_s} s", {"start_s": f"{times[0]:.1f}", "end_s": f"{times[1]:.1f}"})
    figure, strength = _strength(result, is_weighed)
    return _Row(
        number, name, file.thumbnail, result, title_of(result), figure, len(result.faces), span, notes, strength
    )


def _strength(result: Result, is_weighed: bool) -> tuple[str, float]:
    """Gives the likelihood ratio, or the score where the model has no evidence scale, as a text and as a number."""
    if is_weighed:
        weight = result.deciding_evidence.log10_likelihood_ratio if result.deciding_evidence else None
        return ("", _NO_FIGURE) if weight is None else (ratio_text(weight), weight)
    return ("", _NO_FIGURE) if result.score is None else (score_text(result.score), result.score)
