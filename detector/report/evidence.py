"""All that an evidence report knows of one file; as plain data too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from detector.evidence_scale import EvidenceScale, EvidenceScales
from detector.facts import Fetched, Provenance
from detector.messages import Message, counted, joined
from detector.network.loading import LoadedModel
from detector.report.card_sections import CardSection, card_sections
from detector.report.case.notes import CaseNotes
from detector.report.html import jpeg
from detector.report.pictures.drawing import draw_faces
from detector.report.translation import ENGLISH
from detector.report.wording.prevalence import prevalence_note
from detector.report.wording.quotation import quotation
from detector.report.wording.verdicts import score_text
from detector.results import Analysis, Result, ShownFrame, result_to_dict, to_plain
from detector.version import __version__

EVIDENCE_SCHEMA_VERSION = "1.2"
SHOWN_FRAMES = 4


@dataclass(frozen=True)
class Picture:
    """Holds a frame of the report as JPEG; the overlay is None where no face was assessed in it."""

    time_s: float
    caption: Message
    boxes_jpeg: bytes
    overlay_jpeg: bytes | None


@dataclass(frozen=True)
class Background:
    """What a report says of the model beside the result; it is kept with a case, whose model may not be loaded any more.

    Attributes:
        scales: What the evidence was weighed on; None where the model has no evidence scale.
        card: What the model's card says of its training and blind spots.
        software_version: Version of the software that analysed the file.
        saved_utc: When the case was saved that the result comes from, ISO 8601; empty where the file was analysed just now.
    """

    scales: EvidenceScales | None
    card: tuple[CardSection, ...]
    software_version: str = __version__
    saved_utc: str = ""


@dataclass(frozen=True)
class Evidence:
    """Holds all that a report says; the same file, model and software give the same, but for the time.

    Attributes:
        time_utc: When the report was made, ISO 8601.
        software_version: Version of this software.
        result: What is said about the file.
        provenance: What the file says of its own origin.
        limits: What it does not prove.
        sampled_s: Times of all frames that were looked at.
        pictures: The most suspicious frames first.
        background: What is known of the model.
        notes: What the person who checked the file wrote; None where nothing was.
        source: Where the file was fetched from; None where it did not come by a link.
    """

    time_utc: str
    software_version: str
    result: Result
    provenance: Provenance
    limits: tuple[Message, ...]
    sampled_s: tuple[float, ...]
    pictures: tuple[Picture, ...]
    background: Background
    notes: CaseNotes | None = None
    source: Fetched | None = None

    @property
    def is_clip(self) -> bool:
        """Whether the file moves."""
        return self.result.file.duration_s is not None

    @property
    def scales(self) -> EvidenceScales | None:
        """What the evidence was weighed on."""
        return self.background.scales

    @property
    def scale(self) -> EvidenceScale | None:
        """The scale that the ratio of the file is from; None where there is no ratio."""
        weight = self.result.evidence
        return self.scales.named(weight.scale) if weight and self.scales else None


def background_of(model: LoadedModel | Background) -> Background:
    """Gathers what a report says of a model beside the result; what an opened case tells of its own is that already."""
    if isinstance(model, Background):
        return model
    return Background(model.scales, card_sections(model.card))


def build_evidence(
    analysis: Analysis,
    model: LoadedModel | Background,
    time_utc: datetime | None = None,
    notes: CaseNotes | None = None,
    source: Fetched | None = None,
) -> Evidence:
    """Gathers what the report says.

    Args:
        analysis: What is said about the file, read with its provenance.
        model: The model that answered, or what a saved case tells of it.
        time_utc: When the report is made; now, if not given.
        notes: What the person who checked the file wrote.
        source: Where the file was fetched from.

    Raises:
        ValueError: The analysis is without provenance.
    """
    if analysis.provenance is None:
        raise ValueError("a report needs an analysis that was made with provenance")
    result = analysis.result
    background = background_of(model)
    return Evidence(
        time_utc=utc_text(time_utc or datetime.now(UTC)),
        software_version=__version__,
        result=result,
        provenance=analysis.provenance,
        limits=_limits(result, background.scales, len(analysis.frames), bool(background.card)),
        sampled_s=tuple(round(frame.time_s, 3) for frame in analysis.frames),
        pictures=tuple(_picture(frame, result) for frame in _shown(analysis)),
        background=background,
        notes=notes,
        source=source,
    )


def utc_text(moment: datetime) -> str:
    """Writes a moment as reports do, such as ``2026-01-02T03:04:05Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def evidence_to_dict(evidence: Evidence) -> dict[str, Any]:
    """Returns the JSON of the report, in English: all of it but the pixels."""
    return {
        "schema_version": EVIDENCE_SCHEMA_VERSION,
        "time_utc": evidence.time_utc,
        "software_version": evidence.software_version,
        "saved_case": _saved_case(evidence.background),
        "case": to_plain(evidence.notes),
        "source": to_plain(evidence.source),
        "result": result_to_dict(evidence.result),
        "quotation": quotation(evidence.result, ENGLISH),
        "weights_sha256": evidence.result.model.weights_sha256,
        "sampled_s": evidence.sampled_s,
        "shown_s": [picture.time_s for picture in evidence.pictures],
        "provenance": to_plain(evidence.provenance),
        "notes": [],  # nothing is said here any more; readers of this schema expect it
        "limits": to_plain(evidence.limits),
        "model_card": to_plain(list(evidence.background.card)),
        "evidence_scale": {"name": evidence.scale.name, **evidence.scale.summary()} if evidence.scale else None,
    }


def _saved_case(background: Background) -> dict[str, str] | None:
    if not background.saved_utc:
        return None
    return {"saved_utc": background.saved_utc, "software_version": background.software_version}


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
