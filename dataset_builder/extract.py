"""Cuts the face crops of photos and videos, with the same code as the application.

A fake is cut at the instants and at the boxes of the real video it was made from, so that neither
the choice of frames nor the geometry of a crop can tell the classes apart.
"""

from __future__ import annotations

import io
import logging
from contextlib import ExitStack
from dataclasses import dataclass, field

import cv2
import numpy as np
from PIL import Image

from dataset_builder.instants import Instant, frames_at_instants, plan_instants
from dataset_builder.layouts.labelled import is_photo
from dataset_builder.sources import SourceItem
from detector.errors import MediaError
from detector.faces.detection import MIN_FACE_PX, FaceDetector, crop_face
from detector.faces.tracking import link_tracks
from detector.facts import DetectedFace
from detector.media.images import read_image
from detector.media.videos import Video

logger = logging.getLogger(__name__)

MAX_FACES_PER_FRAME = 10
NO_FACE = f"no face of at least {MIN_FACE_PX} px was found."
NO_MANIPULATION = "its mask is empty wherever a face was found."
# Masks are compressed too: black is not quite black.
MASK_LEVEL = 64
# Of a crop; even a mask of the mouth alone covers more.
MIN_MASKED_SHARE = 0.01


@dataclass(frozen=True)
class Unit:
    """A real video with the fakes that were made from it, or any photo or video alone.

    Attributes:
        real: The real one, if any.
        fakes: Made from it; or one fake alone.
        frames_per_video: Evenly spaced frames that a real video and its fakes have in common.
        real_frames: Frames of the real video, where it needs more for balance.
        fake_frames: The same of each fake.
    """

    real: SourceItem | None
    fakes: tuple[SourceItem, ...]
    frames_per_video: int
    real_frames: int
    fake_frames: int


@dataclass(frozen=True)
class FaceCrop:
    """A face crop of an item.

    Attributes:
        png: The lossless crop at the resolution of the image, so that nothing is re-compressed.
        face: Where the face was.
        time_s: Seconds since the first frame; 0 for a photo.
        is_extra: Taken for balance, beyond `Unit.frames_per_video`.
        mask_png: The same crop of the mask, grey; None where there is none.
    """

    png: bytes
    face: DetectedFace
    time_s: float
    is_extra: bool = False
    mask_png: bytes | None = None


@dataclass
class ItemCrops:
    """What came of an item.

    Attributes:
        crops: In order of time.
        sha256: Of the source file.
        problem: Why it has no crops, as a plain sentence; empty otherwise.
        is_unreadable: Whether the file itself was the problem.
        has_own_box: A fake whose boxes were found in itself, its original being missing or unusable.
    """

    crops: list[FaceCrop] = field(default_factory=list)
    sha256: str = ""
    problem: str = ""
    is_unreadable: bool = False
    has_own_box: bool = False


def cut_unit(unit: Unit, detector: FaceDetector) -> dict[SourceItem, ItemCrops]:
    """The face crops of every item of a unit, or why there are none. A bad file never raises."""
    with ExitStack() as stack:
        videos: dict[SourceItem, Video] = {}
        results: dict[SourceItem, ItemCrops] = {}
        for item in filter(None, (unit.real, *unit.fakes)):
            try:
                if is_photo(item.path):
                    results[item] = _cut_photo(item, detector)
                    continue
                video = stack.enter_context(Video(item.path, max_bytes=None))
                results[item] = ItemCrops(sha256=video.facts.sha256)
                if problems := video.problems():  # half a download would be sampled over its first half
                    results[item].problem, results[item].is_unreadable = problems[0], True
                else:
                    videos[item] = video
            except MediaError as error:
                results[item] = ItemCrops(problem=str(error), is_unreadable=True)
            except OSError as error:  # a link to nowhere, no right to read, a drive that has gone
                results[item] = ItemCrops(problem=f"{error.strerror}: {item.path}.", is_unreadable=True)
        if unit.real in videos:
            fakes = [item for item in unit.fakes if item in videos]
            followers = [item for item in fakes if _fits(videos[item], videos[unit.real], results[item])]
            _cut_videos(unit, unit.real, followers, videos, detector, results)
        for item in unit.fakes:
            if item in videos and not results[item].crops and not results[item].problem:
                _cut_videos(unit, item, [], videos, detector, results)
                results[item].has_own_box = bool(item.target_video and results[item].crops)
    for result in results.values():
        if not result.crops and not result.problem:
            result.problem = NO_FACE
    return results


def _cut_photo(item: SourceItem, detector: FaceDetector) -> ItemCrops:
    """The largest face of a photo, if it has the minimum size."""
    facts, image = read_image(item.path)
    faces = [face for face in detector.detect(image)[:1] if face.size_px >= MIN_FACE_PX]
    return ItemCrops([FaceCrop(_png(crop_face(image, face)), face, 0.0) for face in faces], facts.sha256)


