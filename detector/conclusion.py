"""From scored faces to a verdict: face tracks, suspicious spans, one result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from detector.faces.detection import MIN_FACE_PX, DetectedFace
from detector.faces.quality import Reason
from detector.limits import MAX_FACES_PER_FRAME
from detector.media.files import MediaFile
from detector.network.loading import LoadedModel
from detector.results import (
    SCHEMA_VERSION,
    SCORE_DECIMALS,
    Analysis,
    Cut,
    FaceTrack,
    FrameScore,
    LikelyManipulation,
    NotAssessed,
    Result,
    ShownFace,
    ShownFrame,
    SuspiciousSpan,
    verdict_for,
)

# A face seen in fewer sampled frames can be a false detection; it never decides the verdict.
MIN_TRACK_FRAMES = 3

# Why a face was not assessed, in words that follow "a face" or "faces".
NOT_ASSESSED: dict[Reason, str] = {
    "too_small": f"smaller than {MIN_FACE_PX} pixels",
    "too_blurred": "more blurred than any that the model was evaluated on",
    "too_compressed": "more compressed than any that the model was evaluated on",
    "outside_picture": "cut off by the border of the picture",
    "hidden": "mostly hidden or turned away",
}


@dataclass
class Sample:
    """A photo or frame on its way to a verdict.

    Attributes:
        time_s: Seconds since the first frame.
        image: What is kept to be shown, ``(H, W, 3)`` uint8 RGB.
        scale: Its size over that of the frame.
        faces: Those to assess.
        crops: Of them, until they are scored.
        not_assessed: Those that cannot be.
        left_out: How many more there are than are assessed.
        scores: ``(faces,)``, 0..1.
        evidence: ``(faces, h, w)``; see `detector.network.saliency`.
        kinds: P(kind | fake), ``(faces, kinds)``.
    """

    time_s: float
    image: np.ndarray
    scale: float
    faces: list[DetectedFace]
    crops: list[np.ndarray]
    not_assessed: list[NotAssessed]
    left_out: int
    scores: np.ndarray = field(default_factory=lambda: np.empty(0))
    evidence: np.ndarray = field(default_factory=lambda: np.empty((0, 1, 1)))
    kinds: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))

    def shown(self, face: DetectedFace) -> DetectedFace:
        """A face of the frame in pixels of the kept picture."""
        box = tuple(value * self.scale for value in face.box_px)
        landmarks = tuple((x * self.scale, y * self.scale) for x, y in face.landmarks_px)
        return DetectedFace(box, landmarks, face.detector_score, face.quarter_turns)


def conclude(
    model: LoadedModel,
    facts: MediaFile,
    samples: list[Sample],
    tracks: list[list[tuple[int, int]]],
    warnings: list[str],
    cuts: Sequence[tuple[int, int]] = (),
    exact: bool = True,
) -> Analysis:
    """The result and its pictures.

    Args:
        model: That scored the faces.
        facts: Of the file.
        samples: A photo alone, or the frames of a video in order of time; their faces have scores.
        tracks: The faces of each track as ``(sample, position)``.
        warnings: Plain sentences on the file.
        cuts: Between which two samples a shot ends.
        exact: Whether the frames are those in the middle of their parts of the video.
    """
    not_assessed = tuple(face for sample in samples for face in sample.not_assessed)
    warnings = warnings + _about_left_out_faces(facts, samples)
    enough = min(MIN_TRACK_FRAMES, len(samples))
    assessed = [_track(model, number, track, samples, enough) for number, track in enumerate(tracks, start=1)]
    shown: list[list[ShownFace]] = [[] for _ in samples]
    for track_id, track in enumerate(tracks, start=1):
        for index, position in track:
            sample, score = samples[index], round(float(samples[index].scores[position]), SCORE_DECIMALS)
            place = sample.shown(sample.faces[position])
            shown[index].append(ShownFace(track_id, place, score, sample.evidence[position]))
    if any(len(track.frames) < enough for track in assessed):
        warnings.append(f"A face seen in fewer than {enough} of the sampled frames is too brief for a verdict.")
    if model.warning:
        warnings.append(model.warning)
    deciding = [track for track in assessed if len(track.frames) >= enough] or assessed
    worst = max(deciding, key=lambda track: (track.verdict == "manipulated", track.score), default=None)
    if worst is not None:
        verdict, score, decided_by = worst.verdict, worst.score, worst.track_id
    else:
        # a face that cannot be assessed is not "no face"
        verdict, score, decided_by = ("inconclusive" if not_assessed else "no_face"), None, None
    result = Result(
        *(SCHEMA_VERSION, facts, model.info, verdict, score, tuple(assessed), tuple(warnings)),
        *(decided_by, not_assessed),
        cuts=tuple(Cut(round(samples[a].time_s, 3), round(samples[b].time_s, 3)) for a, b in cuts),
        sampling=None if facts.duration_s is None else "exact" if exact else "near",
    )
    kept = tuple(
        ShownFrame(sample.time_s, sample.image, tuple(faces)) for sample, faces in zip(samples, shown, strict=True)
    )
    return Analysis(result, kept)


def _track(
    model: LoadedModel, track_id: int, track: list[tuple[int, int]], samples: list[Sample], enough: int
) -> FaceTrack:
    """A face track from ``(sample, position)``; `enough` frames make a verdict."""
    thresholds = model.info.thresholds
    frames = tuple(
        FrameScore(
            round(samples[index].time_s, 3),
            round(float(samples[index].scores[position]), SCORE_DECIMALS),
            whole(samples[index].faces[position].box_px),
        )
        for index, position in track
    )
    is_clip = len(samples) > 1
    spans = suspicious_spans(frames, [index for index, _ in track], thresholds.manipulated, enough) if is_clip else ()
    score = round(float(np.mean([frame.score for frame in frames])), SCORE_DECIMALS)
    verdict = "manipulated" if spans else verdict_for(score, thresholds)
    return FaceTrack(
        track_id,
        max(frames, key=lambda frame: frame.score).box_px,
        score,
        verdict if len(frames) >= enough else "inconclusive",
        frames,
        _likely_manipulation(model, [(samples[index], position) for index, position in track]),
        spans,
    )


def _likely_manipulation(model: LoadedModel, places: list[tuple[Sample, int]]) -> LikelyManipulation | None:
    """The kind that the frames of a track speak for, the more the higher they score."""
    if not model.kinds:
        return None
    weights = [max(float(sample.scores[position]), 1e-9) for sample, position in places]
    shares = np.average([sample.kinds[position] for sample, position in places], axis=0, weights=weights)
    best = int(np.argmax(shares))
    return LikelyManipulation(model.kinds[best], round(float(shares[best]), SCORE_DECIMALS))


def suspicious_spans(
    frames: Sequence[FrameScore], numbers: Sequence[int], threshold: float, enough: int
) -> tuple[SuspiciousSpan, ...]:
    """Parts of a clip in which at least `enough` samples in a row score as manipulated: a swap may last some seconds only.

    Args:
        frames: Of one face track, in order of time.
        numbers: Which sample of the clip each of them is.
        threshold: Scores from it on are "manipulated".
        enough: Fewer in a row can be a fluke.
    """
    runs: list[list[FrameScore]] = []
    last = None
    for frame, number in zip(frames, numbers, strict=True):
        if frame.score >= threshold:
            if last is None or number != last + 1:
                runs.append([])
            runs[-1].append(frame)
            last = number
    return tuple(
        SuspiciousSpan(
            run[0].time_s, run[-1].time_s, round(float(np.mean([frame.score for frame in run])), SCORE_DECIMALS)
        )
        for run in runs
        if len(run) >= enough
    )


def _about_left_out_faces(facts: MediaFile, samples: list[Sample]) -> list[str]:
    """Sentences on the faces that were not assessed; of a video they count frames, not faces."""
    sentences = []
    for reason, words in NOT_ASSESSED.items():
        counts = [sum(face.reason == reason for face in sample.not_assessed) for sample in samples]
        if not any(counts):
            continue
        if facts.duration_s is None:
            faces = "A face" if sum(counts) == 1 else f"{sum(counts)} faces"
            sentences.append(f"{faces} {words} found and not assessed.")
        else:
            frames = sum(count > 0 for count in counts)
            sentences.append(f"Faces {words} were found in {frames} of {len(samples)} frames and not assessed.")
    if any(sample.left_out for sample in samples):
        sentences.append(
            f"Only the {MAX_FACES_PER_FRAME} largest faces of a picture are assessed; others were left out."
        )
    return sentences


def whole(box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    """A box in whole pixels."""
    return tuple(round(value) for value in box)
