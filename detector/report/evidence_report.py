"""The evidence report: all that is known of one file, as a page to read, print and file, and as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from detector.evidence_scale import EvidenceScale, EvidenceScales
from detector.faces.quality import NOT_ASSESSED
from detector.facts import Provenance
from detector.messages import Message, counted, joined
from detector.network.loading import LoadedModel
from detector.network.saliency import CAPTION
from detector.report.card_sections import CardSection, card_sections
from detector.report.drawing import draw_faces
from detector.report.html import TEMPLATES, jpeg, jpeg_address, render
from detector.report.known_real_section import known_real_html
from detector.report.plots.reference import reference_plot_svg
from detector.report.plots.timeline import timeline_svg
from detector.report.translation import ENGLISH
from detector.report.wording.cautions import cautions
from detector.report.wording.credentials import NO_CREDENTIALS_TEXT, STATE_TEXT, STATE_TITLE, source_type_text
from detector.report.wording.evidence import (
    LIKELIHOOD_RATIO,
    bounds_words,
    counts_words,
    evidence_notes,
    frequency_words,
    ratio_text,
)
from detector.report.wording.items import item_text
from detector.report.wording.models import model_name
from detector.report.wording.prevalence import prevalence_note
from detector.report.wording.verdicts import (
    OVERLAY_SCALE,
    face_table,
    score_text,
    spans_text,
    text_of,
    title_of,
)
from detector.results import Analysis, Result, ShownFrame, result_to_dict, to_plain
from detector.version import __version__

EVIDENCE_SCHEMA_VERSION = "1.1"
SHOWN_FRAMES = 4


@dataclass(frozen=True)
class Picture:
    """Holds a frame of the report as JPEG; the overlay is None where no face was assessed in it."""

    time_s: float
    caption: Message
    boxes_jpeg: bytes
    overlay_jpeg: bytes | None


@dataclass(frozen=True)
class Evidence:
    """Holds all that a report says; the same file, model and software give the same, but for the time.

    Attributes:
        time_utc: When the report was made, ISO 8601.
        software_version: Version of this software.
        result: What is said about the file.
        provenance: What the file says of its own origin.
        limits: What it does not prove.
        model_card: What the model's card says of its training and blind spots.
        sampled_s: Times of all frames that were looked at.
        pictures: The most suspicious frames first.
        scales: What the evidence was weighed on; None where the model has no evidence scale.
    """

    time_utc: str
    software_version: str
    result: Result
    provenance: Provenance
    limits: tuple[Message, ...]
    model_card: tuple[CardSection, ...]
    sampled_s: tuple[float, ...]
    pictures: tuple[Picture, ...]
    scales: EvidenceScales | None = None

    @property
    def scale(self) -> EvidenceScale | None:
        """The scale that the ratio of the file is from; None where there is no ratio."""
        weight = self.result.evidence
        return self.scales.named(weight.scale) if weight and self.scales else None


def build_evidence(analysis: Analysis, model: LoadedModel, time_utc: datetime | None = None) -> Evidence:
    """Gathers what the report says.

    Args:
        analysis: What is said about the file, read with its provenance.
        model: The model that answered.
        time_utc: When the report is made; now, if not given.

    Raises:
        ValueError: The analysis is without provenance.
    """
    if analysis.provenance is None:
        raise ValueError("a report needs an analysis that was made with provenance")
    result = analysis.result
    moment = (time_utc or datetime.now(UTC)).astimezone(UTC)
    sections = card_sections(model.card)
    return Evidence(
        time_utc=moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        software_version=__version__,
        result=result,
        provenance=analysis.provenance,
        limits=_limits(result, model.scales, len(analysis.frames), bool(sections)),
        model_card=sections,
        sampled_s=tuple(round(frame.time_s, 3) for frame in analysis.frames),
        pictures=tuple(_picture(frame, result) for frame in _shown(analysis)),
        scales=model.scales,
    )


def evidence_to_dict(evidence: Evidence) -> dict[str, Any]:
    """Returns the JSON of the report, in English: all of it but the pixels."""
    return {
        "schema_version": EVIDENCE_SCHEMA_VERSION,
        "time_utc": evidence.time_utc,
        "software_version": evidence.software_version,
        "result": result_to_dict(evidence.result),
        "weights_sha256": evidence.result.model.weights_sha256,
        "sampled_s": evidence.sampled_s,
        "shown_s": [picture.time_s for picture in evidence.pictures],
        "provenance": to_plain(evidence.provenance),
        "notes": [],  # nothing is said here any more; readers of this schema expect it
        "limits": to_plain(evidence.limits),
        "model_card": to_plain(list(evidence.model_card)),
        "evidence_scale": {"name": evidence.scale.name, **evidence.scale.summary()} if evidence.scale else None,
    }


def evidence_html(evidence: Evidence, language: str = ENGLISH) -> str:
    """Renders the report as one page that loads nothing and runs nothing, in the language of the reader."""
    result, credentials = evidence.result, evidence.provenance.content_credentials
    weight = result.evidence
    is_video = result.file.duration_s is not None
    return render(
        TEMPLATES,
        "evidence.html",
        language,
        evidence=evidence,
        result=result,
        file=result.file,
        thresholds=result.model.thresholds,
        is_video=is_video,
        weight=weight,
        ratio=ratio_text(weight.log10_likelihood_ratio) if weight else "",
        frequency=frequency_words(result, weight) if weight else None,
        counts=counts_words(weight) if weight else None,
        bounds=bounds_words(weight) if weight else None,
        weight_notes=evidence_notes(result, weight, evidence.scales) if weight else [],
        reference_plot=reference_plot_svg(weight, evidence.scales, language) if weight else "",
        likelihood_ratio=LIKELIHOOD_RATIO,
        verdict_title=title_of(result),
        verdict_text=text_of(result),
        spans=[text for text in map(spans_text, result.faces) if text],
        faces=face_table(result),
        reasons=NOT_ASSESSED,
        credentials=credentials,
        credentials_title=STATE_TITLE[credentials.validation_state] if credentials else Message("None found"),
        credentials_text=STATE_TEXT[credentials.validation_state] if credentials else NO_CREDENTIALS_TEXT,
        timeline=timeline_svg(result, language=language) if is_video else "",
        known_real=known_real_html(result, language, with_hashes=True),
        overlay_scale=OVERLAY_SCALE,
        overlay_caption=CAPTION,
        item_text=item_text,
        model_name=model_name(result.model),
        warnings=[*result.warnings, *cautions(result, evidence.scales)],
        jpeg_address=jpeg_address,
        score_text=score_text,
        source_type_text=source_type_text,
    )


def write_evidence(evidence: Evidence, folder: str | Path, stem: str, language: str = ENGLISH) -> tuple[Path, Path]:
    """Writes ``STEM.html`` and ``STEM.json``; each is whole or not there.

    Args:
        evidence: What they say.
        folder: An existing folder.
        stem: Name of both files.
        language: Language of the page; the JSON is English.

    Returns:
        Where the page and the JSON lie.
    """
    folder = Path(folder)
    # the page last: who finds it finds both
    data = _write_whole(folder / f"{stem}.json", json.dumps(evidence_to_dict(evidence), indent=2) + "\n")
    return _write_whole(folder / f"{stem}.html", evidence_html(evidence, language)), data


def _write_whole(path: Path, text: str) -> Path:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _shown(analysis: Analysis) -> Sequence[ShownFrame]:
    """Chooses the most suspicious frames; one from the middle where no face was assessed."""
    middle = len(analysis.frames) // 2
    return analysis.most_suspicious(SHOWN_FRAMES) or analysis.frames[middle : middle + 1]


def _picture(frame: ShownFrame, result: Result) -> Picture:
    thresholds = result.model.thresholds
    caption = joined(
        [
            Message(
                "face {number} scores {score}",
                {"number": shown.track_id, "score": score_text(shown.score, thresholds)},
            )
            for shown in frame.faces
        ]
    )
    if not frame.faces:
        caption = Message("no face assessed")
    if result.file.duration_s is not None:
        caption = Message("{time_s} s: {caption}", {"time_s": f"{frame.time_s:.2f}", "caption": caption})
    return Picture(
        round(frame.time_s, 3),
        caption,
        jpeg(draw_faces(frame, with_overlay=False)),
        jpeg(draw_faces(frame, with_overlay=True)) if frame.faces else None,
    )


def _limits(result: Result, scales: EvidenceScales | None, sampled: int, has_card: bool) -> tuple[Message, ...]:
    sentences = [
        Message(
            "Absence of detection proves nothing: manipulations that the model never saw, and those that compression or a "
            "small size hides, stay invisible to it. 'No manipulation found' never means 'real'."
        ),
        Message(
            "A high score proves nothing by itself: real faces score high at times. It is a lead; a person decides."
        ),
        prevalence_note(result, scales),
        Message("Only faces were looked at: no voices, no text, no background, and no edits beside a face."),
    ]
    if result.file.duration_s is not None:
        sentences.append(
            counted(
                "One frame of the video was looked at; the others were not.",
                "{count} evenly spaced frames of the video were looked at; what lies between them was not.",
                sampled,
            )
        )
    sentences += [
        Message("The overlay shows where the model looked. It does not mark edited pixels."),
        Message(
            "Metadata and content credentials are statements in the file. They can be removed, and forged unless a "
            "signature holds and its signer is trusted; even then they tell who signed, not that the scene is true."
        ),
    ]
    if not has_card:
        sentences.append(
            Message(
                "The model came without a card that tells what it was trained on, so expect it to miss any manipulation, "
                "camera and compression that its training data lacked."
            )
        )
    return tuple(sentences)
