"""From a file to a verdict: faces, frame scores, face tracks, one result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from detector.faces import MIN_FACE_PX, DetectedFace, FaceDetector, crop_face
from detector.files import MediaFile
from detector.isolation import WORKERS
from detector.limits import MAX_FACES_PER_FRAME
from detector.model import LoadedModel
from detector.quality import Reason, problem_of_crop, problem_of_photo, problem_of_place
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
from detector.saliency import score_with_evidence
from detector.shots import ALIKE_FROM, find_cuts, likeness, look
from detector.tracks import Sighting, link_tracks
from detector.videos import VideoFrame

FRAMES_PER_VIDEO = 32
# A face seen in fewer sampled frames can be a false detection; it never decides the verdict.
MIN_TRACK_FRAMES = 3
# Longest side of the frames that are kept to be shown: 32 of them stay under 60 MB.
SHOWN_SIDE_PX = 960
SHOWN_PHOTO_SIDE_PX = 1600  # two pictures of 12 megapixels kept a browser busy for 12 s

# Why a face was not assessed, in words that follow "a face" or "faces".
NOT_ASSESSED: dict[Reason, str] = {
    "too_small": f"smaller than {MIN_FACE_PX} pixels",
    "too_blurred": "more blurred than any that the model was evaluated on",
    "too_compressed": "more compressed than any that the model was evaluated on",
    "outside_picture": "cut off by the border of the picture",
    "hidden": "mostly hidden or turned away",
}

Progress = Callable[[float, str], None]


@dataclass
class _Sample:
    """A frame on its way: kept picture, the faces to assess and their crops, the faces that cannot be, how many were left out."""

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
        photo = WORKERS.run("read_photo", Path(path))
        sample = self._find_faces(0.0, photo.image, SHOWN_PHOTO_SIDE_PX, problem=problem_of_photo(photo.jpeg_quality))
        self._score(sample, self.model.info.thresholds.log_odds)
        tracks = [[(0, position)] for position in range(len(sample.faces))]
        return self._conclude(photo.facts, [sample], tracks, photo.problems)

    def analyze_video(
        self,
        path: str | Path,
        frames: int = FRAMES_PER_VIDEO,
        progress: Progress | None = None,
        exact: bool = False,
    ) -> Analysis:
        """Assesses every face track of a video over frames that lie evenly, one in each of as many equal parts.

        Args:
            path: The file.
            frames: How many frames to sample.
            progress: Called with the share done, 0..1, and what is being done.
            exact: Takes the frame in the middle of each part, not the one that costs least to decode.

        Raises:
            MediaError: The file is not a video that can be read.
        """
        report = progress or (lambda share, doing: None)
        report(0.0, "reading the video")
        path, samples, turned, scored = Path(path), [], None, None
        # frames are decoded ahead in another process while these are looked at
        with closing(WORKERS.stream("sample_clip", path, frames, exact)) as answers, ThreadPoolExecutor(1) as scorer:
            start = next(answers)
            for answer in answers:
                if not isinstance(answer, VideoFrame):
                    break
                if turned is None:
                    turned = self._clip_turn(path, answer, start.times_s)
                done, number = len(samples) / len(start.times_s), f"frame {len(samples) + 1} of {len(start.times_s)}"
                report(min(done, 1.0), f"{number}: finding faces")
                sample = self._find_faces(answer.time_s, answer.image, shown_side=SHOWN_SIDE_PX, turned=turned)
                if sample.crops:
                    report(min(done, 1.0), f"{number}: classifying {len(sample.crops)}")
                # scored while the next frame is looked at, so that the full-size crops of two frames only are held
                # of the thresholds only the upper one is compared with single frames, for suspicious spans
                if scored:
                    scored.result()
                scored = scorer.submit(self._score, sample, self.model.info.thresholds.log_odds[1:])
                samples.append(sample)
            if scored:
                scored.result()
            warnings = answer
            for _ in answers:  # the worker has said all that it had to say
                pass
        report(1.0, "linking faces")
        if turned:
            warnings.append("The video lies on its side or head; the faces were turned upright.")
        cuts = find_cuts(sample.image for sample in samples)
        return self._conclude(start.facts, samples, _link(samples, cuts), warnings, cuts, exact)

    def _clip_turn(self, path: Path, first: VideoFrame, times_s: list[float]) -> int:
        """See `FaceDetector.clip_turn`; frames from the middle and the end are only fetched where they are needed."""

        def images() -> Iterator[np.ndarray]:
            yield first.image
            with closing(WORKERS.stream("frames_at", path, [times_s[len(times_s) // 2], times_s[-1]])) as others:
                yield from (frame.image for frame in others)

        return self._detector.clip_turn(images())

    def _find_faces(
        self,
        time_s: float,
        image: np.ndarray,
        shown_side: int,
        turned: int | None = None,
        problem: Reason | None = None,
    ) -> _Sample:
        """The faces of a picture.

        Args:
            time_s: Of the picture.
            image: ``(H, W, 3)`` uint8 RGB.
            shown_side: Longer side of what is kept of it.
            turned: Given for a frame of a video, see `FaceDetector.detect`.
            problem: Why none of them can be judged.
        """
        height, width = image.shape[:2]
        faces, crops, not_assessed, left_out = [], [], [], 0
        for face in self._detector.detect(image, try_turned=turned is None, turned=turned or 0):
            reason, crop = problem_of_place(face, width, height) or problem, None
            if reason is None and len(faces) == MAX_FACES_PER_FRAME:
                left_out += 1
                continue
            if reason is None:
                crop = crop_face(image, face)
                reason = problem_of_crop(crop)
            if reason is not None:
                not_assessed.append(NotAssessed(round(time_s, 3), _whole(face.box_px), reason))
            else:
                faces.append(face)
                crops.append(crop)
        scale = min(1.0, shown_side / max(height, width))
        if scale < 1:
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return _Sample(time_s, image, scale, faces, crops, not_assessed[:MAX_FACES_PER_FRAME], left_out)

    def _score(self, sample: _Sample, sure_at: Sequence[float]) -> None:
        sample.scores, sample.evidence, sample.kinds = score_with_evidence(self.model, sample.crops, sure_at)
        sample.crops = []

    def _conclude(
        self,
        facts: MediaFile,
        samples: list[_Sample],
        tracks: list[list[tuple[int, int]]],
        warnings: list[str],
        cuts: Sequence[tuple[int, int]] = (),
        exact: bool = True,
    ) -> Analysis:
        """Turns tracks of ``(sample, position)`` into the result and its pictures."""
        not_assessed = tuple(face for sample in samples for face in sample.not_assessed)
        warnings = warnings + _about_left_out_faces(facts, samples)
        enough = min(MIN_TRACK_FRAMES, len(samples))
        assessed = [self._track(number, track, samples, enough) for number, track in enumerate(tracks, start=1)]
        shown: list[list[ShownFace]] = [[] for _ in samples]
        for track_id, track in enumerate(tracks, start=1):
            for index, position in track:
                sample, score = samples[index], round(float(samples[index].scores[position]), SCORE_DECIMALS)
                place = _scaled(sample.faces[position], sample.scale)
                shown[index].append(ShownFace(track_id, place, score, sample.evidence[position]))
        if any(len(track.frames) < enough for track in assessed):
            warnings.append(f"A face seen in fewer than {enough} of the sampled frames is too brief for a verdict.")
        if self.model.warning:
            warnings.append(self.model.warning)
        deciding = [track for track in assessed if len(track.frames) >= enough] or assessed
        worst = max(deciding, key=lambda track: (track.verdict == "manipulated", track.score), default=None)
        if worst is not None:
            verdict, score, decided_by = worst.verdict, worst.score, worst.track_id
        else:
            # a face that cannot be assessed is not "no face"
            verdict, score, decided_by = ("inconclusive" if not_assessed else "no_face"), None, None
        result = Result(
            *(SCHEMA_VERSION, facts, self.model.info, verdict, score, tuple(assessed), tuple(warnings)),
            *(decided_by, not_assessed),
            cuts=tuple(Cut(round(samples[a].time_s, 3), round(samples[b].time_s, 3)) for a, b in cuts),
            sampling=None if facts.duration_s is None else "exact" if exact else "near",
        )
        kept = tuple(
            ShownFrame(sample.time_s, sample.image, tuple(faces)) for sample, faces in zip(samples, shown, strict=True)
        )
        return Analysis(result, kept)

    def _track(self, track_id: int, track: list[tuple[int, int]], samples: list[_Sample], enough: int) -> FaceTrack:
        """A face track from ``(sample, position)``; `enough` frames make a verdict."""
        thresholds = self.model.info.thresholds
        frames = tuple(
            FrameScore(
                round(samples[index].time_s, 3),
                round(float(samples[index].scores[position]), SCORE_DECIMALS),
                _whole(samples[index].faces[position].box_px),
            )
            for index, position in track
        )
        is_clip = len(samples) > 1
        spans = (
            suspicious_spans(frames, [index for index, _ in track], thresholds.manipulated, enough) if is_clip else ()
        )
        score = round(float(np.mean([frame.score for frame in frames])), SCORE_DECIMALS)
        verdict = "manipulated" if spans else verdict_for(score, thresholds)
        return FaceTrack(
            track_id,
            max(frames, key=lambda frame: frame.score).box_px,
            score,
            verdict if len(frames) >= enough else "inconclusive",
            frames,
            self._likely_manipulation([(samples[index], position) for index, position in track]),
            spans,
        )

    def _likely_manipulation(self, places: list[tuple[_Sample, int]]) -> LikelyManipulation | None:
        """The kind that the frames of a track speak for, the more the higher they score."""
        if not self.model.kinds:
            return None
        weights = [max(float(sample.scores[position]), 1e-9) for sample, position in places]
        shares = np.average([sample.kinds[position] for sample, position in places], axis=0, weights=weights)
        best = int(np.argmax(shares))
        return LikelyManipulation(self.model.kinds[best], round(float(shares[best]), SCORE_DECIMALS))


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


def _about_left_out_faces(facts: MediaFile, samples: list[_Sample]) -> list[str]:
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


def _link(samples: list[_Sample], cuts: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Face tracks as ``(sample, position)``."""

    @cache
    def look_of(sighting: Sighting) -> np.ndarray:
        index, face = sighting
        return look(samples[index].image, _scaled(face, samples[index].scale))

    def alike(a: Sighting, b: Sighting) -> bool:
        return likeness(look_of(a), look_of(b)) >= ALIKE_FROM

    position_of = [{id(face): position for position, face in enumerate(sample.faces)} for sample in samples]
    tracks = link_tracks([sample.faces for sample in samples], [after for _, after in cuts], alike)
    return [[(index, position_of[index][id(face)]) for index, face in track] for track in tracks]


def _whole(box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    return tuple(round(value) for value in box)


def _scaled(face: DetectedFace, scale: float) -> DetectedFace:
    box = tuple(value * scale for value in face.box_px)
    landmarks = tuple((x * scale, y * scale) for x, y in face.landmarks_px)
    return DetectedFace(box, landmarks, face.detector_score, face.quarter_turns)
