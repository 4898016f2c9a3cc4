"""From a file to a verdict: faces, frame scores, face tracks, one result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from detector.faces import MIN_FACE_PX, DetectedFace, FaceDetector, crop_face
from detector.media import MediaFile, Video, image_problems, read_image
from detector.model import LoadedModel, ModelInfo, Thresholds
from detector.saliency import score_with_evidence
from detector.tracks import link_tracks

SCHEMA_VERSION = "1.1"
SCORE_DECIMALS = 6  # a threshold can lie within 1e-4 of 1
FRAMES_PER_VIDEO = 32
MAX_FACES_PER_FRAME = 10
# A face seen in fewer sampled frames can be a false detection; it never decides the verdict.
MIN_TRACK_FRAMES = 3
# Longest side of the frames that are kept to be shown: 32 of them stay under 60 MB.
SHOWN_SIDE_PX = 960
SHOWN_PHOTO_SIDE_PX = 1600  # two pictures of 12 megapixels kept a browser busy for 12 s

Verdict = Literal["manipulated", "inconclusive", "no_manipulation_found", "no_face"]
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class FrameScore:
    """A face in one frame: seconds since the first frame (0 for a photo), score 0..1, ``(x0, y0, x1, y1)``."""

    time_s: float
    score: float
    box_px: tuple[int, int, int, int]


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
class FaceTrack:
    """One person's face through the clip, or a face of a photo.

    Attributes:
        track_id: From 1, the most persistent (in a photo the largest) first.
        box_px: Box in the frame with the highest score.
        score: Mean of the frame scores, 0..1.
        verdict: From the model's thresholds.
        frames: In order of time.
        manipulation: The most likely one; None where the model does not tell manipulations apart.
    """

    track_id: int
    box_px: tuple[int, int, int, int]
    score: float
    verdict: Verdict
    frames: tuple[FrameScore, ...]
    manipulation: LikelyManipulation | None = None


@dataclass(frozen=True)
class Result:
    """What is said about a file; becomes the JSON of the interface.

    Attributes:
        schema_version: Of the JSON.
        file: Facts about the original bytes.
        model: Which model answered.
        verdict: Of the most suspicious face track.
        score: Of that track; None where no face was assessed.
        faces: All assessed face tracks.
        warnings: Plain sentences a reader must know.
    """

    schema_version: str
    file: MediaFile
    model: ModelInfo
    verdict: Verdict
    score: float | None
    faces: tuple[FaceTrack, ...]
    warnings: tuple[str, ...]


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
    """A result and the pictures behind it."""

    result: Result
    frames: tuple[ShownFrame, ...]

    def most_suspicious(self, count: int) -> list[ShownFrame]:
        """The frames with the highest scores, in order of score."""
        with_faces = [frame for frame in self.frames if frame.faces]
        return sorted(with_faces, key=lambda frame: (-frame.score, frame.time_s))[:count]


@dataclass
class _Sample:
    """A frame on its way: kept picture, all assessed faces, their crops."""

    time_s: float
    image: np.ndarray
    scale: float
    faces: list[DetectedFace]
    crops: list[np.ndarray]
    scores: np.ndarray = field(default_factory=lambda: np.empty(0))
    evidence: np.ndarray = field(default_factory=lambda: np.empty((0, 1, 1)))
    kinds: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))


def verdict_for(score: float, thresholds: Thresholds) -> Verdict:
    """The band of a score."""
    if score >= thresholds.manipulated:
        return "manipulated"
    if score < thresholds.no_manipulation_found:
        return "no_manipulation_found"
    return "inconclusive"


class Analyzer:
    """Analyses photos and videos with one model."""

    def __init__(self, model: LoadedModel):
        self.model = model
        self._detector = FaceDetector()

    def analyze_image(self, path: str | Path) -> Analysis:
        """Assesses every face of a photo.

        Raises:
            MediaError: The file is not a photo that can be read.
        """
        facts, image = read_image(path)
        sample, too_small, left_out = self._find_faces(0.0, image, shown_side=SHOWN_PHOTO_SIDE_PX)
        self._score(sample)
        tracks = [[(0, position)] for position in range(len(sample.faces))]
        return self._conclude(facts, [sample], tracks, too_small, left_out, image_problems(path))

    def analyze_video(
        self, path: str | Path, frames: int = FRAMES_PER_VIDEO, progress: Progress | None = None
    ) -> Analysis:
        """Assesses every face track of a video over evenly spaced frames.

        Args:
            path: The file.
            frames: How many frames to sample.
            progress: Called with the share done, 0..1, and what is being done.

        Raises:
            MediaError: The file is not a video that can be read.
        """
        report = progress or (lambda share, doing: None)
        samples, too_small, left_out = [], 0, 0
        with Video(path) as video:
            times = video.sample_times(frames)
            first_middle_last = (times[0], times[len(times) // 2], times[-1])
            turned = self._detector.clip_turn(frame.image for frame in video.frames_at(first_middle_last))
            expected = len(times)
            for frame in video.sample_frames(frames):
                sample, small, left = self._find_faces(
                    frame.time_s, frame.image, shown_side=SHOWN_SIDE_PX, turned=turned
                )
                # scored at once, so that the full-size crops of one frame only are held
                self._score(sample)
                samples.append(sample)
                # of a video these count frames, not faces
                too_small, left_out = too_small + bool(small), left_out + left
                report(min(len(samples) / expected, 1.0), f"frame {len(samples)} of {expected}")
            warnings = video.problems()
            if turned:
                warnings.append("The video lies on its side or head; the faces were turned upright.")
            facts = video.facts
        tracks = _link(samples)
        return self._conclude(facts, samples, tracks, too_small, left_out, warnings)

    def _find_faces(
        self, time_s: float, image: np.ndarray, shown_side: int, turned: int | None = None
    ) -> tuple[_Sample, int, int]:
        """The faces of a picture; `turned` is given for a frame of a video, see `FaceDetector.detect`."""
        found = self._detector.detect(image, try_turned=turned is None, turned=turned or 0)
        large = [face for face in found if face.size_px >= MIN_FACE_PX]
        faces = large[:MAX_FACES_PER_FRAME]
        crops = [crop_face(image, face) for face in faces]
        scale = min(1.0, shown_side / max(image.shape[:2]))
        if scale < 1:
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return _Sample(time_s, image, scale, faces, crops), len(found) - len(large), len(large) - len(faces)

    def _likely_manipulation(self, places: list[tuple[_Sample, int]]) -> LikelyManipulation | None:
        """The kind that the frames of a track speak for, the more the higher they score."""
        if not self.model.kinds:
            return None
        weights = [max(float(sample.scores[position]), 1e-9) for sample, position in places]
        shares = np.average([sample.kinds[position] for sample, position in places], axis=0, weights=weights)
        best = int(np.argmax(shares))
        return LikelyManipulation(self.model.kinds[best], round(float(shares[best]), SCORE_DECIMALS))

    def _score(self, sample: _Sample) -> None:
        sample.scores, sample.evidence, sample.kinds = score_with_evidence(self.model, sample.crops)
        sample.crops = []

    def _conclude(
        self,
        facts: MediaFile,
        samples: list[_Sample],
        tracks: list[list[tuple[int, int]]],
        too_small: int,
        left_out: int,
        warnings: list[str],
    ) -> Analysis:
        """Turns tracks of ``(sample, position)`` into the result and its pictures."""
        if too_small:
            if facts.duration_s is None:
                faces = "A face" if too_small == 1 else f"{too_small} faces"
                warnings.append(f"{faces} smaller than {MIN_FACE_PX} pixels found and not assessed.")
            else:
                warnings.append(
                    f"Faces smaller than {MIN_FACE_PX} pixels were found in {too_small} of {len(samples)} frames "
                    "and not assessed."
                )
        if left_out:
            warnings.append(
                f"Only the {MAX_FACES_PER_FRAME} largest faces of a picture are assessed; others were left out."
            )
        enough = min(MIN_TRACK_FRAMES, len(samples))
        assessed = []
        shown: list[list[ShownFace]] = [[] for _ in samples]
        for track_id, track in enumerate(tracks, start=1):
            frames = []
            for index, position in track:
                sample, score = samples[index], round(float(samples[index].scores[position]), SCORE_DECIMALS)
                frames.append(FrameScore(round(sample.time_s, 3), score, _whole(sample.faces[position].box_px)))
                place = _scaled(sample.faces[position], sample.scale)
                shown[index].append(ShownFace(track_id, place, score, sample.evidence[position]))
            score = round(float(np.mean([frame.score for frame in frames])), SCORE_DECIMALS)
            verdict = verdict_for(score, self.model.info.thresholds) if len(frames) >= enough else "inconclusive"
            box_px = max(frames, key=lambda frame: frame.score).box_px
            manipulation = self._likely_manipulation([(samples[index], position) for index, position in track])
            assessed.append(FaceTrack(track_id, box_px, score, verdict, tuple(frames), manipulation))
        if any(len(track.frames) < enough for track in assessed):
            warnings.append(f"A face seen in fewer than {enough} of the sampled frames is too brief for a verdict.")
        if self.model.warning:
            warnings.append(self.model.warning)
        deciding = [track for track in assessed if len(track.frames) >= enough] or assessed
        worst = max(deciding, key=lambda track: track.score, default=None)
        if worst is not None:
            verdict, score = worst.verdict, worst.score
        else:
            # a face that is too small to assess is not "no face"
            verdict, score = ("inconclusive" if too_small else "no_face"), None
        result = Result(SCHEMA_VERSION, facts, self.model.info, verdict, score, tuple(assessed), tuple(warnings))
        kept = tuple(
            ShownFrame(sample.time_s, sample.image, tuple(faces)) for sample, faces in zip(samples, shown, strict=True)
        )
        return Analysis(result, kept)


def _link(samples: list[_Sample]) -> list[list[tuple[int, int]]]:
    """Face tracks as ``(sample, position)``."""
    position_of = [{id(face): position for position, face in enumerate(sample.faces)} for sample in samples]
    tracks = link_tracks([sample.faces for sample in samples])
    return [[(index, position_of[index][id(face)]) for index, face in track] for track in tracks]


def _whole(box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    return tuple(round(value) for value in box)


def _scaled(face: DetectedFace, scale: float) -> DetectedFace:
    box = tuple(value * scale for value in face.box_px)
    landmarks = tuple((x * scale, y * scale) for x, y in face.landmarks_px)
    return DetectedFace(box, landmarks, face.detector_score, face.quarter_turns)
