"""The pictures behind a verdict: the photo or clip with what was found in it, its plot, and the faces one by one."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from detector.faces.quality import NOT_ASSESSED
from detector.messages import Message
from detector.report.html import EmbeddedPicture, embedded
from detector.report.plots.timeline import timeline_key, timeline_svg
from detector.report.plots.timeline_layout import NARROW
from detector.report.wording.verdicts import face_table
from detector.results import Analysis, FaceTrack, ShownFace
from web.views.elements import fill
from web.views.stage import StagedFrame, shown_width_px, staged_frames

HIGHEST_FRAMES = 5
_THUMBNAIL_PX = 88
_INSTANT_PX = 240


@dataclass(frozen=True)
class _FaceRow:
    """A row of the table of faces.

    Attributes:
        track: The face.
        frame: Number of the frame with its highest score.
        thumbnail: The face there; None where its box holds no pixels.
        values: What the table says between the verdict and the place.
    """

    track: FaceTrack
    frame: int
    thumbnail: EmbeddedPicture | None
    values: list[str | Message]


def viewer_html(analysis: Analysis, language: str, media_url: str = "") -> str:
    """Shows a photo or a clip with what was found in it; an animated picture is a clip, wherever it was sent.

    Args:
        analysis: What is said about the file.
        language: Language of the reader.
        media_url: Where the browser finds the file of a clip, see `web.views.closeup.upload_address`; without it, and where
            the browser cannot play it, the sampled frames are shown alone.
    """
    frames = staged_frames(analysis)
    if analysis.result.file.duration_s is None:
        return fill("viewer.html", language, is_clip=False, mode="photo", frames=frames, first=0, **_stage(frames))
    return _clip_html(analysis, frames, language, media_url)


def _clip_html(analysis: Analysis, frames: list[StagedFrame], language: str, media_url: str) -> str:
    result = analysis.result
    times_s = [frame.time_s for frame in analysis.frames]
    highest = analysis.most_suspicious_numbers(HIGHEST_FRAMES)
    # no browser shows animated pictures as videos
    plays = bool(media_url) and not result.file.media_type.startswith("image/")
    return fill(
        "viewer.html",
        language,
        is_clip=True,
        mode="video" if plays else "frames",
        media_url=media_url,
        frames=frames,
        first=highest[0] if highest else 0,
        times=json.dumps([round(time_s, 6) for time_s in times_s]),
        cuts=json.dumps([[cut.after_s, cut.before_s] for cut in result.cuts]),
        plot=timeline_svg(result, times_s, language),
        narrow_plot=timeline_svg(result, times_s, language, NARROW),
        plot_key=timeline_key(result),
        highest=[(frames[number], embedded(analysis.frames[number].image, _INSTANT_PX)) for number in highest],
        **_stage(frames),
    )


def _stage(frames: list[StagedFrame]) -> dict[str, object]:
    picture = frames[0].picture
    return {"picture": picture, "shown_width_px": shown_width_px(picture), "has_overlay": any(f.faces for f in frames)}


def faces_html(analysis: Analysis, language: str) -> str:
    """Shows one row for each face, with a thumbnail that opens it, and below it the faces that were not assessed."""
    result = analysis.result
    titles, rows = face_table(result)
    return fill(
        "faces.html",
        language,
        titles=[*titles, Message("Place (left, top, right, bottom, in pixels)")],
        faces=[
            _FaceRow(track, _highest(analysis, track)[0], thumbnail_of(analysis, track), row[2:])
            for track, row in zip(result.faces, rows, strict=True)
        ],
        # the warnings count those of a clip
        not_assessed=result.not_assessed if result.file.duration_s is None else (),
        reasons=NOT_ASSESSED,
    )


def thumbnail_of(analysis: Analysis, track: FaceTrack) -> EmbeddedPicture | None:
    """Gives a face at its highest score; None where its box holds no pixels."""
    number, place = _highest(analysis, track)
    x0, y0, x1, y1 = (round(max(value, 0)) for value in place.face.box_px)
    face = np.ascontiguousarray(analysis.frames[number].image[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)])
    return embedded(face, _THUMBNAIL_PX) if face.size else None


def _highest(analysis: Analysis, track: FaceTrack) -> tuple[int, ShownFace]:
    """Finds where a face scores highest, with the number of the frame."""
    return max(
        (
            (number, shown)
            for number, frame in enumerate(analysis.frames)
            for shown in frame.faces
            if shown.track_id == track.track_id
        ),
        key=lambda found: found[1].score,
    )
