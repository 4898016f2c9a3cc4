"""The verdict as it is read first: a band, a sentence to quote, what stands behind it and what it does not show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from detector.batch.output import NOT_ANALYSED, manipulated_span_s
from detector.batch.runner import BatchItem
from detector.evidence_scale import EvidenceScales
from detector.messages import Message
from detector.report.plots.reference import reference_plot_svg
from detector.report.translation import translate
from detector.report.wording.cautions import cautions
from detector.report.wording.evidence import (
    bounds_words,
    counts_words,
    evidence_notes,
    finding_words,
    frequency_words,
    ratio_text,
)
from detector.report.wording.items import items_text
from detector.report.wording.known_real import compared_finding, decides_text
from detector.report.wording.models import model_name
from detector.report.wording.not_shown import not_shown
from detector.report.wording.verdicts import (
    likely_manipulation_text,
    score_text,
    spans_text,
    text_of,
    title_of,
)
from detector.results import Evidence, Result, Verdict
from detector.text import printable
from web.views.elements import fill

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
class _Weight:
    """The weight of the evidence: how often, the counts behind it, what else to know, a plot, and the bare figures."""

    frequency: Message
    counts: Message
    notes: list[Message]
    plot: Markup
    figures: list[Message]


@dataclass(frozen=True)
class _BatchRow:
    """A row of the table of many files; what there is nothing to say of is empty or None."""

    name: str
    verdict: Message
    figure: str
    faces: str
    span: Message | None
    notes: list[Message]


def verdict_html(result: Result, language: str, scales: EvidenceScales | None = None) -> str:
    """Shows the answer first, then what stands behind it, a sentence to quote, warnings and limits.

    Args:
        result: What is said about the file.
        language: Language of the reader.
        scales: Those of the model that answered.
    """
    facts = (spans_text(result.deciding_track), likely_manipulation_text(result), decides_text(result))
    return fill(
        "verdict.html",
        language,
        result=result,
        scale=None if result.evidence else _scale(result),
        weight=_weight(result, result.evidence, scales, language) if result.evidence else None,
        verdict_text=text_of(result),
        facts=[fact for fact in facts if fact],
        items=items_text(result),
        quotation=quotation(result, language),
        warnings=[*result.warnings, *cautions(result, scales)],
        not_shown=not_shown(result, scales),
        model_name=model_name(result.model),
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
            "finding": compared_finding(result)
            or (finding_words(result, result.evidence) if result.evidence else _FOUND[result.verdict]),
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


def _weight(result: Result, evidence: Evidence, scales: EvidenceScales | None, language: str) -> _Weight:
    figures = [bounds_words(evidence)]
    if result.score is not None:
        score = score_text(result.score, result.model.thresholds)
        figures.append(Message("Score of the network, 0 to 1: {score}", {"score": score}))
    return _Weight(
        frequency_words(result, evidence),
        counts_words(evidence),
        evidence_notes(result, evidence, scales),
        reference_plot_svg(evidence, scales, language),
        figures,
    )


def batch_html(items: Iterable[BatchItem], language: str) -> str:
    """Shows one row for each file; on an evidence scale those with the highest likelihood ratio first."""
    items = list(items)
    is_weighed = any(item.result and item.result.evidence for item in items)
    if is_weighed:
        items.sort(key=_by_ratio)
    rows = [_batch_row(item, is_weighed) for item in items]
    return fill("batch.html", language, rows=rows, is_weighed=is_weighed)


def _by_ratio(item: BatchItem) -> tuple[bool, float]:
    evidence = item.result.evidence if item.result else None
    return evidence is None, -evidence.log10_likelihood_ratio if evidence else 0.0


def _batch_row(item: BatchItem, is_weighed: bool) -> _BatchRow:
    result = item.result
    notes = [item.error] if item.error else []
    if result and (held := items_text(result)):
        notes.append(held)
    notes += result.warnings if result else ()
    if item.duplicate_of:
        notes.append(Message("The same file as {name}.", {"name": printable(item.duplicate_of.name)}))
    if result is None:
        return _BatchRow(item.path.name, NOT_ANALYSED, "", "", None, notes)
    times = manipulated_span_s(result)
    span = times and Message("from {start_s} to {end_s} s", {"start_s": f"{times[0]:.1f}", "end_s": f"{times[1]:.1f}"})
    figure = "" if result.score is None else score_text(result.score)
    if is_weighed:
        figure = ratio_text(result.evidence.log10_likelihood_ratio) if result.evidence else ""
    return _BatchRow(item.path.name, title_of(result), figure, str(len(result.faces)), span, notes)
