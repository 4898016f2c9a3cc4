"""A copy of a clip with numbered boxes around its faces, to be watched."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import cv2
import msgspec
import numpy as np

from detector.deadline import Progress
from detector.errors import OTHER_FILE, MediaError
from detector.facts import Thresholds
from detector.limits import MAX_ANNOTATED_S
from detector.media.clips import Clip, open_clip
from detector.media.videos.container import stated
from detector.media.videos.sound import LAYOUT, SAMPLE_RATE_HZ, sound_frames
from detector.media.videos.video import Video, VideoFrame
from detector.messages import Message, counted
from detector.report.pictures.motion import FaceMotion, PlacedFace
from detector.report.translation import ENGLISH, translate
from detector.report.wording.verdicts import VERDICT_TITLE, score_text
from detector.results import Result, Verdict, verdict_for
from detector.sandbox.client import WORKERS

MAX_SIDE_PX = 1280
_TIME_BASE = Fraction(1, 90_000)
_ENCODER = {"preset": "veryfast", "crf": "20"}
_BT709 = 1  # number of that standard for matrix, primaries and curve
_REPORT_EVERY = 10  # frames
_FONT = cv2.FONT_HERSHEY_SIMPLEX
Pixel = tuple[int, int]
_LINE_COLOR, _SHADOW_COLOR = (255, 255, 255), (0, 0, 0)


@dataclass(frozen=True)
class Step:
    """Says how far the writing is: the share done, 0..1, and what is being done."""

    share: float
    doing: Message


def write_annotated_video(
    path: str | Path,
    result: Result,
    output: str | Path,
    progress: Progress | None = None,
    language: str = ENGLISH,
) -> None:
    """Writes an MP4 (H.264, AAC) of the whole clip in which every assessed face has its box, number and frame score.

    The band of a score is written beside it and drawn: a full box for signs of manipulation, a dashed one for
    inconclusive, corners for no manipulation found. Frames keep their times, the sound stays beside them.

    Args:
        path: The clip.
        result: What was said about it.
        output: Is replaced when all is written; a call that fails or is stopped leaves no trace.
        progress: Called with the share done, 0..1, and what is being done; what it raises stops the writing.
        language: Language of the words in the pictures.

    Raises:
        MediaError: The file is not a video that can be read, not the one of the result, or too long.
        ValueError: `output` is the clip itself.
    """
    path, output = Path(path), Path(output)
    if output.resolve() == path.resolve():
        raise ValueError("the annotated video must not replace the clip itself")
    partial = output.with_name(f".{output.name}.{os.getpid()}.partial")
    try:
        job = WORKERS.stream(annotate_clip, path, result, partial, language, answers=(Step,))
        with closing(job) as steps:
            for step in steps:
                if progress:
                    progress(step.share, step.doing)
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)


def annotate_clip(path: str, result: dict[str, Any], output: str, language: str) -> Iterator[Step]:
    """Does the work of `write_annotated_video` in a worker, which is sent a `Result` as a dictionary."""
    yield from annotate(Path(path), msgspec.convert(result, Result), Path(output), language)


def annotate(path: Path, result: Result, output: Path, language: str = ENGLISH) -> Iterator[Step]:
    """Writes an annotated video; says how far it is."""
    with open_clip(path, result.assessed_item) as video:
        if video.facts.sha256 != result.file.sha256:
            raise MediaError(OTHER_FILE)
        if video.duration_s > MAX_ANNOTATED_S:
            raise MediaError(
                "Only videos of up to {minutes} minutes are annotated; please cut out the part in question.",
                minutes=MAX_ANNOTATED_S // 60,
            )
        yield from _write(path, video, _Painter(result, language), output)


def _write(path: Path, video: Clip, painter: _Painter, output: Path) -> Iterator[Step]:
    duration_s = video.duration_s
    # animated pictures have none
    sound = sound_frames(path, video.start_s, duration_s, video.span) if isinstance(video, Video) else iter(())
    waiting = next(sound, None)
    with av.open(str(output), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        pictures = _add_pictures(container, painter, max(round(video.frame_count / max(duration_s, 1e-3)), 1))
        track = container.add_stream("aac", rate=SAMPLE_RATE_HZ, layout=LAYOUT) if waiting else None
        lengths: dict[int, int] = {}
        last_pts = -1
        for number, (frame, end_s) in enumerate(_with_ends(video.frames_at(video.frame_times), duration_s)):
            if number % _REPORT_EVERY == 0:
                share = min(frame.time_s / max(duration_s, 1e-3), 1.0)
                yield Step(share, Message("drawing frame {number}", {"number": number + 1}))
            picture = av.VideoFrame.from_ndarray(painter.paint(frame)).reformat(
                format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
            )
            # frames can lie nearer together than the clock of the copy tells
            last_pts = max(round(frame.time_s / _TIME_BASE), last_pts + 1)
            picture.pts, picture.time_base = last_pts, _TIME_BASE
            lengths[last_pts] = max(round(end_s / _TIME_BASE) - last_pts, 1)
            container.mux(_with_lengths(pictures.encode(picture), lengths))
            # in step with the pictures, or the muxer would hold all of one of them in memory
            while track and waiting and stated(waiting.pts) * stated(waiting.time_base) <= end_s:
                container.mux(track.encode(waiting))
                waiting = next(sound, None)
        container.mux(_with_lengths(pictures.encode(), lengths))
        if track:
            container.mux(track.encode())
    yield Step(1.0, Message("the annotated video is written"))


def _add_pictures(container: av.container.OutputContainer, painter: _Painter, rate: int) -> av.VideoStream:
    pictures = container.add_stream("libx264", rate=rate)
    assert isinstance(pictures, av.VideoStream)  # the name of the encoder says so
    pictures.width, pictures.height, pictures.pix_fmt = painter.width, painter.height, "yuv420p"
    pictures.options = dict(_ENCODER)
    context = pictures.codec_context
    context.time_base = _TIME_BASE
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.color_range = av.video.reformatter.ColorRange.MPEG
    return pictures


def _with_ends(frames: Iterable[VideoFrame], end_s: float) -> Iterator[tuple[VideoFrame, float]]:
    """Gives each frame with the time at which the next one is shown."""
    last = None
    for frame in frames:
        if last is not None:
            yield last, frame.time_s
        last = frame
    if last is not None:
        yield last, end_s


def _with_lengths(packets: list[av.Packet[Any]], lengths: dict[int, int]) -> list[av.Packet[Any]]:
    # the encoder gives every frame the length of a constant rate
    for packet in packets:
        packet.duration = lengths.pop(stated(packet.pts))
    return packets


class _Painter:
    """Draws the boxes of a result into the frames of its clip, and a line of words below."""

    def __init__(self, result: Result, language: str):
        self._language = language
        self._motion = FaceMotion(result)
        self._thresholds = result.model.thresholds
        width, height = result.file.width_px, result.file.height_px
        self._scale = min(1.0, MAX_SIDE_PX / width, MAX_SIDE_PX / (height + _strip_height(width, height)))
        # H.264 with 4:2:0 has even sides only
        self.width, self._picture_height = (max(int(side * self._scale) // 2 * 2, 16) for side in (width, height))
        instants = {frame.time_s for track in result.faces for frame in track.frames}
        words = counted(
            "Frame score of {count} sampled frame; a lead, not proof",
            "Frame scores of {count} sampled frames; a lead, not proof",
            len(instants),
        )
        strip_height = _strip_height(self.width, self._picture_height)
        self._strip = _strip(translate(words, language), self.width, strip_height)
        self.height = self._picture_height + self._strip.shape[0]

    def paint(self, frame: VideoFrame) -> np.ndarray:
        """Draws the frame with its boxes and the strip, ``(height, width, 3)`` uint8 RGB."""
        # averaging over areas takes as long as the encoder; above half the size nothing is lost without
        way = cv2.INTER_AREA if self._scale < 0.5 else cv2.INTER_LINEAR
        picture = cv2.resize(frame.image, (self.width, self._picture_height), interpolation=way)
        for face in self._motion.at(frame.time_s):
            _draw(picture, face, self._scale, self._thresholds, self._language)
        return np.vstack([picture, self._strip])


def _strip_height(width: int, height: int) -> int:
    return max(round(max(width, height) * 0.03) // 2 * 2, 16)


def _strip(words: str, width: int, height: int) -> np.ndarray:
    strip = np.zeros((height, width, 3), np.uint8)
    (full_width, full_height), _ = cv2.getTextSize(words, _FONT, 1.0, 1)
    size = min(0.96 * width / full_width, 0.6 * height / full_height)
    place = (round(0.02 * width), round((height + size * full_height) / 2))
    cv2.putText(strip, words, place, _FONT, size, _LINE_COLOR, 1, cv2.LINE_AA)
    return strip


@lru_cache(maxsize=64)
def _label(words: tuple[str, ...], size: float) -> np.ndarray:
    """Lines of words on black, ``(H, W, 3)`` uint8; made once, as text takes longer to draw than all else."""
    sizes = [cv2.getTextSize(line, _FONT, size, 1)[0] for line in words]
    step = round(1.5 * max(height for _, height in sizes))
    label = np.zeros((step * len(words) + step // 3, max(width for width, _ in sizes) + step, 3), np.uint8)
    for row, line in enumerate(words, start=1):
        cv2.putText(label, line, (step // 2, row * step), _FONT, size, _LINE_COLOR, 1, cv2.LINE_AA)
    return label


def _draw(picture: np.ndarray, face: PlacedFace, scale: float, thresholds: Thresholds, language: str) -> None:
    x0, y0, x1, y1 = (round(value * scale) for value in face.box_px)
    height, width = picture.shape[:2]
    line = max(round(max(width, height) / 500), 1)
    band = verdict_for(face.score, thresholds)
    # a dark line under a light one stays visible on every picture
    for color, thickness in ((_SHADOW_COLOR, 3 * line), (_LINE_COLOR, line)):
        for start, end in _strokes(band, x0, y0, x1, y1):
            cv2.line(picture, start, end, color, thickness)
    score = Message("face {number}: {score}", {"number": face.track_id, "score": score_text(face.score, thresholds)})
    words = (translate(score, language), translate(VERDICT_TITLE[band], language).lower())
    label = _label(words, max(width, height) / 2400 + 0.25)[:height, :width]
    left = min(max(x0, 0), width - label.shape[1])
    top = y0 - label.shape[0] - 2 * line
    if top < 0:  # no room above
        top = min(y1 + 2 * line, height - label.shape[0])
    picture[top : top + label.shape[0], left : left + label.shape[1]] = label


def _strokes(band: Verdict, x0: int, y0: int, x1: int, y1: int) -> list[tuple[Pixel, Pixel]]:
    """Gives the lines of a box: full for signs of manipulation, dashed for inconclusive, else corners."""
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    parts = {"manipulated": ((0.0, 1.0),), "inconclusive": ((0.0, 0.15), (0.28, 0.43), (0.57, 0.72), (0.85, 1.0))}
    strokes: list[tuple[Pixel, Pixel]] = []
    for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
        for start, end in parts.get(band, ((0.0, 0.2), (0.8, 1.0))):
            strokes.append((_between(a, b, start), _between(a, b, end)))
    return strokes


def _between(a: Pixel, b: Pixel, share: float) -> Pixel:
    return round(a[0] + share * (b[0] - a[0])), round(a[1] + share * (b[1] - a[1]))
