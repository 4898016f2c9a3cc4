"""Cuts the face crops of photos and videos, with the same code as the application.

A fake is cut at the instants and at the boxes of the real photo or video it was made from, so that neither the choice
of frames nor the geometry of a crop can tell the classes apart.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import numpy as np

from dataset_builder.extraction.face_crops import FaceCrop, ItemCrops, Unit, cut_png
from dataset_builder.extraction.instants import same_frames
from dataset_builder.extraction.placement import offset_in_original, size_of
from dataset_builder.extraction.videos import FrameCounts, OpenedVideo, cut_videos
from dataset_builder.grouping.near_duplicates import is_photo
from dataset_builder.sources import SourceItem
from detector.errors import MediaError
from detector.faces.detection import MIN_FACE_PX, FaceDetector
from detector.media.photos.images import read_image
from detector.media.videos.video import Video

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
                    results[item].problem, results[item].is_unreadable = str(problems[0]), True
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
    original = _cut_photo(photos[unit.real], detector) if unit.real in photos else None
    for item in unit.fakes:
        if item not in photos:
            continue
        result, image = results[item], photos[item]
        if original is None:
            own = _cut_photo(image, detector)
            result.crops = [own] if own else []
            result.has_own_box = bool(item.target_video and own)
        elif _size_px(image) == original.picture_px:
            result.crops = [replace(original, png=cut_png(image, original.face), is_paired=True)]
            original = replace(original, is_paired=True)
        else:
            _refuse(result, _size_px(image), original.picture_px)
    if unit.real and original:
        results[unit.real].crops = [original]


def _cut_photo(image: np.ndarray, detector: FaceDetector) -> FaceCrop | None:
    """Cuts the largest face of a photo, if it has the minimum size."""
    face = next(iter(detector.detect(image)), None)
    if face is None or face.size_px < MIN_FACE_PX:
        return None
    return FaceCrop(cut_png(image, face), face, _size_px(image), time_s=0.0)


def _size_px(image: np.ndarray) -> tuple[int, int]:
    return image.shape[1], image.shape[0]


def _cut_videos(
    unit: Unit, videos: dict[SourceItem, Video], detector: FaceDetector, results: dict[SourceItem, ItemCrops]
) -> None:
    """Cuts the real video with the fakes that fit it, and each other fake alone."""
    counts = FrameCounts(unit.frames_per_video, unit.real_frames, unit.fake_frames)
    real = unit.real
    if real and real in videos:
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
    result.is_unreadable = True
