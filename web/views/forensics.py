"""The forensic panel: views and facts that tell how a file was made and saved, made when somebody opens it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from detector.errors import MediaError, cannot_be_opened
from detector.facts import Provenance
from detector.media.forensics.clip_facts import ClipFacts
from detector.media.forensics.examine import CLIP_ANSWERS, PHOTO_ANSWERS, PhotoTraces, examine_clip, examine_photo
from detector.messages import Message
from detector.report.html import EmbeddedPicture, embedded
from detector.report.provenance_section import credentials_html, metadata_html
from detector.report.wording.forensics import (
    CREDENTIALS,
    ERROR_LEVEL,
    ERROR_LEVEL_ALT,
    FILE_NEEDED,
    METADATA,
    NO_VERDICT,
    NOISE,
    NOISE_ALT,
    PLAIN,
    PREVIEW_ALT,
    Trace,
    photo_traces,
)
from detector.report.wording.forensics_of_clips import clip_traces
from detector.results import Result
from detector.sandbox.client import WORKERS
from web.views.elements import fill


@dataclass(frozen=True)
class _View:
    """A picture of the panel; the plain photo has no trace."""

    picture: EmbeddedPicture
    title: Message
    alt: Message
    trace: Trace | None = None


@dataclass(frozen=True)
class _Found:
    """What the decoding process gave.

    Attributes:
        provenance: What the file says of its own origin; None where it is not known.
        views: Of a photo.
        preview: Inside the file, where it shows another picture.
        traces: In words.
        problem: Why there is no more.
    """

    provenance: Provenance | None
    views: tuple[_View, ...] = ()
    preview: EmbeddedPicture | None = None
    traces: list[Trace] = field(default_factory=list)
    problem: Message | None = None


def forensics_html(path: Path | None, result: Result, provenance: Provenance | None, language: str) -> str:
    """Shows how a file was made and saved, with what each trace can mean and what it cannot; never a verdict.

    Args:
        path: The file; None for a saved case, of which only the metadata are known.
        result: What was said about it.
        provenance: What the file says of its own origin; None has it read, where there is a file.
        language: Language of the reader.
    """
    found = _Found(provenance, problem=FILE_NEEDED) if path is None else _examine(path, result, provenance)
    is_photo = result.file.duration_s is None
    known = found.provenance
    return fill(
        "forensics.html",
        language,
        no_verdict=NO_VERDICT,
        problem=found.problem,
        views=found.views,
        traces=found.traces,
        preview=found.preview,
        preview_alt=PREVIEW_ALT,
        credentials=CREDENTIALS,
        credentials_section=credentials_html(known.content_credentials, language) if known else None,
        metadata=METADATA,
        metadata_section=metadata_html(known, is_photo, language) if known else None,
    )


def _examine(path: Path, result: Result, provenance: Provenance | None) -> _Found:
    found = _Found(provenance)
    job: Generator[PhotoTraces | ClipFacts | Provenance, None, None]
    if result.file.duration_s is None:
        job = WORKERS.stream(examine_photo, str(path), provenance is None, answers=PHOTO_ANSWERS)
    else:
        arguments = (str(path), provenance is None, result.assessed_item)
        job = WORKERS.stream(examine_clip, *arguments, answers=CLIP_ANSWERS)
    try:
        with closing(job):
            for answer in job:
                found = _with_answer(found, answer)
    except MediaError as error:
        return replace(found, problem=error.message)
    except OSError as error:
        return replace(found, problem=cannot_be_opened(error))
    return found


def _with_answer(found: _Found, answer: PhotoTraces | ClipFacts | Provenance) -> _Found:
    if isinstance(answer, Provenance):
        return replace(found, provenance=answer)
    if isinstance(answer, ClipFacts):
        return replace(found, traces=clip_traces(answer))
    views = (
        _View(embedded(answer.plain), PLAIN, PLAIN),
        _View(_grey(answer.error_level), ERROR_LEVEL.title, ERROR_LEVEL_ALT, ERROR_LEVEL),
        _View(_grey(answer.noise), NOISE.title, NOISE_ALT, NOISE),
    )
    preview = answer.preview
    shown = embedded(preview.image) if preview and preview.differs else None
    return replace(found, views=views, preview=shown, traces=photo_traces(answer.jpeg, preview))


def _grey(view: np.ndarray) -> EmbeddedPicture:
    return embedded(cv2.cvtColor(view, cv2.COLOR_GRAY2RGB))
