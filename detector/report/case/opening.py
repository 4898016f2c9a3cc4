"""Opens a saved case, so that its result is shown once more without analysing the file."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detector.errors import MediaError, cannot_be_opened
from detector.facts import Fetched
from detector.messages import Message
from detector.report.case.checks import checked_case
from detector.report.case.notes import CaseNotes, case_notes
from detector.report.case.reading import DAMAGED, CaseContent, CasePicture, looks_like_case, read_case
from detector.report.case.stored import StoredCase, StoredFrame, map_of
from detector.report.evidence import Background
from detector.report.sections.answer import SAVED_CASE_NOTE
from detector.results import Analysis, ShownFace, ShownFrame
from detector.sandbox.client import WORKERS, broke_down

__all__ = ["OpenedCase", "looks_like_case", "open_case"]

WITHOUT_PICTURES = Message("The pictures are not in this file: open the whole saved case (ZIP) to see them.")
_GREY = 128


@dataclass(frozen=True)
class OpenedCase:
    """A saved case as whoever saved it left it; nothing in it was analysed again.

    Attributes:
        analysis: What was said about the file, and what is shown of it; without pictures its frames are grey.
        background: What is known of the model that answered, which may not be the one that is loaded; for reports.
        notes: What the person who checked the file wrote.
        source: Where the file was fetched from.
        has_pictures: Whether the pictures of the frames were in it.
    """

    analysis: Analysis
    background: Background
    notes: CaseNotes | None
    source: Fetched | None
    has_pictures: bool

    @property
    def remarks(self) -> list[Message]:
        """What a reader must know before all else."""
        about_file = Message(
            "The file that was checked had this SHA-256: {sha256}.", {"sha256": self.analysis.result.file.sha256}
        )
        return [SAVED_CASE_NOTE, about_file, *([] if self.has_pictures else [WITHOUT_PICTURES])]


def open_case(path: str | Path) -> OpenedCase:
    """Opens a saved case: its ZIP, or its ``case.json`` alone, which has no pictures.

    Raises:
        MediaError: It cannot be opened, is no saved case, or says what this software never writes.
    """
    pictures: dict[int, np.ndarray] = {}
    job = WORKERS.stream(read_case, Path(path), answers=(CaseContent, CasePicture))
    try:
        with closing(job) as answers:
            content = next(answers, None)
            if not isinstance(content, CaseContent):
                raise broke_down()
            case = checked_case(content.json.tobytes())
            for answer in answers:
                if not isinstance(answer, CasePicture):
                    raise broke_down()
                pictures[answer.number] = answer.image
    except OSError as error:
        raise MediaError(cannot_be_opened(error)) from error
    try:
        frames = tuple(_shown(frame, pictures.get(number)) for number, frame in enumerate(case.frames))
    except ValueError as error:
        raise MediaError(DAMAGED) from error
    return _opened(case, frames, has_pictures=len(pictures) == len(frames))


def _opened(case: StoredCase, frames: tuple[ShownFrame, ...], has_pictures: bool) -> OpenedCase:
    notes = case.notes and case_notes(case.notes.source_link, case.notes.checked_by, case.notes.notes)
    background = Background(case.scales, case.card, case.software_version, case.saved_utc)
    analysis = Analysis(case.result, frames, case.provenance, case.live_photo)
    return OpenedCase(analysis, background, notes, case.source, has_pictures)


def _shown(frame: StoredFrame, image: np.ndarray | None) -> ShownFrame:
    shape = (frame.height_px, frame.width_px, 3)
    if image is None:
        image = np.full(shape, _GREY, np.uint8)
    if image.shape != shape:
        raise ValueError("a picture of another size")
    faces = tuple(ShownFace(face.track_id, face.face, face.score, map_of(face)) for face in frame.faces)
    return ShownFrame(frame.time_s, image, faces)
