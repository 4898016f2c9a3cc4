"""What is drawn over a photo or a frame of a clip: boxes, labels and the overlay, each by itself and in parts of its sides."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase

from markupsafe import Markup

from detector.faces.detection import crop_square
from detector.faces.quality import NOT_ASSESSED
from detector.facts import Box, PixelBox, Thresholds
from detector.messages import Message, joined
from detector.network.saliency import overlay_square
from detector.report.html import EmbeddedPicture, embedded, webp, webp_address
from detector.report.pictures.closeup import boxes_of, closeup_square
from detector.report.wording.verdicts import score_text, title_of
from detector.results import Analysis, FaceTrack, NotAssessed, Result, ShownFace, Verdict, verdict_for

CLIP_SIDE_PX = 720
_OVERLAY_SIDE_PX = 48  # the browser enlarges it smoothly; the maps behind it have some 14 places a side
# Smaller photos are shown enlarged, so that a face of a few dozen pixels can be seen beside its label.
_SMALLEST_SHOWN_PX, _MOST_ENLARGED = 480, 4.0
# Where there is less room above a face, its label stands below it; where there is none either, inside.
_LABEL_SHARE = 0.1
_MOST_REASONS = 3  # more would cover each other and the picture: then the letters alone stand in it


@dataclass(frozen=True)
class Place:
    """A rectangle in a picture, in percent of its sides; may reach beyond them."""

    left: float
    top: float
    width: float
    height: float

    @property
    def style(self) -> Markup:
        """Puts an element there."""
        return Markup(f"left:{self.left:g}%;top:{self.top:g}%;width:{self.width:g}%;height:{self.height:g}%")

    @property
    def numbers(self) -> Markup:
        """The four numbers for a script."""
        return Markup(f"{self.left:g} {self.top:g} {self.width:g} {self.height:g}")


@dataclass(frozen=True)
class StagedFace:
    """An assessed face of a frame.

    Attributes:
        number: Of its track.
        frame: Number of the frame.
        score: In words.
        band: Of the score, as the annotated video draws it.
        place: Its box.
        path: The same as drawn: full, or the corners; see `_box_path`.
        square: What the close-up shows of it.
        turns: Quarter turns, counter-clockwise, that set it upright.
        crop: What the model saw of it.
        overlay: To be laid over `crop`; None where nothing of it would be seen.
        label_at: Where the label stands: ``above``, ``below`` or ``inside``.
        is_right: Whether the label ends with the box, as it would else reach beyond the picture.
        title: Names the face and the time.
        facts: The evidence of this frame.
    """

    number: int
    frame: int
    score: str
    band: Verdict
    place: Place
    path: Markup
    square: Place
    turns: int
    crop: Place
    overlay: EmbeddedPicture | None
    label_at: str
    is_right: bool
    title: Message
    facts: list[Message]


@dataclass(frozen=True)
class UnassessedFace:
    """A face that was found and cannot be judged, with a letter that names it under the picture, and why."""

    letter: str
    place: Place
    path: Markup
    reason: Message
    label_at: str
    is_right: bool


@dataclass(frozen=True)
class StagedFrame:
    """A photo, or a frame of a clip, with all that is drawn over it.

    Attributes:
        number: From 0.
        time_s: In seconds since the first frame.
        picture: As it is in the file, reduced.
        faces: Those that were assessed.
        unassessed: The others.
        has_reasons: Whether there is room for the reasons in the picture.
        caption: Time and scores in words.
    """

    number: int
    time_s: float
    picture: EmbeddedPicture
    faces: list[StagedFace]
    unassessed: list[UnassessedFace]
    has_reasons: bool
    caption: Message


def staged_frames(analysis: Analysis) -> list[StagedFrame]:
    """Prepares the photo, or all frames of a clip."""
    result = analysis.result
    is_clip = result.file.duration_s is not None
    tracks = {track.track_id: track for track in result.faces}
    boxes = boxes_of(result)
    frames = []
    for number, frame in enumerate(analysis.frames):
        height, width = frame.image.shape[:2]
        time_s = round(frame.time_s, 3)
        faces = [
            _staged_face(
                shown,
                number,
                tracks[shown.track_id],
                boxes.get((shown.track_id, time_s)),
                result,
                (width, height),
                time_s,
            )
            for shown in frame.faces
        ]
        missed = [face for face in result.not_assessed if not is_clip or face.time_s == time_s]
        unassessed = _unassessed(missed, result, (width, height))
        picture = embedded(frame.image, CLIP_SIDE_PX if is_clip else None)
        has_reasons = len(unassessed) <= _MOST_REASONS
        caption = caption_of(faces, frame.time_s if is_clip else None)
        frames.append(StagedFrame(number, frame.time_s, picture, faces, unassessed, has_reasons, caption))
    return frames


def shown_width_px(picture: EmbeddedPicture) -> int:
    """Gives the width at which a photo is shown at most: its own, or more where it is small."""
    longest = max(picture.width_px, picture.height_px)
    return round(picture.width_px * min(max(_SMALLEST_SHOWN_PX / longest, 1.0), _MOST_ENLARGED))


def caption_of(faces: list[StagedFace], time_s: float | None) -> Message:
    """Says the scores of a frame, and its time where it is one of a clip."""
    scores: list[str | Message] = [
        Message("face {number}: {score}", {"number": face.number, "score": face.score}) for face in faces
    ]
    scores = scores or [Message("no face assessed")]
    return joined(scores if time_s is None else [Message("{seconds} s", {"seconds": f"{time_s:.1f}"}), *scores])


def _staged_face(
    shown: ShownFace,
    frame: int,
    track: FaceTrack,
    box_px: PixelBox | None,
    result: Result,
    size_px: tuple[int, int],
    time_s: float,
) -> StagedFace:
    face = shown.face
    thresholds: Thresholds = result.model.thresholds
    score = score_text(shown.score, thresholds)
    band = verdict_for(shown.score, thresholds)
    drawn = overlay_square(shown.evidence, shown.score, face.quarter_turns, _OVERLAY_SIDE_PX)
    place = _place(face.box_px, size_px)
    return StagedFace(
        number=shown.track_id,
        frame=frame,
        score=score,
        band=band,
        place=place,
        path=_box_path(face.box_px, is_whole=band != "no_manipulation_found"),
        square=_square_place(closeup_square(face.box_px), size_px),
        turns=face.quarter_turns,
        crop=_square_place(crop_square(face.box_px), size_px),
        overlay=EmbeddedPicture(webp_address(webp(drawn)), *drawn.shape[1::-1]) if drawn is not None else None,
        label_at=_label_at(place),
        is_right=_is_right(place),
        title=_title(shown.track_id, None if result.file.duration_s is None else time_s),
        facts=_facts(track, score, box_px, is_clip=result.file.duration_s is not None),
    )


def _title(number: int, time_s: float | None) -> Message:
    if time_s is None:
        return Message("Face {number}", {"number": number})
    return Message("Face {number} at {seconds} s", {"number": number, "seconds": f"{time_s:.1f}"})


def _facts(track: FaceTrack, score: str, box_px: PixelBox | None, is_clip: bool) -> list[Message]:
    x0, y0, x1, y1 = box_px or track.box_px  # a saved case may not hang together
    size = {"width": x1 - x0, "height": y1 - y0}
    facts = [
        Message("score of this frame: {score}", {"score": score})
        if is_clip
        else Message("score: {score}", {"score": score}),
        Message("{width} x {height} pixels in the original", size),
    ]
    band = {"verdict": title_of(track)}
    return [*facts, Message("over the whole clip: {verdict}", band) if is_clip else title_of(track)]


def _unassessed(missed: list[NotAssessed], result: Result, size_px: tuple[int, int]) -> list[UnassessedFace]:
    scale = size_px[0] / result.file.width_px
    faces = []
    for letter, face in zip(ascii_uppercase, missed, strict=False):
        x0, y0, x1, y1 = (value * scale for value in face.box_px)
        place = _place((x0, y0, x1, y1), size_px)
        path = _box_path((x0, y0, x1, y1), is_whole=True)
        faces.append(UnassessedFace(letter, place, path, NOT_ASSESSED[face.reason], _label_at(place), _is_right(place)))
    return faces


def _place(box: Box, size_px: tuple[int, int]) -> Place:
    x0, y0, x1, y1 = box
    width, height = size_px
    return Place(*(round(100 * value, 2) for value in (x0 / width, y0 / height, (x1 - x0) / width, (y1 - y0) / height)))


def _square_place(square: tuple[int, int, int], size_px: tuple[int, int]) -> Place:
    left, top, side = square
    return _place((left, top, left + side, top + side), size_px)


def _label_at(place: Place) -> str:
    if place.top >= 100 * _LABEL_SHARE:
        return "above"
    return "below" if place.top + place.height <= 100 * (1 - _LABEL_SHARE) else "inside"


def _is_right(place: Place) -> bool:
    return place.left + place.width / 2 > 60


def _box_path(box: Box, is_whole: bool) -> Markup:
    """Draws a box, or its corners alone, in pixels of the picture."""
    x0, y0, x1, y1 = (round(value, 1) for value in box)
    if is_whole:
        return Markup(f"M{x0},{y0}H{x1}V{y1}H{x0}Z")
    dx, dy = round((x1 - x0) / 5, 1), round((y1 - y0) / 5, 1)
    return Markup(
        f"M{x0},{y0 + dy:g}V{y0}h{dx}M{x1 - dx:g},{y0}H{x1}v{dy}M{x1},{y1 - dy:g}V{y1}h{-dx}M{x0 + dx:g},{y1}H{x0}v{-dy}"
    )
