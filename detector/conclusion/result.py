"""From scored faces to a verdict: face tracks, suspicious spans, one result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from detector.conclusion.weighing import spans_above, weigh_track
from detector.evidence_scale import any_of, verdict_of
from detector.faces.quality import NOT_ASSESSED
from detector.faces.tracking import Track
from detector.facts import Box, DetectedFace, MediaFile, MediaItem, ModelInfo, PixelBox
from detector.limits import MAX_FACES_PER_FRAME
from detector.messages import Message, counted
from detector.network.loading import LoadedModel
from detector.network.runtimes import Prediction
from detector.results import (
    SCHEMA_VERSION,
    SCORE_DECIMALS,
    Cut,
    Evidence,
    FaceTrack,
    FrameScore,
    LikelyManipulation,
    NotAssessed,
    Result,
    ShownFace,
    ShownFrame,
    SuspiciousSpan,
    Verdict,
    verdict_for,
)

# A face seen in fewer sampled frames can be a false detection; it never decides the verdict.
MIN_TRACK_FRAMES = 3


@dataclass(frozen=True)
class Sample:
    """A photo or a frame of a clip: what is kept of it, and its faces.

    Attributes:
        time_s: Seconds since the first frame.
        image: What is kept to be shown, ``(H, W, 3)`` uint8 RGB.
        scale: Size of that over the size of the frame.
        faces: Faces to assess, in pixels of the frame.
        not_assessed: Faces that cannot be assessed.
        left_out: How many more faces there are than are assessed.
    """

    time_s: float
    image: np.ndarray
    scale: float
    faces: tuple[DetectedFace, ...]
    not_assessed: tuple[NotAssessed, ...]
    left_out: int

    def shown(self, face: DetectedFace) -> DetectedFace:
        """Moves a face of the frame into the kept picture."""
        x0, y0, x1, y1 = (value * self.scale for value in face.box_px)
        landmarks = tuple((x * self.scale, y * self.scale) for x, y in face.landmarks_px)
        return DetectedFace((x0, y0, x1, y1), landmarks, face.detector_score, face.quarter_turns)


@dataclass(frozen=True)
class ScoredSample:
    """A sample, and what the network says of its faces, in their order."""

    sample: Sample
    prediction: Prediction

    def score(self, position: int) -> float:
        """Gives the score of a face, 0..1, as results state it."""
        return round(float(self.prediction.scores[position]), SCORE_DECIMALS)


def build_result(
    model: LoadedModel,
    facts: MediaFile,
    samples: Sequence[ScoredSample],
    tracks: Sequence[Track],
    problems: Sequence[Message],
    cuts: Sequence[tuple[int, int]] = (),
    exact: bool = True,
    items: Sequence[MediaItem] = (),
) -> Result:
    """Draws the conclusion.

    Args:
        model: The model that scored the faces.
        facts: Facts about the file.
        samples: A photo alone, or the frames of a video in order of time.
        tracks: The face tracks; in a photo each face is one.
        problems: What a reader must know of the file.
        cuts: Between which two samples a shot ends.
        exact: Whether the frames are those in the middle of their parts of the video.
        items: The photos and films of the file, where it holds several.
    """
    min_frames = min(MIN_TRACK_FRAMES, len(samples))
    is_clip = facts.duration_s is not None
    faces = tuple(
        _face_track(model, is_clip, number, track, samples, min_frames) for number, track in enumerate(tracks, start=1)
    )
    not_assessed = tuple(face for scored in samples for face in scored.sample.not_assessed)
    deciding = _deciding(faces, min_frames)
    weighed = [track.evidence for track in faces if track.evidence]
    evidence = any_of(weighed) if weighed else None
    sampling: Literal["exact", "near"] = "exact" if exact else "near"
    return Result(
        schema_version=SCHEMA_VERSION,
        file=facts,
        model=model.info_for(is_clip),
        verdict=_verdict(deciding, evidence, not_assessed),
        score=deciding.score if deciding else None,
        faces=faces,
        warnings=(*problems, *_warnings(model, facts, samples, faces, min_frames)),
        decided_by=deciding.track_id if deciding else None,
        not_assessed=not_assessed,
        cuts=tuple(_cut(samples[before].sample, samples[after].sample) for before, after in cuts),
        sampling=None if facts.duration_s is None else sampling,
        evidence=evidence,
        items=tuple(items),
    )


def _warnings(
    model: LoadedModel,
    facts: MediaFile,
    samples: Sequence[ScoredSample],
    faces: Sequence[FaceTrack],
    min_frames: int,
) -> list[Message]:
    """Writes what a reader must know of the faces and the model."""
    warnings = _about_left_out_faces(facts, [scored.sample for scored in samples])
    if any(len(track.frames) < min_frames for track in faces):
        warnings.append(
            Message(
                "A face seen in fewer than {count} of the sampled frames is too brief for a verdict.",
                {"count": min_frames},
            )
        )
    if model.warning:
        warnings.append(model.warning)
    return warnings


def shown_frames(samples: Sequence[ScoredSample], tracks: Sequence[Track]) -> tuple[ShownFrame, ...]:
    """Gives the kept pictures with their scored faces, those of the first track first."""
    shown: list[list[ShownFace]] = [[] for _ in samples]
    for track_id, track in enumerate(tracks, start=1):
        for seen in track:
            scored = samples[seen.frame]
            place, evidence = scored.sample.shown(seen.face), scored.prediction.evidence[seen.position]
            shown[seen.frame].append(ShownFace(track_id, place, scored.score(seen.position), evidence))
    return tuple(
        ShownFrame(scored.sample.time_s, scored.sample.image, tuple(faces))
        for scored, faces in zip(samples, shown, strict=True)
    )


def _deciding(faces: Sequence[FaceTrack], min_frames: int) -> FaceTrack | None:
    """Chooses the most suspicious track of those that were seen long enough, or of all where none was."""
    seen_enough = [track for track in faces if len(track.frames) >= min_frames] or faces
    return max(seen_enough, key=_suspicion, default=None)


def _suspicion(track: FaceTrack) -> tuple[float, bool, float]:
    ratio = track.evidence.log10_likelihood_ratio if track.evidence else 0.0
    return ratio, track.verdict == "manipulated", track.score


def _verdict(deciding: FaceTrack | None, evidence: Evidence | None, not_assessed: Sequence[NotAssessed]) -> Verdict:
    if evidence:
        return verdict_of(evidence)
    if deciding:
        return deciding.verdict
    # a face that cannot be assessed is not "no face"
    return "inconclusive" if not_assessed else "no_face"


def _cut(before: Sample, after: Sample) -> Cut:
    return Cut(round(before.time_s, 3), round(after.time_s, 3))


def _face_track(
    model: LoadedModel, is_clip: bool, track_id: int, track: Track, samples: Sequence[ScoredSample], min_frames: int
) -> FaceTrack:
    frames = tuple(
        FrameScore(
            round(samples[seen.frame].sample.time_s, 3),
            samples[seen.frame].score(seen.position),
            round_box(seen.face.box_px),
        )
        for seen in track
    )
    numbers = [seen.frame for seen in track]
    score = round(float(np.mean([frame.score for frame in frames])), SCORE_DECIMALS)
    evidence: Evidence | None = None
    spans: tuple[SuspiciousSpan, ...] = ()
    verdict: Verdict = "inconclusive"
    if len(frames) >= min_frames:
        if model.scales:
            evidence, spans = weigh_track(model.scales, frames, numbers, is_clip)
            verdict = verdict_of(evidence)
        else:
            thresholds = model.info.thresholds
            spans = spans_above(frames, numbers, thresholds.manipulated, min_frames) if is_clip else ()
            verdict = "manipulated" if spans else verdict_for(score, thresholds)
    return FaceTrack(
        track_id=track_id,
        box_px=max(frames, key=lambda frame: frame.score).box_px,
        score=score,
        verdict=verdict,
        frames=frames,
        manipulation=_likely_manipulation(model.info, track, samples),
        suspicious_spans=spans,
        evidence=evidence,
    )


def _likely_manipulation(model: ModelInfo, track: Track, samples: Sequence[ScoredSample]) -> LikelyManipulation | None:
    """Names the manipulation that the frames of a track speak for; frames with a higher score weigh more."""
    if not model.manipulations:
        return None
    predictions = [(samples[seen.frame].prediction, seen.position) for seen in track]
    weights = [max(float(prediction.scores[position]), 1e-9) for prediction, position in predictions]
    shares = np.average(
        [prediction.manipulation_shares[position] for prediction, position in predictions], axis=0, weights=weights
    )
    best = int(np.argmax(shares))
    return LikelyManipulation(model.manipulations[best], round(float(shares[best]), SCORE_DECIMALS))


def _about_left_out_faces(facts: MediaFile, samples: Sequence[Sample]) -> list[Message]:
    """Writes about the faces that were not assessed; of a video the sentences count frames, not faces."""
    sentences = []
    for reason, words in NOT_ASSESSED.items():
        counts = [sum(face.reason == reason for face in sample.not_assessed) for sample in samples]
        if not any(counts):
            continue
        if facts.duration_s is None:
            sentences.append(
                counted(
                    "A face {why} found and not assessed.",
                    "{count} faces {why} found and not assessed.",
                    sum(counts),
                    why=words,
                )
            )
        else:
            sentences.append(
                Message(
                    "Faces {why} were found in {count} of {all} frames and not assessed.",
                    {"why": words, "count": sum(count > 0 for count in counts), "all": len(samples)},
                )
            )
    if any(sample.left_out for sample in samples):
        sentences.append(
            Message(
                "Only the {count} largest faces of a picture are assessed; others were left out.",
                {"count": MAX_FACES_PER_FRAME},
            )
        )
    return sentences


def round_box(box: Box) -> PixelBox:
    """Rounds a box to whole pixels."""
    x0, y0, x1, y1 = (round(value) for value in box)
    return x0, y0, x1, y1
