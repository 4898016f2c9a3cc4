"""What a saved case holds in its ``case.json``: all that the page needs to show a result again, whatever the language."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import cv2
import msgspec
import numpy as np

from detector.evidence_scale import EvidenceScales
from detector.facts import DetectedFace, Fetched, Provenance
from detector.report.card_sections import CardSection
from detector.report.case.notes import CaseNotes
from detector.report.case.reading import FORMAT, VERSION
from detector.report.evidence import Background
from detector.report.html import jpeg
from detector.results import Analysis, Result, ShownFace, ShownFrame

# At which the pictures of a case look like those of the page; colours at full resolution, or faces would blur.
_JPEG_QUALITY = 92
_WHOLE_COLOURS = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)


@dataclass(frozen=True)
class StoredFace:
    """A `ShownFace` as plain data.

    Attributes:
        track_id: Number of its track.
        face: Its place in the picture.
        score: 0..1.
        map_size: Rows and columns of its evidence map.
        evidence: The map in log odds, row by row, as 32-bit floats (little endian) in Base64.
    """

    track_id: int
    face: DetectedFace
    score: float
    map_size: tuple[int, int]
    evidence: str


@dataclass(frozen=True)
class StoredFrame:
    """A `ShownFrame` as plain data; `picture` is the name of its JPEG in the case."""

    time_s: float
    width_px: int
    height_px: int
    picture: str
    faces: tuple[StoredFace, ...]


@dataclass(frozen=True)
class StoredCase:
    """The content of ``case.json``.

    Attributes:
        format: `FORMAT`.
        version: `VERSION`; another one cannot be read.
        saved_utc: When the case was saved first, ISO 8601.
        software_version: Of the software that analysed the file.
        notes: See `CaseNotes`.
        source: Where the file was fetched from.
        result: As in the JSON of a result, but that messages can still be said in any language.
        provenance: What the file says of its own origin.
        live_photo: See `detector.results.Analysis`.
        scales: What the evidence was weighed on.
        card: What the model's card says of its training and blind spots.
        frames: What was shown.
    """

    format: str
    version: int
    saved_utc: str
    software_version: str
    notes: CaseNotes | None
    source: Fetched | None
    result: Result
    provenance: Provenance
    live_photo: str
    scales: EvidenceScales | None
    card: tuple[CardSection, ...]
    frames: tuple[StoredFrame, ...]


def store(
    analysis: Analysis, background: Background, saved_utc: str, notes: CaseNotes | None, source: Fetched | None
) -> StoredCase:
    """Makes plain data of an analysis.

    Raises:
        ValueError: The analysis is without provenance.
    """
    if analysis.provenance is None:
        raise ValueError("a case needs an analysis that was made with provenance")
    return StoredCase(
        FORMAT,
        VERSION,
        background.saved_utc or saved_utc,
        background.software_version,
        notes,
        source,
        analysis.result,
        analysis.provenance,
        analysis.live_photo,
        background.scales,
        background.card,
        tuple(_stored_frame(number, frame) for number, frame in enumerate(analysis.frames)),
    )


def to_json(case: StoredCase) -> bytes:
    """Writes ``case.json``."""

    def plain(value: Any) -> Any:
        if isinstance(value, np.generic):
            return value.item()
        raise TypeError(f"a {type(value).__name__} cannot be stored")

    text = json.dumps(msgspec.to_builtins(case, enc_hook=plain), ensure_ascii=False, allow_nan=False)
    # names of files may hold bytes that are no UTF-8, as halves of characters
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode("utf-8")


def from_json(content: bytes) -> StoredCase:
    """Reads ``case.json``.

    Raises:
        msgspec.MsgspecError: It is another one than `to_json` writes.
        RecursionError: It has too many parts within parts.
    """
    return msgspec.json.decode(content, type=StoredCase)


def picture_jpeg(frame: ShownFrame) -> bytes:
    """Encodes the picture of a frame as a case keeps it."""
    return jpeg(frame.image, _JPEG_QUALITY, *_WHOLE_COLOURS)


def map_of(face: StoredFace) -> np.ndarray:
    """Gives the evidence map of a face, ``(H, W)`` float32 in log odds.

    Raises:
        ValueError: It is no such map.
    """
    evidence = np.frombuffer(base64.b64decode(face.evidence, validate=True), "<f4").reshape(face.map_size)
    if not np.isfinite(evidence).all():
        raise ValueError("an evidence map is not finite")
    return evidence.astype(np.float32)


def _stored_frame(number: int, frame: ShownFrame) -> StoredFrame:
    height, width = frame.image.shape[:2]
    faces = tuple(map(_stored_face, frame.faces))
    return StoredFrame(frame.time_s, width, height, f"frames/{number:03d}.jpg", faces)


def _stored_face(shown: ShownFace) -> StoredFace:
    rows, columns = shown.evidence.shape
    evidence = base64.b64encode(np.ascontiguousarray(shown.evidence, "<f4").tobytes()).decode()
    return StoredFace(shown.track_id, shown.face, shown.score, (rows, columns), evidence)
