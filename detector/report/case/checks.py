"""Checks what a saved case says before anything is shown of it: anyone can have written it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

import msgspec

from detector.errors import MediaError
from detector.evidence_scale import LOG10_DECIMALS, EvidenceScale, band_of, verdict_of
from detector.facts import Box
from detector.limits import (
    MAX_CASE_PICTURE_SIDE_PX,
    MAX_CASE_SENTENCE_LETTERS,
    MAX_EVIDENCE_MAP_SIDE,
    MAX_FACES_PER_FRAME,
    MAX_FRAMES,
    MAX_VIDEO_DURATION_S,
)
from detector.messages import Message
from detector.report.case.notes import case_notes
from detector.report.case.reading import DAMAGED, FORMAT, VERSION
from detector.report.case.stored import StoredCase, StoredFrame, from_json, map_of
from detector.results import Count, Evidence, Result, Verdict

# Of a text and of a list, and of those that are longer than all others: a map in Base64, the reference files of a scale.
_MOST_LETTERS, _MOST_ENTRIES = 10_000, 2_000
_LONG_TEXTS, _LONG_LISTS = {"evidence": 40_000}, {"real": 20_000, "fake": 20_000}
_DEPTH_OF_MESSAGES = 5
# What numbers can be, by the names of their fields, which carry their units.
_SECONDS, _SHARE, _PIXELS, _LOG_ODDS = (0, MAX_VIDEO_DURATION_S), (0, 1), (-1e6, 1e6), (-100, 100)
_RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("time_s", "start_s", "end_s", "after_s", "before_s", "duration_s"), _SECONDS),
    **dict.fromkeys(("score", "share", "detector_score", "no_manipulation_found", "manipulated"), _SHARE),
    **dict.fromkeys(("box_px", "landmarks_px"), _PIXELS),
    **dict.fromkeys(("width_px", "height_px"), (1, 1e6)),
    **dict.fromkeys(("statistic", "shift", "knots", "real", "fake"), _LOG_ODDS),
    **dict.fromkeys(("log10_likelihood_ratio", "bounds", "log10_ratios"), (-20, 20)),
    **dict.fromkeys(("count", "of", "files", "track_id", "decided_by", "number"), (0, 1e9)),
    "map_size": (1, MAX_EVIDENCE_MAP_SIDE),
    "quarter_turns": (0, 3),
    "bytes": (0, 1e15),
}
_OTHERS = (-1e15, 1e15)
_ROUNDING = 10.0**-LOG10_DECIMALS  # of a ratio and of its bounds, each by itself
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"


def checked_case(content: bytes) -> StoredCase:
    """Reads ``case.json``, and refuses one that says what this software never writes.

    Raises:
        MediaError: It does.
    """
    try:
        case = from_json(content)
        _check_values(case, "")
        _check_result(case.result)
        _check_frames(case)
        _require((case.format, case.version) == (FORMAT, VERSION), "format")
        datetime.strptime(case.saved_utc, _MOMENT)
        if case.notes:
            case_notes(case.notes.source_link, case.notes.checked_by, case.notes.notes)
        if case.scales:
            for name, scale in (("photo", case.scales.photo), ("clip", case.scales.clip), ("span", case.scales.span)):
                _check_scale(name, scale)
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise MediaError(DAMAGED) from error
    return case


def _check_values(value: Any, name: str) -> None:
    """Checks sizes and ranges of all that a value consists of."""
    if isinstance(value, Message):
        _require(_length(value) <= MAX_CASE_SENTENCE_LETTERS, name)
    elif isinstance(value, str):
        _require(len(value) <= _LONG_TEXTS.get(name, _MOST_LETTERS), name)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        low, high = _RANGES.get(name, _OTHERS)
        _require(math.isfinite(value) and low <= value <= high, name)
    elif isinstance(value, tuple | Mapping):
        _require(len(value) <= _LONG_LISTS.get(name, _MOST_ENTRIES) and not isinstance(value, Mapping), name)
        for one in value:
            _check_values(one, name)
    elif is_dataclass(value):
        for field in fields(value):
            _check_values(getattr(value, field.name), field.name)
        _check_agreement(value, name)


def _check_agreement(value: Any, name: str) -> None:
    """Refuses counts and weights of evidence whose parts contradict each other."""
    if isinstance(value, Count):
        _require(value.count <= value.of, name)
    if isinstance(value, Evidence):
        (low, high), ratio = value.bounds, value.log10_likelihood_ratio
        _require(low - _ROUNDING <= ratio <= high + _ROUNDING and value.band == band_of(ratio), name)


def _length(message: Message, depth: int = _DEPTH_OF_MESSAGES) -> int:
    """Counts the letters of a message without writing it: each name is replaced as often as it stands there."""
    _require(depth > 0 and len(message.arguments) <= 100, "message")
    lengths = {}
    for name, argument in message.arguments.items():
        if isinstance(argument, Message):
            lengths[name] = _length(argument, depth - 1)
        else:
            _require(isinstance(argument, str) or abs(argument) < 10**15, name)
            lengths[name] = len(str(argument))
    _require(abs(message.count) < 10**15, "count")
    templates = message.template + message.plural
    return len(templates) + sum(lengths.get(name, 0) for name in re.findall(r"\{(\w+)\}", templates))


def _check_result(result: Result) -> None:
    _require(not set(result.file.name) & set("/\0"), "name")
    tracks = [track.track_id for track in result.faces]
    _require(len(set(tracks)) == len(tracks) and all(track.frames for track in result.faces), "faces")
    _require(result.decided_by is None or result.decided_by in tracks, "decided_by")
    _require(result.verdict == _verdict_that_follows(result), "verdict")
    _require(all(not track.evidence or track.verdict == verdict_of(track.evidence) for track in result.faces), "faces")
    _require("real" in result.model.label_names, "label_names")
    thresholds = result.model.thresholds
    _require(thresholds.no_manipulation_found <= thresholds.manipulated, "thresholds")
    seen = sum(len(track.frames) for track in result.faces)
    most = MAX_FRAMES * MAX_FACES_PER_FRAME
    _require(max(seen, len(result.not_assessed), len(result.warnings)) <= most, "faces")
    known = [file.sha256 for file in result.known_real.files] if result.known_real else []
    for digest in (result.file.sha256, result.model.weights_sha256, result.model.config_sha256, *known):
        _require(digest is None or _SHA256.fullmatch(digest) is not None, "sha256")


def _verdict_that_follows(result: Result) -> Verdict:
    """Gives the verdict that `build_result` and `with_known_real` draw from the rest of a result."""
    if result.deciding_evidence:
        return verdict_of(result.deciding_evidence)
    if result.deciding_track:
        return result.deciding_track.verdict
    return "inconclusive" if result.not_assessed else "no_face"


def _check_frames(case: StoredCase) -> None:
    is_photo = case.result.file.duration_s is None
    _require(1 <= len(case.frames) <= (1 if is_photo else MAX_FRAMES), "frames")
    shown = {face.track_id for frame in case.frames for face in frame.faces}
    _require(shown == {track.track_id for track in case.result.faces}, "frames")
    for frame in case.frames:
        _check_frame(frame)


def _check_frame(frame: StoredFrame) -> None:
    side = max(frame.width_px, frame.height_px)
    _require(side <= MAX_CASE_PICTURE_SIDE_PX and len(frame.faces) <= MAX_FACES_PER_FRAME, "frames")
    for face in frame.faces:
        _check_box(face.face.box_px, side)
        map_of(face)


def _check_box(box: Box, side: int) -> None:
    """Refuses boxes that are larger than the picture: the overlay is drawn at their size."""
    x0, y0, x1, y1 = box
    _require(0 < x1 - x0 <= 2 * side and 0 < y1 - y0 <= 2 * side, "box_px")
    _require(all(-2 * side <= value <= 3 * side for value in box), "box_px")


def _check_scale(name: str, scale: EvidenceScale | None) -> None:
    if scale is not None:
        ordered = all(list(files) == sorted(files) for files in (scale.real, scale.fake))
        _require(scale.name == name and ordered, name)


def _require(holds: bool, name: str) -> None:
    if not holds:
        raise ValueError(f"{name} of a saved case")
