"""What is said about a file: the dataclasses that become the JSON, the CSV and the report, and the pictures behind them."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

import numpy as np

from detector.facts import DetectedFace, MediaFile, MediaItem, ModelInfo, PixelBox, Provenance, Reason, Thresholds
from detector.messages import Message

SCHEMA_VERSION = "1.7"
SCORE_DECIMALS = 6  # a threshold can lie within 1e-4 of 1

Verdict = Literal["manipulated", "inconclusive", "no_manipulation_found", "no_face"]
ScaleName = Literal["photo", "clip", "span"]
Band = Literal[
    "strong_support_for_manipulation",
    "moderate_support_for_manipulation",
    "weak_support_for_manipulation",
    "neither",
    "weak_support_for_no_manipulation",
    "moderate_support_for_no_manipulation",
]


@dataclass(frozen=True)
class Count:
    """How many of how many."""

    count: int
    of: int


@dataclass(frozen=True)
class Evidence:
    """How much more often a score like this comes from manipulated files than from real ones.

    Attributes:
        log10_likelihood_ratio: Above 0 it speaks for manipulation, below 0 against it.
        bounds: The lowest and the highest that the reference files support.
        band: The same in words.
        real_as_high: Real reference files whose score is as high or higher.
        fake_as_low: Manipulated reference files whose score is as low or lower.
        scale: What the reference files are like: photos, clips, or parts of clips.
        statistic: What is looked up on the scale, in log odds.
    """

    log10_likelihood_ratio: float
    bounds: tuple[float, float]
    band: Band
    real_as_high: Count
    fake_as_low: Count
    scale: ScaleName
    statistic: float


@dataclass(frozen=True)
class KnownRealFile:
    """One of the files that are known to be real, beside the questioned one.

    Attributes:
        name: Its name.
        sha256: Hex digest of its bytes; None where they could not be read.
        score: Of its most suspicious face track, 0..1; None where no face was assessed.
        statistic: Of the same track, on the scale for whole files, in log odds; None where there is none.
        used: Whether the questioned file is compared with it.
        error: Why it is not; None where it is.
    """

    name: str
    sha256: str | None
    score: float | None
    statistic: float | None
    used: bool
    error: Message | None = None


@dataclass(frozen=True)
class KnownRealComparison:
    """The questioned file among files of the same speaker, camera or channel that are known to be real.

    Attributes:
        files: All that were given, in that order.
        higher_than: How many of the files that are used score lower than the questioned one.
        statistic: Of the questioned file, as in `files`.
        evidence: Weight of the evidence against these files, with bounds of their own; looked up on the general scale
            after `shift` was taken off. None where they are too few, or the model has no scale.
        shift: How far such files lie above the real reference files of the scale, in log odds; None likewise.
    """

    files: tuple[KnownRealFile, ...]
    higher_than: Count
    statistic: float | None = None
    evidence: Evidence | None = None
    shift: float | None = None


@dataclass(frozen=True)
class FrameScore:
    """A face in one frame: seconds since the first frame (0 for a photo), score 0..1, ``(x0, y0, x1, y1)``."""

    time_s: float
    score: float
    box_px: PixelBox


@dataclass(frozen=True)
class LikelyManipulation:
    """Which manipulation a face would show if it is fake.

    Attributes:
        name: A class of the model.
        share: P(this manipulation | fake), 0..1; mean over the frames, each weighted by its score.
    """

    name: str
    share: float


@dataclass(frozen=True)
class SuspiciousSpan:
    """Part of a clip in which a face track shows signs of manipulation.

    Attributes:
        start_s: Time of its first frame.
        end_s: Time of its last frame.
        score: Mean of its frame scores, 0..1.
        evidence: Its weight, on the scale for parts of clips; None where the model has none.
    """

    start_s: float
    end_s: float
    score: float
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Cut:
    """A cut to another shot lies between two sampled instants, in seconds since the first frame."""

    after_s: float
    before_s: float


@dataclass(frozen=True)
class NotAssessed:
    """A face that was found and cannot be judged: when, where ``(x0, y0, x1, y1)``, and why."""

    time_s: float
    box_px: PixelBox
    reason: Reason


@dataclass(frozen=True)
class FaceTrack:
    """One person's face through the clip, or a face of a photo.

    Attributes:
        track_id: From 1, the most persistent (in a photo the largest) first.
        box_px: Box in the frame with the highest score.
        score: Mean of the frame scores, 0..1.
        verdict: From the evidence; by the model's thresholds where it has no evidence scale.
        frames: In order of time.
        manipulation: The most likely one; None where the model does not tell manipulations apart.
        suspicious_spans: Parts of the clip that score as manipulated, in order of time; none in a photo.
        evidence: Weight of the evidence of this face, by itself; None where the face is too brief, or the model has no scale.
    """

    track_id: int
    box_px: PixelBox
    score: float
    verdict: Verdict
    frames: tuple[FrameScore, ...]
    manipulation: LikelyManipulation | None = None
    suspicious_spans: tuple[SuspiciousSpan, ...] = ()
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Result:
    """What is said about a file; becomes the JSON of the interface.

    Attributes:
        schema_version: Of the JSON.
        file: Facts about the original bytes.
        model: Which model answered.
        verdict: From `deciding_evidence`; by the model's thresholds where it has no evidence scale.
        score: Of the most suspicious face track; None where no face was assessed.
        faces: All assessed face tracks.
        warnings: Plain sentences a reader must know.
        decided_by: Number of the most suspicious face track; None where no face was assessed.
        not_assessed: Faces that were found and cannot be judged.
        cuts: Where a video changes to another shot, as far as its sampled frames tell; in order of time.
        sampling: How the frames of a video were chosen, one of each equal part: ``exact``, that in the middle, or ``near``,
            the one that costs least to decode; None for a photo.
        evidence: Weight of the evidence that any of the faces was manipulated: the more faces, the less one high score says.
            None where no face was assessed, or the model has no evidence scale. Known-real files never change it.
        known_real: The comparison with files that are known to be real; None where none were given.
        items: The photos and films that the file holds, one of them assessed; empty where there is only one.
    """

    schema_version: str
    file: MediaFile
    model: ModelInfo
    verdict: Verdict
    score: float | None
    faces: tuple[FaceTrack, ...]
    warnings: tuple[Message, ...]
    decided_by: int | None = None
    not_assessed: tuple[NotAssessed, ...] = ()
    cuts: tuple[Cut, ...] = ()
    sampling: Literal["near", "exact"] | None = None
    evidence: Evidence | None = None
    known_real: KnownRealComparison | None = None
    items: tuple[MediaItem, ...] = ()

    @property
    def deciding_evidence(self) -> Evidence | None:
        """The evidence that the verdict follows: that against the known-real files where there is one, else the general."""
        return (self.known_real and self.known_real.evidence) or self.evidence

    @property
    def assessed_item(self) -> int:
        """The number that has the same photo or film of the file assessed again; 0 where the file holds one only."""
        return next((item.number for item in self.items if item.assessed), 0)

    @property
    def deciding_track(self) -> FaceTrack | None:
        """The most suspicious face track."""
        return next((track for track in self.faces if track.track_id == self.decided_by), None)


@dataclass(frozen=True)
class ShownFace:
    """A face in a kept frame: its track, place in that (maybe reduced) frame, score and evidence map in log odds."""

    track_id: int
    face: DetectedFace
    score: float
    evidence: np.ndarray


@dataclass(frozen=True)
class ShownFrame:
    """A frame kept to be shown, ``(H, W, 3)`` uint8 RGB, at most `SHOWN_SIDE_PX` or `SHOWN_PHOTO_SIDE_PX`."""

    time_s: float
    image: np.ndarray
    faces: tuple[ShownFace, ...]

    @property
    def score(self) -> float:
        """Highest score in the frame, 0 without a face."""
        return max((face.score for face in self.faces), default=0.0)


@dataclass(frozen=True)
class Analysis:
    """A result and what is behind it.

    Attributes:
        result: What is said about the file.
        frames: The pictures behind it.
        provenance: What the file says of its own origin; None where that was not read.
        live_photo: What both files of a Live Photo of Apple's share; empty where the file is half of none.
    """

    result: Result
    frames: tuple[ShownFrame, ...]
    provenance: Provenance | None = None
    live_photo: str = ""

    def most_suspicious(self, count: int) -> list[ShownFrame]:
        """Returns the frames with the highest scores; see `most_suspicious_numbers`."""
        return [self.frames[number] for number in self.most_suspicious_numbers(count)]

    def most_suspicious_numbers(self, count: int) -> list[int]:
        """Returns which frames have the highest scores, in order of score.

        Neighbours of a chosen one show the same instant once more: they come last, yet before frames with less than half
        of the highest score.
        """
        order = sorted(
            (number for number, frame in enumerate(self.frames) if frame.faces),
            key=lambda number: (-self.frames[number].score, self.frames[number].time_s),
        )
        chosen: list[int] = []
        for number in order:
            is_high = 2 * self.frames[number].score >= self.frames[order[0]].score
            if is_high and all(abs(number - other) > 1 for other in chosen):
                chosen.append(number)
        chosen = chosen[:count] + [number for number in order if number not in chosen][: max(count - len(chosen), 0)]
        return sorted(chosen, key=order.index)


def verdict_for(score: float, thresholds: Thresholds) -> Verdict:
    """Tells in which band a score lies."""
    if score >= thresholds.manipulated:
        return "manipulated"
    if score < thresholds.no_manipulation_found:
        return "no_manipulation_found"
    return "inconclusive"


def result_to_dict(result: Result | ModelInfo) -> dict[str, Any]:
    """Gives the documented JSON of a result, or of a model alone."""
    plain: dict[str, Any] = to_plain(result)
    return plain


def to_plain(value: Any) -> Any:
    """Turns dataclasses into dictionaries, and messages into English sentences, in whatever they stand."""
    if isinstance(value, Message):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, list | tuple):
        return type(value)(to_plain(item) for item in value)
    return value
