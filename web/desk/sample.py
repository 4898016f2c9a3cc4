"""The finished sample on the start page: what the model says of a real portrait, and of a fake made of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import gradio as gr
import numpy as np

from detector.analyzer import Analyzer
from detector.messages import Message
from detector.report.html import EmbeddedPicture, embedded
from detector.report.pictures.drawing import draw_faces
from detector.report.translation import LANGUAGES
from detector.report.wording.evidence import frequency_words
from detector.results import Result, ShownFrame
from web.desk.chooser import PHOTO, SWAPPED
from web.i18n import view
from web.views.elements import fill

_SIDE_PX = 280
_REAL = Message("Real: NASA's portrait of Eileen Collins")
_SWAPPED = Message("Fake, made by us: the same face, mirrored and put back; the clearest of four such fakes")


@dataclass(frozen=True)
class _Case:
    """One of both pictures: where it comes from, what is said about it, and how often such a score is seen."""

    origin: Message
    picture: EmbeddedPicture
    result: Result
    frequency: Message | None


def sample(analyzer: Analyzer) -> gr.HTML:
    """Lays out the sample, which the model at hand has just been asked about."""
    cases = [_case(analyzer, PHOTO, _REAL), _case(analyzer, SWAPPED, _SWAPPED)]
    return gr.HTML(
        view("sample", {language: fill("sample.html", language, cases=cases) for language in LANGUAGES}),
        elem_id="sample",
    )


def _around_face(picture: np.ndarray, frame: ShownFrame) -> np.ndarray:
    """Cuts out the face and twice its height; all of the picture where there is none."""
    if not frame.faces:
        return picture
    x0, y0, x1, y1 = frame.faces[0].face.box_px
    side = 2 * (y1 - y0)
    left, top = (max(round((a + b - side) / 2), 0) for a, b in ((x0, x1), (y0, y1)))
    return np.ascontiguousarray(picture[top : top + round(side), left : left + round(side)])


def _case(analyzer: Analyzer, path: Path, origin: Message) -> _Case:
    analysis = analyzer.analyze(path, with_provenance=False)
    (frame,) = analysis.frames
    evidence = analysis.result.evidence
    return _Case(
        origin,
        embedded(_around_face(draw_faces(frame, with_overlay=True), frame), _SIDE_PX),
        analysis.result,
        frequency_words(analysis.result, evidence) if evidence else None,
    )
