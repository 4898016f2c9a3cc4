"""From a file to a verdict: faces, frame scores, face tracks, one result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from detector.conclusion import Sample, conclude, whole
from detector.faces.detection import FaceDetector, crop_face
from detector.faces.quality import Reason, problem_of_crop, problem_of_photo, problem_of_place
from detector.faces.shots import ALIKE_FROM, find_cuts, likeness, look
from detector.faces.tracking import Sighting, link_tracks
from detector.limits import MAX_FACES_PER_FRAME
from detector.media.videos import VideoFrame
from detector.network.loading import LoadedModel
from detector.network.saliency import score_with_evidence
from detector.results import Analysis, NotAssessed
from detector.sandbox.client import WORKERS

FRAMES_PER_VIDEO = 32
# Longest side of the frames that are kept to be shown: 32 of them stay under 60 MB.
SHOWN_SIDE_PX = 960
SHOWN_PHOTO_SIDE_PX = 1600  # two pictures of 12 megapixels kept a browser busy for 12 s

Progress = Callable[[float, str], None]


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
        return conclude(self.model, photo.facts, [sample], tracks, photo.problems)

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
        return conclude(self.model, start.facts, samples, _link(samples, cuts), warnings, cuts, exact)

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
    ) -> Sample:
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
                not_assessed.append(NotAssessed(round(time_s, 3), whole(face.box_px), reason))
            else:
                faces.append(face)
                crops.append(crop)
        scale = min(1.0, shown_side / max(height, width))
        if scale < 1:
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return Sample(time_s, image, scale, faces, crops, not_assessed[:MAX_FACES_PER_FRAME], left_out)

    def _score(self, sample: Sample, sure_at: Sequence[float]) -> None:
        sample.scores, sample.evidence, sample.kinds = score_with_evidence(self.model, sample.crops, sure_at)
        sample.crops = []


def _link(samples: list[Sample], cuts: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Face tracks as ``(sample, position)``."""

    @cache
    def look_of(sighting: Sighting) -> np.ndarray:
        index, face = sighting
        return look(samples[index].image, samples[index].shown(face))

    def alike(a: Sighting, b: Sighting) -> bool:
        return likeness(look_of(a), look_of(b)) >= ALIKE_FROM

    position_of = [{id(face): position for position, face in enumerate(sample.faces)} for sample in samples]
    tracks = link_tracks([sample.faces for sample in samples], [after for _, after in cuts], alike)
    return [[(index, position_of[index][id(face)]) for index, face in track] for track in tracks]
