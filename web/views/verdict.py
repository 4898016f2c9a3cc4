"""The verdict as it is read first: a band, a sentence to quote, what stands behind it and what it does not show."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from detector.evidence_scale import EvidenceScales
from detector.messages import Message
from detector.report.plots.reference import reference_plot_svg
from detector.report.wording.cautions import cautions
from detector.report.wording.evidence import bounds_words
from detector.report.wording.items import items_text
from detector.report.wording.known_real import follows_known_real
from detector.report.wording.models import model_name
from detector.report.wording.not_shown import not_shown
from detector.report.wording.quotation import quotation
from detector.report.wording.verdicts import (
    assessed_text,
    likely_manipulation_text,
    reference_title,
    score_text,
    spans_text,
    text_of,
    weight_texts,
)
from detector.results import Evidence, Result
from web.views.elements import fill


@dataclass(frozen=True)
class _Scale:
    """The score between both thresholds, all 0..1, and the same in words."""

    low: float
    high: float
    score: float
    words: tuple[Message, ...]


@dataclass(frozen=True)
class _Weight:
    """The weight of the evidence: in sentences, as a plot with its title, and the bare figures."""

    texts: list[Message]
    plot_title: Message
    plot: Markup
    figures: list[Message]


def verdict_html(result: Result, language: str, scales: EvidenceScales | None = None) -> str:
    """Shows the answer first, then what stands behind it, a sentence to quote, warnings and limits.

    Args:
        result: What is said about the file.
        language: Language of the reader.
        scales: Those of the model that answered.
    """
    facts = (spans_text(result, result.deciding_track), likely_manipulation_text(result))
    return fill(
        "verdict.html",
        language,
        result=result,
        assessed=assessed_text(result),
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
    bounds = bounds_words(evidence)
    figures = [
        Message("Without the known-real files: {figure}", {"figure": bounds}) if follows_known_real(result) else bounds
    ]
    if result.score is not None:
        score = score_text(result.score, result.model.thresholds)
        figures.append(Message("Score of the network, 0 to 1: {score}", {"score": score}))
    return _Weight(
        weight_texts(result, scales),
        reference_title(result),
        reference_plot_svg(evidence, scales, language),
        figures,
    )
