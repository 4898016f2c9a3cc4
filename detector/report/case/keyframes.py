"""Keyframes of a clip: one picture of every shot and those with the highest scores, to look at and to search for."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath

from detector.deadline import Progress
from detector.errors import OTHER_FILE, MediaError
from detector.limits import MAX_KEYFRAMES, MAX_KEYFRAMES_BYTES
from detector.media.files import file_sha256
from detector.media.reading import frames_at
from detector.media.videos.video import VideoFrame
from detector.messages import Message
from detector.report.case.archive import Archive, new_archive
from detector.report.evidence import SHOWN_FRAMES
from detector.report.html import jpeg
from detector.results import Analysis, FrameScore, Result
from detector.sandbox.client import WORKERS

JPEG_QUALITY = 95
_NAME_LETTERS = 40
_NO_TIME = datetime(1980, 1, 1)  # a clip has the same keyframes whenever they are taken


@dataclass(frozen=True)
class Keyframe:
    """A frame that is worth a picture.

    Attributes:
        time_s: Seconds since the first frame.
        roles: What it stands for, such as ``shot02`` and ``highest1``.
    """

    time_s: float
    roles: tuple[str, ...]

    def file_name(self, stem: str) -> str:
        """Names its file: ``STEM-shot02-highest1-00m12.345s.jpg``."""
        milliseconds = round(self.time_s * 1000)
        minutes, milliseconds = divmod(milliseconds, 60_000)
        return f"{'-'.join((stem, *self.roles))}-{minutes:02d}m{milliseconds / 1000:06.3f}s.jpg"


@dataclass(frozen=True)
class KeyframesWritten:
    """How many keyframes were written, and how many were left out because there would be too many."""

    count: int
    left_out: int


def write_keyframes(
    path: str | Path, analysis: Analysis, output: str | Path, progress: Progress | None = None
) -> KeyframesWritten:
    """Writes a ZIP with the keyframes of a clip at full resolution, as JPEG, with their times in their names.

    Args:
        path: The clip.
        analysis: What was said about it.
        output: Is replaced when all is written; a call that fails or is stopped leaves no trace.
        progress: Called with the share done, 0..1, and what is being done; what it raises stops the writing.

    Raises:
        MediaError: It is a photo, not the clip of the analysis, or cannot be read any more.
        OSError: It cannot be opened.
    """
    with new_archive(Path(output), _NO_TIME) as archive:
        return add_keyframes(archive, "", path, analysis, progress)


def add_keyframes(
    archive: Archive, folder: str, path: str | Path, analysis: Analysis, progress: Progress | None = None
) -> KeyframesWritten:
    """Adds the keyframes of a clip to an archive, within a folder of it such as ``keyframes/``; see `write_keyframes`."""
    if analysis.result.file.duration_s is None:
        raise MediaError("A photo has no keyframes; please save the photo itself.")
    if file_sha256(path) != analysis.result.file.sha256:
        raise MediaError(OTHER_FILE)
    wanted = keyframes(analysis)
    kept = wanted if len(wanted) <= MAX_KEYFRAMES else _most_telling(wanted)
    stem, count, size = ascii_stem(analysis.result.file.name), 0, 0
    for keyframe, frame in _decoded(path, kept, analysis.result):
        if progress:
            progress(
                count / len(kept), Message("keyframe {number} of {count}", {"number": count + 1, "count": len(kept)})
            )
        data = _jpeg(frame)
        size += len(data)
        if size > MAX_KEYFRAMES_BYTES:
            break
        archive.add(folder + keyframe.file_name(stem), data)
        count += 1
    return KeyframesWritten(count, len(wanted) - count)


def keyframes(analysis: Analysis) -> list[Keyframe]:
    """Chooses one sampled frame of every shot, and the frames with the highest scores, in order of time."""
    times_s = [frame.time_s for frame in analysis.frames]
    roles: dict[float, list[str]] = {}
    for number, shot in enumerate(_shots(times_s, analysis.result), start=1):
        roles.setdefault(_best_of(shot, analysis.result), []).append(f"shot{number:02d}")
    for number, frame in enumerate(analysis.most_suspicious(SHOWN_FRAMES), start=1):
        roles.setdefault(frame.time_s, []).append(f"highest{number}")
    return [Keyframe(time_s, tuple(names)) for time_s, names in sorted(roles.items())]


def ascii_stem(name: str) -> str:
    """Makes a file name, without its ending, that every system and every archiver can take; ``clip`` where nothing is left."""
    plain = unicodedata.normalize("NFKD", PurePath(name).stem).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_]+", "-", plain)[:_NAME_LETTERS].strip("-") or "clip"


def _shots(times_s: Sequence[float], result: Result) -> list[list[float]]:
    """Splits the sampled instants at the cuts between them."""
    starts = [cut.before_s for cut in result.cuts]
    shots: dict[int, list[float]] = {}
    for time_s in times_s:
        # cuts are rounded to milliseconds
        shots.setdefault(bisect_right(starts, round(time_s, 3)), []).append(time_s)
    return list(shots.values())


def _best_of(shot: Sequence[float], result: Result) -> float:
    """Gives the instant with the largest assessed face, the higher score first among equals; else the one in the middle."""
    instants = {round(time_s, 3): time_s for time_s in shot}
    seen = [frame for track in result.faces for frame in track.frames if frame.time_s in instants]
    return instants[max(seen, key=_prominence).time_s] if seen else shot[len(shot) // 2]


def _prominence(frame: FrameScore) -> tuple[int, float]:
    x0, y0, x1, y1 = frame.box_px
    return (x1 - x0) * (y1 - y0), frame.score


def _most_telling(wanted: Sequence[Keyframe]) -> list[Keyframe]:
    """Keeps the frames with the highest scores, and of the other shots as many as are allowed, evenly spread."""
    highest = [one for one in wanted if any(role.startswith("highest") for role in one.roles)]
    shots = [one for one in wanted if one not in highest]
    room = MAX_KEYFRAMES - len(highest)
    spread = [shots[number * len(shots) // room] for number in range(room)]
    return sorted([*highest, *spread], key=lambda one: one.time_s)


def _decoded(path: str | Path, kept: Sequence[Keyframe], result: Result) -> Iterator[tuple[Keyframe, VideoFrame]]:
    """Gives each keyframe with its frame; a frame that is damaged is left out."""
    by_time = {round(one.time_s, 3): one for one in kept}
    times_s = [one.time_s for one in kept]
    with closing(WORKERS.stream(frames_at, path, times_s, result.assessed_item, answers=(VideoFrame,))) as frames:
        for frame in frames:
            if one := by_time.get(round(frame.time_s, 3)):
                yield one, frame


def _jpeg(frame: VideoFrame) -> bytes:
    try:
        return jpeg(frame.image, JPEG_QUALITY)
    except ValueError as error:
        raise MediaError("A frame of this video is too large for a picture.") from error
