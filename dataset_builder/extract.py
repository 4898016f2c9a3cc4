"""Cuts the face crops of photos and videos, with the same code as the application.

A fake is cut at the instants and at the boxes of the real photo or video it was made from, so that neither the choice
of frames nor the geometry of a crop can tell the classes apart.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import numpy as np

from dataset_builder.extract_videos import FrameCounts, OpenedVideo, cut_videos
from dataset_builder.face_crops import FaceCrop, ItemCrops, Unit, cut_png
from dataset_builder.instants import same_frames
from dataset_builder.near_duplicates import is_photo
from dataset_builder.placement import offset_in_original, size_of
from dataset_builder.sources import SourceItem
from detector.errors import MediaError
from detector.facts import DetectedFace
from detector.faces.detection import MIN_FACE_PX, FaceDetector
from detector.media.images import read_image
from detector.media.videos import Video

NO_FACE = f"no face of at least {MIN_FACE_PX} px was found."


def cut_unit(unit: Unit, detector: FaceDetector) -> dict[SourceItem, ItemCrops]:
    """Cuts every photo or video of a unit, or tells why there are no crops. A bad file never raises."""
    results: dict[SourceItem, ItemCrops] = {}
    with ExitStack() as stack:
        photos: dict[SourceItem, np.ndarray] = {}
        videos: dict[SourceItem, Video] = {}
        for item in unit.items:
            try:
                if is_photo(item.path):
                    facts, photos[item] = read_image(item.path)
                    results[item] = ItemCrops(sha256=facts.sha256)
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
        _cut_photos(unit, photos, detector, results)
        _cut_videos(unit, videos, detector, results)
    for result in results.values():
        if not result.crops and not result.problem:
            result.problem = NO_FACE
    return results


def _cut_photos(
    unit: Unit, photos: dict[SourceItem, np.ndarray], detector: FaceDetector, results: dict[SourceItem, ItemCrops]
) -> None:
    """Cuts the largest face of each photo; a fake is cut at the box of its original."""
    face = None
    if unit.real in photos and (face := _largest_face(photos[unit.real], detector)):
        results[unit.real].crops = [_photo_crop(photos[unit.real], face)]
    for item in unit.fakes:
        if item not in photos:
            continue
        result = results[item]
        if face is None:
            own = _largest_face(photos[item], detector)
            result.crops = [_photo_crop(photos[item], own)] if own else []
            result.has_own_box = bool(item.target_video and own)
        elif photos[item].shape == photos[unit.real].shape:
            result.crops = [replace(_photo_crop(photos[item], face), is_paired=True)]
            results[unit.real].crops = [replace(crop, is_paired=True) for crop in results[unit.real].crops]
        else:
            _refuse(result, _size_px(photos[item]), _size_px(photos[unit.real]))


def _largest_face(image: np.ndarray, detector: FaceDetector) -> DetectedFace | None:
    """Finds the largest face of a photo, if it has the minimum size."""
    face = next(iter(detector.detect(image)), None)
    return face if face and face.size_px >= MIN_FACE_PX else None


def _photo_crop(image: np.ndarray, face: DetectedFace) -> FaceCrop:
    return FaceCrop(cut_png(image, face), face, _size_px(image), time_s=0.0)


def _size_px(image: np.ndarray) -> tuple[int, int]:
    return image.shape[1], image.shape[0]


def _cut_videos(
    unit: Unit, videos: dict[SourceItem, Video], detector: FaceDetector, results: dict[SourceItem, ItemCrops]
) -> None:
    """Cuts the real video with the fakes that fit it, and each other fake alone."""
    counts = FrameCounts(unit.frames_per_video, unit.real_frames, unit.fake_frames)
    real = unit.real
    if real in videos:
        followers = []
        for item in unit.fakes:
            if item not in videos:
                continue
            if (offset := _offset(videos[item], videos[real])) is not None:
                followers.append(OpenedVideo(item, videos[item], offset))
            else:
                _refuse(results[item], size_of(videos[item]), size_of(videos[real]))
        cut_videos(OpenedVideo(real, videos[real]), followers, counts, detector, results)
    for item in unit.fakes:
        if item in videos and not results[item].crops and not results[item].problem:
            cut_videos(OpenedVideo(item, videos[item]), [], counts, detector, results)
            results[item].has_own_box = bool(item.target_video and results[item].crops)


def _offset(fake: Video, real: Video) -> tuple[int, int] | None:
    """Finds where the frames of a fake lie in its original's; None where a box of the one means nothing in the other."""
    shared = list(same_frames(fake, real).items())
    return offset_in_original(fake, real, *shared[len(shared) // 2]) if shared else None


def _refuse(result: ItemCrops, size: tuple[int, int], original_size: tuple[int, int]) -> None:
    (width, height), (original_width, original_height) = size, original_size
    result.problem = (
        f"its frames are {width} x {height} px, those of its original {original_width} x {original_height}."
    )
<<<<<<< HEAD
    result.is_unreadable = True
=======
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
>>>>>>> house
