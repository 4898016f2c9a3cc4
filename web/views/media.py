"""The pictures behind a verdict: the photo with its overlay, the clip with its plot and frames, the faces one by one."""

from __future__ import annotations

import numpy as np

from detector.faces.quality import NOT_ASSESSED
from detector.network.saliency import CAPTION
from detector.report.drawing import draw_faces
from detector.report.timeline import timeline_svg
from detector.report.wording import OVERLAY_SCALE, face_table, score_text
from detector.results import Analysis, FaceTrack, Result, ShownFrame
from web.views.elements import Words, labelled_range, picture, table, verdict_words, words

SUSPICIOUS_FRAMES = 5
_CLIP_SIDE_PX = 720
_THUMBNAIL_PX = 88
_INSTANT_PX = 240


def photo_html(analysis: Analysis, language: str) -> str:
    """The photo, its overlay above it, and how to fade, hide and compare it."""
    say = words(language)
    (frame,) = analysis.frames
    original = picture(draw_faces(frame, with_overlay=False), say("The photo with its faces numbered"))
    if not frame.faces:
        return f'<div class="viewer"><div class="stack">{original}</div></div>'
    overlay = picture(
        draw_faces(frame, with_overlay=True),
        say("The same with the overlay of where the model looked"),
        classes="overlay",
    )
    return (
        f'<div class="viewer"><div class="stack">{original}{overlay}</div><div class="controls">'
        f'<label class="control"><input type="checkbox" data-role="toggle" checked> {say("Show the overlay")}</label>'
        f"{labelled_range(say('Opacity of the overlay'), 'opacity', 100, 100)}"
        f"{labelled_range(say('Compare: original to the left of the line'), 'compare', 0, 100)}</div>{_legend(say)}</div>"
    )


def clip_html(analysis: Analysis, language: str) -> str:
    """The scores over time, every sampled frame with its overlay, and the most suspicious instants."""
    say = words(language)
    numbers = {id(frame): number for number, frame in enumerate(analysis.frames)}
    suspicious = [numbers[id(frame)] for frame in analysis.most_suspicious(SUSPICIOUS_FRAMES)]
    first = suspicious[0] if suspicious else 0
    figures, instants = [], {}
    for number, frame in enumerate(analysis.frames):
        hidden = "" if number == first else " hidden"
        drawn, caption = draw_faces(frame, with_overlay=True), _caption(frame, say)
        shown = picture(drawn, say(f"Frame at {frame.time_s:.1f} s"), _CLIP_SIDE_PX)
        figures.append(
            f'<figure class="frame" data-frame="{number}"{hidden}>{shown}<figcaption>{caption}</figcaption></figure>'
        )
        if number in suspicious:
            instants[number] = (
                f'<button type="button" class="instant" data-show="{number}">{picture(drawn, "", _INSTANT_PX)}'
                f"<span>{caption}</span></button>"
            )
    plot = timeline_svg(analysis.result, [frame.time_s for frame in analysis.frames], language)
    return (
        f'<div class="viewer clip"><h3>{say("Score over time")}</h3>{plot}'
        f"<p>{say('Choose a frame with the slider or in the plot.')}</p>"
        f"{labelled_range(say('Frame'), 'frame', first, len(analysis.frames) - 1)}"
        f"{''.join(figures)}{_legend(say)}"
        + (
            f'<h3>{say("Most suspicious instants")}</h3><div class="instants">{"".join(map(instants.get, suspicious))}</div>'
            if instants
            else ""
        )
        + "</div>"
    )


def faces_html(analysis: Analysis, language: str) -> str:
    """One row a face, with a thumbnail, and below it the faces that were not assessed."""
    say, result = words(language), analysis.result
    titles, rows = face_table(result)
    shown = [
        [
            _thumbnail(analysis, track, say),
            verdict_words(track.verdict, say),
            *(say(value) for value in row[2:]),
            ", ".join(str(value) for value in track.box_px),
        ]
        for track, row in zip(result.faces, rows, strict=True)
    ]
    head = [say(title) for title in (*titles, "Place (left, top, right, bottom, in pixels)")]
    faces = table(head, shown, say("Faces")) if shown else ""
    return f'<div class="faces">{faces}{_not_assessed(result, say)}</div>'


def _not_assessed(result: Result, say: Words) -> str:
    """The faces that could not be judged; of a clip the warnings count them."""
    if result.file.duration_s is not None or not result.not_assessed:
        return ""
    items = [
        say(f"A face at {', '.join(str(value) for value in face.box_px)}: {NOT_ASSESSED[face.reason]}.")
        for face in result.not_assessed
    ]
    return f"<h3>{say('Not assessed')}</h3><ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def _thumbnail(analysis: Analysis, track: FaceTrack, say: Words) -> str:
    """The face at its highest score, with its number."""
    best, place = max(
        ((frame, shown) for frame in analysis.frames for shown in frame.faces if shown.track_id == track.track_id),
        key=lambda found: found[1].score,
    )
    x0, y0, x1, y1 = (round(max(value, 0)) for value in place.face.box_px)
    face = np.ascontiguousarray(best.image[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)])
    image = picture(face, "", _THUMBNAIL_PX) if face.size else ""
    return f"{image}<span>{say(f'Face {track.track_id}')}</span>"


def _caption(frame: ShownFrame, say: Words) -> str:
    faces = [say(f"face {shown.track_id}: {score_text(shown.score)}") for shown in frame.faces]
    return f"{frame.time_s:.1f} s · {', '.join(faces) or say('no face assessed')}"


def _legend(say: Words) -> str:
    return (
        f'<p class="legend">{say("Overlay")}: <span class="ramp" aria-hidden="true"></span> '
        f"{say(OVERLAY_SCALE)} <b>{say(CAPTION)}</b></p>"
    )