def _fits(fake: Video, real: Video, result: ItemCrops) -> bool:
    """Whether a box of the original names the same place in the fake."""
    if (fake.facts.width_px, fake.facts.height_px) == (real.facts.width_px, real.facts.height_px):
        return True
    result.problem = (
        f"its frames are {fake.facts.width_px} x {fake.facts.height_px} px, "
        f"those of its original {real.facts.width_px} x {real.facts.height_px}."
    )
    result.is_unreadable = True
    return False


def _cut_videos(
    unit: Unit,
    leader: SourceItem,
    followers: list[SourceItem],
    videos: dict[SourceItem, Video],
    detector: FaceDetector,
    results: dict[SourceItem, ItemCrops],
) -> None:
    """Finds the face in the leading video and cuts it there, and at the same boxes in those that follow."""
    leader_frames = unit.fake_frames if leader.label else unit.real_frames
    instants = plan_instants(
        videos[leader],
        {item: videos[item] for item in followers},
        unit.frames_per_video,
        leader_frames,
        unit.fake_frames,
    )
    seconds = {item: _seconds(instants, item) for item in followers}
    seconds[leader] = {number: instant.real_s for number, instant in enumerate(instants)}

    faces: list[list[DetectedFace]] = [[] for _ in instants]
    times: dict[int, float] = {}
    pngs: dict[int, bytes] = {}  # of every face, as the face to keep is known at the end only
    for number, frame in frames_at_instants(videos[leader], seconds[leader]):
        faces[number] = detector.detect(frame.image, try_turned=False)[:MAX_FACES_PER_FRAME]
        times[number] = frame.time_s
        pngs |= {id(face): _png(crop_face(frame.image, face)) for face in faces[number] if face.size_px >= MIN_FACE_PX}
    facts = videos[leader].facts
    size = (facts.width_px, facts.height_px)
    masks = {item: _read_masks(item.mask_path, videos[item], seconds[item], size) for item in seconds if item.mask_path}
    track = {number: face for number, face in _choose_track(faces, list(masks.values())).items() if id(face) in pngs}

    def keep(item: SourceItem, number: int, png: bytes, time_s: float) -> None:
        mask_png = None
        if (mask := masks.get(item, {}).get(number)) is not None:
            cut = crop_face(_grey(mask)[:, :, None], track[number])[:, :, 0]
            # not everything in a fake is fake: frames and faces are left untouched, and must not be called fake
            if (cut > MASK_LEVEL).mean() < MIN_MASKED_SHARE:
                results[item].problem = NO_MANIPULATION
                return
            mask_png = _png(cut)
        results[item].crops.append(FaceCrop(png, track[number], time_s, instants[number].is_extra, mask_png))

    for number, face in sorted(track.items()):
        keep(leader, number, pngs[id(face)], times[number])
    for item in followers:
        for number, frame in frames_at_instants(videos[item], seconds[item]):
            if number in track:
                keep(item, number, _png(crop_face(frame.image, track[number])), frame.time_s)
    for item in seconds:
        if results[item].crops:
            results[item].problem = ""


def _seconds(instants: list[Instant], item: SourceItem) -> dict[int, float]:
    return {number: instant.fakes_s[item] for number, instant in enumerate(instants) if item in instant.fakes_s}


def _read_masks(path: str, video: Video, seconds: dict[int, float], size: tuple[int, int]) -> dict[int, bytes]:
    """The mask at each instant, as a grey PNG of the video's size; none where the mask video cannot be read."""
    try:
        with Video(path, max_bytes=None) as mask:
            # by number: DeepFakeDetection has masks that state another frame rate than their videos
            mask_s = dict(zip(video.frame_times, mask.frame_times, strict=False))
            wanted = {number: mask_s[time_s] for number, time_s in seconds.items() if time_s in mask_s}
            return {
                number: _png(cv2.resize(frame.image.max(axis=2), size, interpolation=cv2.INTER_NEAREST))
                for number, frame in frames_at_instants(mask, wanted)
            }
    except (MediaError, OSError) as error:
        logger.warning("mask %s is not used: %s", path, error)
        return {}


def _choose_track(faces: list[list[DetectedFace]], masks: list[dict[int, bytes]]) -> dict[int, DetectedFace]:
    """The track that covers the masks most, else the most persistent one; its face at each instant."""
    tracks = [{seen.frame: seen.face for seen in track} for track in link_tracks(faces)]
    covered = [0.0] * len(tracks)
    for number, png in ((number, png) for of_item in masks for number, png in of_item.items()):
        mask = _grey(png) > MASK_LEVEL
        for place, track in enumerate(tracks):
            if number in track:
                x0, y0, x1, y1 = (max(round(value), 0) for value in track[number].box_px)
                covered[place] += float(mask[y0:y1, x0:x1].sum()) / max(float(mask.sum()), 1.0)
    return max(zip(covered, tracks, strict=True), key=lambda pair: pair[0], default=(0.0, {}))[1]


def _grey(png: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)


def _png(image: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, format="PNG", compress_level=3)
    return stream.getvalue()
