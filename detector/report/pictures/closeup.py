"""A face of one frame, large: cut from the file again at its full resolution, for whoever wants to look closer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from detector.errors import OTHER_FILE, MediaError
from detector.faces.detection import CROP_SCALE, crop_square
from detector.facts import Box, PixelBox
from detector.media.photos.images import Photo
from detector.media.reading import MEDIA_ANSWERS, frames_at, read_media
from detector.media.videos.video import VideoFrame
from detector.messages import Message
from detector.network.saliency import overlay_square
from detector.report.html import jpeg, webp
from detector.results import Analysis, Result
from detector.sandbox.client import WORKERS, broke_down

# Side of what is shown over the longer side of the face box: the crop that the model saw, and a quarter of it on each side.
CLOSEUP_SCALE = 1.5 * CROP_SCALE
# The longer side of what is sent to the browser; a larger face is reduced.
MAX_SIDE_PX = 1200
# Side of the square over the longer side of the picture: no detector draws boxes that large.
_MOST_OF_PICTURE = 4
_OVERLAY_SIDE_PX = 192
_NO_SUCH_FACE = Message("There is no such face in this frame; please choose another one.")
# Beyond the border of the picture there is nothing: unlike the crop for the model, this one is not mirrored there.
_OUTSIDE = (128, 128, 128)


@dataclass(frozen=True)
class KeptFace:
    """What has to be kept of a face in a frame to show it again: its box in the file, its turns, score and evidence map.

    Attributes:
        box_px: ``(x0, y0, x1, y1)`` in pixels of the file.
        quarter_turns: See `detector.facts.DetectedFace`.
        score: Of this frame, 0..1.
        evidence: Map in log odds, float16; as the network gives it, 14 x 14 for the bundled one.
    """

    box_px: PixelBox
    quarter_turns: int
    score: float
    evidence: np.ndarray


@dataclass(frozen=True)
class KeptFaces:
    """What has to be kept of an analysis so that each of its faces can be shown large; no pictures.

    With the bundled model it takes some 500 bytes a face and frame, beside the result: 0.2 MB for 32 frames of 10 faces.

    Attributes:
        result: What was said about the file.
        times_s: Of the sampled frames, in seconds since the first frame; 0 for a photo.
        faces: By number of the frame, from 0, and of the face track.
    """

    result: Result
    times_s: tuple[float, ...]
    faces: Mapping[tuple[int, int], KeptFace]


@dataclass(frozen=True)
class EnlargedFace:
    """A face cut from the file.

    Attributes:
        track_id: Of the face.
        frame_number: Of the frame, from 0.
        side_px: Of the square that was cut, in pixels of the file.
        plain_jpeg: The square, upright, reduced to `MAX_SIDE_PX` where it is larger.
        overlay_webp: The overlay by itself, to be laid over the same square; None where nothing of it would be seen.
    """

    track_id: int
    frame_number: int
    side_px: int
    plain_jpeg: bytes
    overlay_webp: bytes | None


def kept_faces(analysis: Analysis) -> KeptFaces:
    """Picks out of an analysis what `enlarged_face` needs."""
    boxes = boxes_of(analysis.result)
    faces = {
        (number, shown.track_id): KeptFace(
            boxes[shown.track_id, round(frame.time_s, 3)],
            shown.face.quarter_turns,
            shown.score,
            shown.evidence.astype(np.float16),
        )
        for number, frame in enumerate(analysis.frames)
        for shown in frame.faces
        if (shown.track_id, round(frame.time_s, 3)) in boxes  # a saved case may not hang together
    }
    return KeptFaces(analysis.result, tuple(frame.time_s for frame in analysis.frames), faces)


def enlarged_face(path: str | Path, kept: KeptFaces, track_id: int, frame_number: int) -> EnlargedFace:
    """Cuts a face from the frame of its file, which is decoded again in a worker.

    Args:
        path: The file that was analysed.
        kept: What was kept of its analysis.
        track_id: Number of the face.
        frame_number: Number of the sampled frame, from 0.

    Raises:
        MediaError: The face is not in this frame, or the file cannot be read, or is another one.
        OSError: It cannot be opened.
    """
    face = kept.faces.get((frame_number, track_id))
    if face is None:
        raise MediaError(_NO_SUCH_FACE)
    image = _frame(Path(path), kept.result, kept.times_s[frame_number])
    if image.shape[1::-1] != (kept.result.file.width_px, kept.result.file.height_px):
        raise MediaError(OTHER_FILE)
    if closeup_square(face.box_px)[2] > _MOST_OF_PICTURE * max(image.shape):
        raise MediaError(_NO_SUCH_FACE)
    square = np.rot90(_square(image, face.box_px), face.quarter_turns)
    side = square.shape[0]
    if side > MAX_SIDE_PX:
        square = cv2.resize(np.ascontiguousarray(square), (MAX_SIDE_PX, MAX_SIDE_PX), interpolation=cv2.INTER_AREA)
    overlay = _overlay(face)
    return EnlargedFace(track_id, frame_number, side, jpeg(square), webp(overlay) if overlay is not None else None)


def boxes_of(result: Result) -> dict[tuple[int, float], PixelBox]:
    """Gives the box of each face in each frame, in pixels of the file, by number of the track and time."""
    return {(track.track_id, frame.time_s): frame.box_px for track in result.faces for frame in track.frames}


def closeup_square(box_px: Box) -> tuple[int, int, int]:
    """Gives the square that is shown of a face, ``(left, top, side)`` in whole pixels, possibly beyond the border."""
    return crop_square(box_px, CLOSEUP_SCALE)


def _frame(path: Path, result: Result, time_s: float) -> np.ndarray:
    """Decodes the frame of a clip at a time, or the photo, ``(H, W, 3)`` uint8 RGB."""
    if result.file.duration_s is None:
        arguments = (path, "photo", 1, False, result.file.sha256, False, result.assessed_item)
        # read to the end, which ends at once: else the worker would be replaced
        answers = list(WORKERS.stream(read_media, *arguments, answers=MEDIA_ANSWERS))
        images = [answer.image for answer in answers if isinstance(answer, Photo)]
    else:
        with closing(WORKERS.stream(frames_at, path, [time_s], result.assessed_item, answers=(VideoFrame,))) as frames:
            images = [frame.image for frame in frames]
    if len(images) != 1:
        raise broke_down()
    return images[0]


def _square(image: np.ndarray, box_px: PixelBox) -> np.ndarray:
    left, top, side = closeup_square(box_px)
    square = np.full((side, side, 3), _OUTSIDE, np.uint8)
    height, width = image.shape[:2]
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    if x0 < x1 and y0 < y1:
        square[y0 - top : y1 - top, x0 - left : x1 - left] = image[y0:y1, x0:x1]
    return square


def _overlay(face: KeptFace) -> np.ndarray | None:
    """Draws the overlay of the upright square; the crop that the model saw lies in its middle."""
    inner = overlay_square(
        face.evidence.astype(np.float32), face.score, 0, round(_OVERLAY_SIDE_PX * CROP_SCALE / CLOSEUP_SCALE)
    )
    if inner is None:
        return None
    margin = (_OVERLAY_SIDE_PX - inner.shape[0]) // 2
    rest = _OVERLAY_SIDE_PX - inner.shape[0] - margin
    return np.pad(inner, ((margin, rest), (margin, rest), (0, 0)))
