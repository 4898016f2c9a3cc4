"""The verdict as it is read first: a band, a sentence to quote, what stands behind it and what it does not show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from detector.batch.output import NOT_ANALYSED, manipulated_span_s
from detector.batch.runner import BatchItem
from detector.messages import Message
from detector.report.known_real_wording import decides_text
from detector.report.translation import translate
from detector.report.wording import (
    PREVALENCE_WARNING,
    VERDICT_TEXT,
    VERDICT_TITLE,
    likely_manipulation_text,
    score_text,
    spans_text,
)
from detector.results import Result, Verdict
from detector.text import printable
from web.views.elements import fill

BLIND_SPOTS = Message(
    "It sees faces only: no voices, no synthetic scenes, no edits beside the face. Fully generated people, lip-sync alone "
    "and manipulations unlike its training data stay invisible to it."
)
_FOUND: dict[Verdict, Message] = {
    "manipulated": Message("found strong signs that a face was manipulated"),
    "inconclusive": Message("was inconclusive"),
    "no_manipulation_found": Message("found no manipulation of a face, which does not show that the material is real"),
    "no_face": Message("found no face to assess"),
}


@dataclass(frozen=True)
class _Scale:
    """The score between both thresholds, all 0..1, and the same in words."""

    low: float
    high: float
    score: float
    words: tuple[Message, ...]


@dataclass(frozen=True)
class _BatchRow:
    """A row of the table of many files; what there is nothing to say of is empty or None."""

    name: str
    verdict: Message
    score: str
    faces: str
    span: Message | None
    notes: list[Message]


def verdict_html(result: Result, language: str) -> str:
    """Shows the verdict with its score between the thresholds, a sentence to quote, warnings and limits."""
    facts = (spans_text(result.deciding_track), likely_manipulation_text(result), decides_text(result))
    return fill(
        "verdict.html",
        language,
        result=result,
        scale=_scale(result),
        verdict_texts=VERDICT_TEXT,
        facts=[fact for fact in facts if fact],
        quotation=quotation(result, language),
        blind_spots=BLIND_SPOTS,
        prevalence_warning=PREVALENCE_WARNING,
    )


def quotation(result: Result, language: str) -> str:
    """Writes one sentence that an editor can print as it is."""
    sentence = Message(
        "An automated check of {file} with the model {model} (revision {revision}) {finding}. "
        "Such a check is a lead, not proof.",
        {
            "file": printable(result.file.name),
            "model": result.model.id,
            "revision": result.model.revision,
            "finding": _FOUND[result.verdict],
        },
    )
    return translate(sentence, language)


def _scale(result: Result) -> _Scale | None:
    if result.score is None:
        return None
    thresholds = result.model.thresholds
    low, high = thresholds.no_manipulation_found, thresholds.manipulated
    words = (
        Message("Score {score}", {"score": score_text(result.score, thresholds)}),
        Message("no manipulation found below {score}", {"score": score_text(low)}),
        Message("signs of manipulation from {score}", {"score": score_text(high)}),
    )
    return _Scale(low, high, result.score, words)


def batch_html(items: Iterable[BatchItem], language: str) -> str:
    """Shows one row for each file."""
    return fill("batch.html", language, rows=[_batch_row(item) for item in items])


def _batch_row(item: BatchItem) -> _BatchRow:
    result = item.result
    notes = [item.error] if item.error else []
    notes += result.warnings if result else ()
    if item.duplicate_of:
        notes.append(Message("The same file as {name}.", {"name": printable(item.duplicate_of.name)}))
    if result is None:
        return _BatchRow(item.path.name, NOT_ANALYSED, "", "", None, notes)
    times = manipulated_span_s(result)
    span = times and Message("from {start_s} to {end_s} s", {"start_s": f"{times[0]:.1f}", "end_s": f"{times[1]:.1f}"})
    score = "" if result.score is None else score_text(result.score)
    return _BatchRow(item.path.name, VERDICT_TITLE[result.verdict], score, str(len(result.faces)), span, notes)
