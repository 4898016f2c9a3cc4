"""From a file to a verdict: faces, frame scores, face tracks, one result."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import cache, partial
from pathlib import Path

import cv2
import numpy as np

from detector.conclusion.result import Sample, ScoredSample, build_result, round_box, shown_frames
from detector.deadline import Progress, report_to_nobody
from detector.errors import MediaError, NotAVideoError, cannot_be_opened
from detector.faces.detection import FaceDetector, crop_face
from detector.faces.quality import problem_of_crop, problem_of_missing, problem_of_photo, problem_of_place
from detector.faces.shots import ALIKE_FROM, appearance, appearance_similarity, find_cuts
from detector.faces.tracking import Sighting, Track, link_tracks
from detector.facts import DetectedFace, PixelBox, Reason
from detector.limits import FRAMES_PER_VIDEO, MAX_FACES_PER_FRAME
from detector.media.photos.cut_off import percent_read
from detector.media.photos.images import Photo
from detector.media.reading import MEDIA_ANSWERS, ClipStart, FileEnd, Kind, frames_at, read_media
from detector.media.videos.video import VideoFrame
from detector.messages import Message, counted
from detector.network.loading import LoadedModel
from detector.network.runtimes import Prediction
from detector.results import Analysis, NotAssessed
from detector.sandbox.client import WORKERS, broke_down

# Longest side of the frames that are kept to be shown: 32 of them stay under 60 MB.
SHOWN_SIDE_PX = 960
SHOWN_PHOTO_SIDE_PX = 1600  # two pictures of 12 megapixels kept a browser busy for 12 s

MediaAnswers = Generator[Photo | ClipStart | VideoFrame | FileEnd, None, None]


class Analyzer:
    """Analyses photos and videos with one model."""

    def __init__(self, model: LoadedModel):
        self.model = model
        self._detector = FaceDetector()

    def analyze(
        self,
        path: str | Path,
        frames: int = FRAMES_PER_VIDEO,
        progress: Progress | None = None,
        exact: bool = False,
        sha256: str = "",
        with_provenance: bool = True,
        item: int = 0,
    ) -> Analysis:
        """Assesses a photo or a video; the content decides which it is, never the name.

        Args:
            path: The file.
            frames: How many frames of a video to sample.
            progress: Hears how far the analysis of a video is.
            exact: See `analyze_video`.
            sha256: Hex digest of the file where that is known already; else it is computed.
            with_provenance: Whether to read where the file says that it comes from, as its evidence report tells.
            item: Number of the photo or film to assess in a file that holds several, see `Result.items`; 0 for the main one.

        Raises:
            MediaError: It cannot be opened, or is neither a photo nor a video that can be read.
        """
        try:
            return self._analyze(Path(path), "any", frames, progress, exact, sha256, with_provenance, item)
        except NotAVideoError as error:
            raise MediaError(
                "The file is neither a photo nor a video that can be read, or it is cut off; "
                "please send a JPEG, PNG, WebP, GIF or HEIC, or an MP4, MOV, WebM, MKV or AVI."
            ) from error
        except OSError as error:
            raise MediaError(cannot_be_opened(error)) from error

    def analyze_image(self, path: str | Path, item: int = 0, progress: Progress | None = None) -> Analysis:
        """Assesses every face of a photo; an animated picture is sampled like a video.

        Args:
            path: The file.
            item: See `analyze`.
            progress: See `analyze_video`.

        Raises:
            MediaError: The file is not a photo that can be read.
            OSError: It cannot be opened.
        """
        return self._analyze(Path(path), "photo", progress=progress, item=item)

    def analyze_video(
        self,
        path: str | Path,
        frames: int = FRAMES_PER_VIDEO,
        progress: Progress | None = None,
        exact: bool = False,
        item: int = 0,
    ) -> Analysis:
        """Assesses every face track of a video over frames that lie evenly, one in each of as many equal parts.

        Args:
            path: The file.
            frames: How many frames to sample.
            progress: Hears the share done, 0..1, and what is being done.
            exact: Takes the frame in the middle of each part, not the one that costs least to decode.
            item: See `analyze`.

        Raises:
            MediaError: The file is not a video that can be read.
            OSError: It cannot be opened.
        """
        return self._analyze(Path(path), "video", frames, progress, exact, item=item)

    def _analyze(
        self,
        path: Path,
        kind: Kind,
        frames: int = FRAMES_PER_VIDEO,
        progress: Progress | None = None,
        exact: bool = False,
        sha256: str = "",
        with_provenance: bool = True,
        item: int = 0,
    ) -> Analysis:
        report = progress or report_to_nobody
        if kind == "video":
            report(0.0, Message("reading the video"))
        # what follows is decoded ahead in another process while this is looked at
        job = WORKERS.stream(
            read_media, path, kind, frames, exact, sha256, with_provenance, item, answers=MEDIA_ANSWERS
        )
        with closing(job) as answers:
            first = next(answers, None)
            if isinstance(first, Photo):
                return self._analyze_photo(first, answers)
            if isinstance(first, ClipStart):
                return self._analyze_clip(path, first, answers, report, exact, item)
        raise broke_down()

    def _analyze_photo(self, photo: Photo, answers: MediaAnswers) -> Analysis:
        problem = problem_of_photo(photo.jpeg_quality)
        sample, crops = self._find_faces(
            0.0, photo.image, SHOWN_PHOTO_SIDE_PX, problem=problem, missing_px=photo.missing_px
        )
        if photo.missing_px and not crops:
            raise MediaError(
                "The file is incomplete: only {percent} percent of the photo could be read in full, and no face in it can be assessed; "
                "please send the original file.",
                percent=percent_read(photo.image.shape[1::-1], photo.missing_px),
            )
        samples = [ScoredSample(sample, self.model.predict(crops))]
        end = _file_end(answers)
        tracks = [[Sighting(0, position, face)] for position, face in enumerate(sample.faces)]
        result = build_result(self.model, photo.facts, samples, tracks, end.problems, items=photo.items)
        return Analysis(result, shown_frames(samples, tracks), end.provenance, end.live_photo)

    def _analyze_clip(
        self, path: Path, start: ClipStart, answers: MediaAnswers, report: Progress, exact: bool, item: int
    ) -> Analysis:
        count = len(start.times_s)
        turned, end = None, None
        with ThreadPoolExecutor(1) as executor:
            scoring = _Scoring(self.model.for_frames(), executor)
            for number, answer in enumerate(answers):
                if isinstance(answer, FileEnd):
                    end = answer
                    break
                if not isinstance(answer, VideoFrame):
                    raise broke_down()
                if turned is None:
                    turned = self._clip_turn(path, answer, start.times_s, item)
                share, tell = min(number / count, 1.0), partial(_at_frame, number + 1, count)
                report(share, tell(Message("finding faces")))
                sample, crops = self._find_faces(answer.time_s, answer.image, SHOWN_SIDE_PX, turned)
                if crops:
                    report(share, tell(counted("judging {count} face", "judging {count} faces", len(crops))))
                scoring.add(sample, crops)
            samples = scoring.finish()
        end = _file_end(answers, end)
        report(1.0, Message("following faces through the frames"))
        problems = list(end.problems)
        if turned:
            problems.append(Message("The video lies on its side or head; the faces were turned upright."))
        cuts = find_cuts(scored.sample.image for scored in samples)
        tracks = _link([scored.sample for scored in samples], cuts)
        result = build_result(self.model, start.facts, samples, tracks, problems, cuts, exact, start.items)
        return Analysis(result, shown_frames(samples, tracks), end.provenance, end.live_photo)

    def _clip_turn(self, path: Path, first: VideoFrame, times_s: list[float], item: int) -> int:
        """See `FaceDetector.clip_turn`; frames from the middle and the end are only fetched where they are needed."""

        def images() -> Iterator[np.ndarray]:
            yield first.image
            more_s = [times_s[len(times_s) // 2], times_s[-1]]
            with closing(WORKERS.stream(frames_at, path, more_s, item, answers=(VideoFrame,))) as others:
                yield from (frame.image for frame in others)

        return self._detector.clip_turn(images())

    def _find_faces(
        self,
        time_s: float,
        image: np.ndarray,
        shown_side: int,
        turned: int | None = None,
        problem: Reason | None = None,
        missing_px: PixelBox | None = None,
    ) -> tuple[Sample, list[np.ndarray]]:
        """Finds the faces of a picture, and cuts the crops of those that can be assessed.

        Args:
            time_s: Time of the picture.
            image: ``(H, W, 3)`` uint8 RGB.
            shown_side: Longer side of what is kept of it.
            turned: Given for a frame of a video, see `FaceDetector.detect`.
            problem: Why none of them can be judged.
            missing_px: The part of the picture that could not be read.
        """
        faces: list[DetectedFace] = []
        crops: list[np.ndarray] = []
        not_assessed: list[NotAssessed] = []
        left_out = 0
        height, width = image.shape[:2]
        for face in self._detector.detect(image, try_turned=turned is None, turned=turned or 0):
            reason = problem_of_missing(face, missing_px) if missing_px else None
            reason = reason or problem_of_place(face, width, height) or problem
            if reason is None and len(faces) == MAX_FACES_PER_FRAME:
                left_out += 1
                continue
            # of a photo the less tilted reading was taken already
            if reason is None and turned is not None and self._detector.is_tilted(image, face):
                reason = "tilted"
            if reason is None:
                crop = crop_face(image, face)
                reason = problem_of_crop(crop)
                if reason is None:
                    faces.append(face)
                    crops.append(crop)
                    continue
            not_assessed.append(NotAssessed(round(time_s, 3), round_box(face.box_px), reason))
        scale = min(1.0, shown_side / max(height, width))
        if scale < 1:
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        not_assessed = not_assessed[:MAX_FACES_PER_FRAME]
        return Sample(time_s, image, scale, tuple(faces), tuple(not_assessed), left_out), crops


class _Scoring:
    """Scores the faces of a frame while the next frame is looked at: full-size crops are held of two frames only."""

    def __init__(self, model: LoadedModel, executor: ThreadPoolExecutor):
        self._model, self._executor = model, executor
        self._scored: list[ScoredSample] = []
        self._waiting: tuple[Sample, Future[Prediction]] | None = None

    def add(self, sample: Sample, crops: list[np.ndarray]) -> None:
        """Begins with a frame; waits for the one before."""
        self._collect()
        self._waiting = sample, self._executor.submit(self._model.predict, crops)

    def finish(self) -> list[ScoredSample]:
        """Gives all frames, in order."""
        self._collect()
        return self._scored

    def _collect(self) -> None:
        if self._waiting:
            sample, prediction = self._waiting
            self._scored.append(ScoredSample(sample, prediction.result()))
            self._waiting = None


def _at_frame(number: int, count: int, doing: Message) -> Message:
    return Message("frame {number} of {count}: {doing}", {"number": number, "count": count, "doing": doing})


def _file_end(answers: MediaAnswers, end: FileEnd | None = None) -> FileEnd:
    """Reads what comes last, unless that was read already, and that nothing follows."""
    rest = [*([end] if end else []), *answers]
    if len(rest) == 1 and isinstance(rest[0], FileEnd):
        return rest[0]
    raise broke_down()


def _link(samples: Sequence[Sample], cuts: Sequence[tuple[int, int]]) -> list[Track]:
    @cache
    def appearance_of(seen: Sighting) -> np.ndarray:
        sample = samples[seen.frame]
        return appearance(sample.image, sample.shown(seen.face))

    def is_alike(a: Sighting, b: Sighting) -> bool:
        return appearance_similarity(appearance_of(a), appearance_of(b)) >= ALIKE_FROM

    return link_tracks([sample.faces for sample in samples], [after for _, after in cuts], is_alike)
