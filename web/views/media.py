"""The pictures behind a verdict: the photo with its overlay, the clip with its plot and frames, the faces one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.faces.quality import NOT_ASSESSED
from detector.messages import Message
from detector.report.drawing import draw_faces
from detector.report.html import EmbeddedPicture, embedded
from detector.report.plots.timeline import timeline_svg
from detector.report.wording.verdicts import face_table, score_text
from detector.results import Analysis, FaceTrack
from web.views.elements import fill

SUSPICIOUS_FRAMES = 5
_CLIP_SIDE_PX = 720
_THUMBNAIL_PX = 88
_INSTANT_PX = 240


@dataclass(frozen=True)
class _FrameFace:
    """The number and the score of a face in a frame."""

    number: int
    score: str


@dataclass(frozen=True)
class _Frame:
    """A frame of a clip with its overlay, its time and its faces."""

    time_s: str
    picture: EmbeddedPicture
    faces: list[_FrameFace]


@dataclass(frozen=True)
class _FaceRow:
    """A row of the table of faces.

    Attributes:
        track: The face.
        thumbnail: The face at its highest score; None where its box holds no pixels.
        values: What the table says between the verdict and the place.
    """

    track: FaceTrack
    thumbnail: EmbeddedPicture | None
    values: list[str | Message]


def viewer_html(analysis: Analysis, language: str) -> str:
    """Shows a photo or a clip; an animated picture is a clip, wherever it was sent."""
    is_photo = analysis.result.file.duration_s is None
    return photo_html(analysis, language) if is_photo else clip_html(analysis, language)


def photo_html(analysis: Analysis, language: str) -> str:
    """Shows the photo, its overlay above it, and how to fade, hide and compare it."""
    (frame,) = analysis.frames
    return fill(
        "photo.html",
        language,
        original=embedded(draw_faces(frame, with_overlay=False)),
        overlay=embedded(draw_faces(frame, with_overlay=True)) if frame.faces else None,
    )


def clip_html(analysis: Analysis, language: str) -> str:
    """Shows the scores over time, every sampled frame with its overlay, and the most suspicious instants."""
    suspicious = analysis.most_suspicious_numbers(SUSPICIOUS_FRAMES)
    frames: list[_Frame] = []
    instants: dict[int, EmbeddedPicture] = {}
    for number, frame in enumerate(analysis.frames):
        drawn = draw_faces(frame, with_overlay=True)
        faces = [_FrameFace(shown.track_id, score_text(shown.score)) for shown in frame.faces]
        frames.append(_Frame(f"{frame.time_s:.1f}", embedded(drawn, _CLIP_SIDE_PX), faces))
        if number in suspicious:
            instants[number] = embedded(drawn, _INSTANT_PX)
    return fill(
        "clip.html",
        language,
        plot=timeline_svg(analysis.result, [frame.time_s for frame in analysis.frames], language),
        frames=frames,
        first=suspicious[0] if suspicious else 0,
        instants=[(number, instants[number]) for number in suspicious],
    )


def faces_html(analysis: Analysis, language: str) -> str:
    """Shows one row for each face, with a thumbnail, and below it the faces that were not assessed."""
    result = analysis.result
    titles, rows = face_table(result)
    return fill(
        "faces.html",
        language,
        titles=[*titles, Message("Place (left, top, right, bottom, in pixels)")],
        faces=[
            _FaceRow(track, thumbnail_of(analysis, track), row[2:])
            for track, row in zip(result.faces, rows, strict=True)
        ],
        # the warnings count those of a clip
        not_assessed=result.not_assessed if result.file.duration_s is None else (),
        reasons=NOT_ASSESSED,
    )


def thumbnail_of(analysis: Analysis, track: FaceTrack) -> EmbeddedPicture | None:
    """Gives a face at its highest score; None where its box holds no pixels."""
    best, place = max(
        ((frame, shown) for frame in analysis.frames for shown in frame.faces if shown.track_id == track.track_id),
        key=lambda found: found[1].score,
    )
    x0, y0, x1, y1 = (round(max(value, 0)) for value in place.face.box_px)
    face = np.ascontiguousarray(best.image[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)])
    return embedded(face, _THUMBNAIL_PX) if face.size else None
