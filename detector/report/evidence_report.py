"""The evidence report: all that is known of one file, as a page to read, print and file, and as JSON."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from detector.faces.quality import NOT_ASSESSED
from detector.facts import Provenance
from detector.media.credentials import NO_CREDENTIALS_TEXT, STATE_TEXT, STATE_TITLE, source_type_text
from detector.network.loading import LoadedModel
from detector.network.saliency import CAPTION
from detector.report.card_sections import CardSection, card_sections
from detector.report.drawing import draw_faces
from detector.report.timeline import timeline_svg
from detector.report.wording import (
    OVERLAY_SCALE,
    PREVALENCE_WARNING,
    VERDICT_TEXT,
    VERDICT_TITLE,
    face_table,
    score_text,
    spans_text,
)
from detector.results import Analysis, Result, ShownFrame, result_to_dict
from detector.text import printable
from detector.version import __version__

EVIDENCE_SCHEMA_VERSION = "1.0"
SHOWN_FRAMES = 4
_JPEG_QUALITY = 88


@dataclass(frozen=True)
class Picture:
    """A frame of the report, as JPEG; the overlay is None where no face was assessed in it."""

    time_s: float
    caption: str
    boxes_jpeg: bytes
    overlay_jpeg: bytes | None


@dataclass(frozen=True)
class Evidence:
    """All that a report says; the same file, model and software give the same, but for the time.

    Attributes:
        time_utc: When the report was made, ISO 8601.
        software_version: Of this software.
        result: What is said about the file.
        provenance: What the file says of its own origin.
        limits: What it does not prove, in plain sentences.
        model_card: What the model's card says of its training and blind spots.
        sampled_s: Times of all frames that were looked at.
        pictures: The most suspicious frames first.
    """

    time_utc: str
    software_version: str
    result: Result
    provenance: Provenance
    limits: tuple[str, ...]
    model_card: tuple[CardSection, ...]
    sampled_s: tuple[float, ...]
    pictures: tuple[Picture, ...]


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
        limits=_limits(result, len(analysis.frames), bool(sections)),
        model_card=sections,
        sampled_s=tuple(round(frame.time_s, 3) for frame in analysis.frames),
        pictures=tuple(_picture(frame, result) for frame in _shown(analysis)),
    )


def evidence_to_dict(evidence: Evidence) -> dict[str, Any]:
    """The JSON of the report: all of it but the pixels."""
    return {
        "schema_version": EVIDENCE_SCHEMA_VERSION,
        "time_utc": evidence.time_utc,
        "software_version": evidence.software_version,
        "result": result_to_dict(evidence.result),
        "weights_sha256": evidence.result.model.weights_sha256,
        "sampled_s": evidence.sampled_s,
        "shown_s": [picture.time_s for picture in evidence.pictures],
        "provenance": asdict(evidence.provenance),
        "notes": [],  # nothing is said here any more; readers of this schema expect it
        "limits": evidence.limits,
        "model_card": [asdict(section) for section in evidence.model_card],
    }


def evidence_html(evidence: Evidence) -> str:
    """The report as one page that loads nothing and runs nothing."""
    result, credentials = evidence.result, evidence.provenance.content_credentials
    is_video = result.file.duration_s is not None
    return (
        _templates()
        .get_template("evidence.html")
        .render(
            evidence=evidence,
            result=result,
            file=result.file,
            thresholds=result.model.thresholds,
            is_video=is_video,
            verdict_title=VERDICT_TITLE[result.verdict],
            verdict_text=VERDICT_TEXT[result.verdict],
            spans=[text for text in map(spans_text, result.faces) if text],
            faces=face_table(result),
            reasons=NOT_ASSESSED,
            credentials=credentials,
            credentials_title=STATE_TITLE[credentials.validation_state] if credentials else "None found",
            credentials_text=STATE_TEXT[credentials.validation_state] if credentials else NO_CREDENTIALS_TEXT,
            timeline=Markup(timeline_svg(result)) if is_video else "",
            overlay_scale=OVERLAY_SCALE,
            overlay_caption=CAPTION,
        )
    )


def write_evidence(evidence: Evidence, folder: str | Path, stem: str) -> tuple[Path, Path]:
    """Writes ``STEM.html`` and ``STEM.json``; each is whole or not there.

    Args:
        evidence: What they say.
        folder: An existing folder.
        stem: Name of both files.

    Returns:
        Where the page and the JSON lie.
    """
    folder = Path(folder)
    # the page last: who finds it finds both
    data = _write_whole(folder / f"{stem}.json", json.dumps(evidence_to_dict(evidence), indent=2) + "\n")
    return _write_whole(folder / f"{stem}.html", evidence_html(evidence)), data


def _write_whole(path: Path, text: str) -> Path:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


@lru_cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # names and metadata may hold direction marks that turn what is printed after them
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    environment.filters |= {
        "score": score_text,
        "box": lambda box_px: ", ".join(str(value) for value in box_px),
        "jpeg_uri": lambda data: Markup(f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"),
        "source_type": source_type_text,
    }
    return environment


def _shown(analysis: Analysis) -> Sequence[ShownFrame]:
    """The most suspicious frames; one from the middle where no face was assessed."""
    middle = len(analysis.frames) // 2
    return analysis.most_suspicious(SHOWN_FRAMES) or analysis.frames[middle : middle + 1]


def _picture(frame: ShownFrame, result: Result) -> Picture:
    thresholds = result.model.thresholds
    scores = ", ".join(f"face {shown.track_id} scores {score_text(shown.score, thresholds)}" for shown in frame.faces)
    moment = "" if result.file.duration_s is None else f"{frame.time_s:.2f} s: "
    caption = moment + (scores or "no face assessed")
    return Picture(
        round(frame.time_s, 3),
        caption[0].upper() + caption[1:],
        _jpeg(draw_faces(frame, with_overlay=False)),
        _jpeg(draw_faces(frame, with_overlay=True)) if frame.faces else None,
    )


def _jpeg(image: np.ndarray) -> bytes:
    # OpenCV wants BGR
    is_done, data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not is_done:
        raise ValueError(f"no JPEG of a picture of shape {image.shape}")
    return data.tobytes()


def _limits(result: Result, sampled: int, has_card: bool) -> tuple[str, ...]:
    sentences = [
        "Absence of detection proves nothing: manipulations that the model never saw, and those that compression or a small "
        "size hides, stay invisible to it. 'No manipulation found' never means 'real'.",
        "A high score proves nothing by itself: real faces score high at times. It is a lead; a person decides.",
        PREVALENCE_WARNING,
        "Only faces were looked at: no voices, no text, no background, and no edits beside a face.",
    ]
    if result.file.duration_s is not None:
        sentences.append(
            f"{sampled} evenly spaced frames of the video were looked at; what lies between them was not."
            if sampled > 1
            else "One frame of the video was looked at; the others were not."
        )
    sentences += [
        "The overlay shows where the model looked. It does not mark edited pixels.",
        "Metadata and content credentials are statements in the file. They can be removed, and forged unless a signature holds "
        "and its signer is trusted; even then they tell who signed, not that the scene is true.",
    ]
    if not has_card:
        sentences.append(
            "The model came without a card that tells what it was trained on, so expect it to miss any manipulation, camera and "
            "compression that its training data lacked."
        )
    return tuple(sentences)
