"""Cuts one face of a real video, and the same face of the fakes that were made from it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2

from dataset_builder.extraction.face_crops import FaceCrop, ItemCrops, cut_png, decode_grey, encode_png, inside_share
from dataset_builder.extraction.instants import Instant, frames_at_instants, plan_instants
from dataset_builder.extraction.placement import moved, size_of
from dataset_builder.sources import SourceItem
from detector.errors import MediaError
from detector.faces.detection import MIN_FACE_PX, FaceDetector, crop_face
from detector.faces.tracking import link_tracks
from detector.facts import DetectedFace
from detector.media.videos.video import Video

logger = logging.getLogger(__name__)

MAX_FACES_PER_FRAME = 10
NO_MANIPULATION = "its mask is empty wherever a face was found."
AT_BORDER = "its frames are smaller than those of its original, and the face lies at their border."
# Masks are compressed too: black is not quite black.
MASK_LEVEL = 64
# Of a crop; even a mask of the mouth alone covers more.
MIN_MASKED_SHARE = 0.01


@dataclass(frozen=True)
class OpenedVideo:
    """A video that is being cut.

    Attributes:
        item: What is known of it.
        video: Opened.
        offset_px: How far right and down its frames lie in those of the video that leads.
    """

    item: SourceItem
    video: Video
    offset_px: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class FrameCounts:
    """How many frames to take; see `face_crops.Unit`."""

    common: int
    real: int
    fake: int


@dataclass(frozen=True)
class _Found:
    """Faces of the leading video.

    Attributes:
        faces: Those of each instant.
        times_s: When each instant was, by its number.
        pngs: The crop of every face that is large enough: which of them to keep is known at the end only.
    """

    faces: list[list[DetectedFace]]
    times_s: dict[int, float]
    pngs: dict[tuple[int, DetectedFace], bytes]


def cut_videos(
    leader: OpenedVideo,
    followers: list[OpenedVideo],
    counts: FrameCounts,
    detector: FaceDetector,
    results: Mapping[SourceItem, ItemCrops],
) -> None:
    """Finds the face in the leading video and cuts it there, and at the same boxes in those that follow.

    Args:
        leader: The real video, or a fake alone.
        followers: Fakes made from it.
        counts: How many frames to take.
        detector: Finds the faces.
        results: Gets the crops of each, or the reason why there are none.
    """
    leader_frames = counts.fake if leader.item.label else counts.real
    opened = {follower.item: follower.video for follower in followers}
    instants = plan_instants(leader.video, opened, counts.common, leader_frames, counts.fake)
    seconds = _seconds(instants, leader.item, followers)
    found = _find_faces(leader.video, seconds[leader.item], detector)
    size = size_of(leader.video)
    masks = {
        video.item: _read_masks(video, seconds[video.item], size)
        for video in (leader, *followers)
        if video.item.mask_path
    }
    lead = {
        number: FaceCrop(found.pngs[number, face], face, size, found.times_s[number], instants[number].is_extra)
        for number, face in sorted(_choose_track(found.faces, list(masks.values())).items())
        if (number, face) in found.pngs
    }
    crops = {leader.item: lead}
    for follower in followers:
        crops[follower.item] = _follow(follower, seconds[follower.item], lead)
        if follower.offset_px != (0, 0) and lead and not crops[follower.item]:
            results[follower.item].problem = AT_BORDER
    for item, item_masks in masks.items():
        masked = _with_masks(crops[item], item_masks)
        if crops[item] and not masked:
            results[item].problem = NO_MANIPULATION
        crops[item] = masked
    for item, item_crops in _with_pairs(crops, leader.item).items():
        results[item].crops = item_crops


def _seconds(
    instants: list[Instant], leader: SourceItem, followers: list[OpenedVideo]
) -> dict[SourceItem, dict[int, float]]:
    """Tells when each instant is in each video, by its number."""
    seconds = {
        follower.item: {
            number: instant.fakes_s[follower.item]
            for number, instant in enumerate(instants)
            if follower.item in instant.fakes_s
        }
        for follower in followers
    }
    return {leader: {number: instant.real_s for number, instant in enumerate(instants)}} | seconds


def _find_faces(video: Video, seconds: dict[int, float], detector: FaceDetector) -> _Found:
    found = _Found([[] for _ in seconds], {}, {})
    for number, frame in frames_at_instants(video, seconds):
        found.faces[number] = detector.detect(frame.image, try_turned=False)[:MAX_FACES_PER_FRAME]
        found.times_s[number] = frame.time_s
        for face in found.faces[number]:
            if face.size_px >= MIN_FACE_PX:
                found.pngs[number, face] = cut_png(frame.image, face)
    return found


def _follow(follower: OpenedVideo, seconds: dict[int, float], lead: dict[int, FaceCrop]) -> dict[int, FaceCrop]:
    """Cuts a fake at the boxes of its original, by the number of the instant; box and time are the original's."""
    crops = {}
    for number, frame in frames_at_instants(follower.video, seconds):
        if number not in lead:
            continue
        face = moved(lead[number].face, follower.offset_px)
        # a crop that is mirrored where that of the original is not would tell the classes apart
        if inside_share(face, size_of(follower.video)) == lead[number].inside_share:
            crops[number] = replace(lead[number], png=cut_png(frame.image, face))
    return crops


def _with_masks(crops: dict[int, FaceCrop], masks: dict[int, bytes]) -> dict[int, FaceCrop]:
    """Adds the masks to crops, and leaves out those whose mask is empty.

    Not everything in a fake is fake: frames and faces are left untouched, and must not be called fake.
    """
    masked = {}
    for number, crop in crops.items():
        if number not in masks:
            masked[number] = crop
            continue
        cut = crop_face(decode_grey(masks[number])[:, :, None], crop.face)[:, :, 0]
        if (cut > MASK_LEVEL).mean() >= MIN_MASKED_SHARE:
            masked[number] = replace(crop, mask_png=encode_png(cut))
    return masked


def _with_pairs(crops: dict[SourceItem, dict[int, FaceCrop]], leader: SourceItem) -> dict[SourceItem, list[FaceCrop]]:
    """Lists the crops of each video, and marks those of one instant as a pair."""
    paired = {number for item, of_item in crops.items() if item != leader for number in of_item}
    return {
        item: [replace(crop, is_paired=number in paired) for number, crop in of_item.items()]
        for item, of_item in crops.items()
    }


def _read_masks(opened: OpenedVideo, seconds: dict[int, float], size: tuple[int, int]) -> dict[int, bytes]:
    """Reads the mask at each instant, as a grey PNG of the leading video's size; none where it cannot be read."""
    try:
        with Video(opened.item.mask_path, max_bytes=None) as mask:
            # by number: DeepFakeDetection has masks that state another frame rate than their videos
            mask_s = dict(zip(opened.video.frame_times, mask.frame_times, strict=False))
            wanted = {number: mask_s[time_s] for number, time_s in seconds.items() if time_s in mask_s}
            left, top = opened.offset_px if size_of(mask) == size_of(opened.video) else (0, 0)
            inner = (size[0] - 2 * left, size[1] - 2 * top)
            found = {}
            for number, frame in frames_at_instants(mask, wanted):
                grey = cv2.resize(frame.image.max(axis=2), inner, interpolation=cv2.INTER_NEAREST)
                grey = cv2.copyMakeBorder(grey, top, top, left, left, cv2.BORDER_CONSTANT, value=0)
                found[number] = encode_png(grey)
            return found
    except (MediaError, OSError) as error:
        logger.warning("mask %s is not used: %s", opened.item.mask_path, error)
        return {}


def _choose_track(faces: list[list[DetectedFace]], masks: list[dict[int, bytes]]) -> dict[int, DetectedFace]:
    """Chooses the track that covers the masks most, else the most persistent one; gives its face at each instant."""
    tracks = [{seen.frame: seen.face for seen in track} for track in link_tracks(faces)]
    covered = [0.0] * len(tracks)
    for number, png in ((number, png) for of_item in masks for number, png in of_item.items()):
        mask = decode_grey(png) > MASK_LEVEL
        for place, track in enumerate(tracks):
            if number in track:
                x0, y0, x1, y1 = (max(round(value), 0) for value in track[number].box_px)
                covered[place] += float(mask[y0:y1, x0:x1].sum()) / max(float(mask.sum()), 1.0)
    return max(zip(covered, tracks, strict=True), key=lambda pair: pair[0], default=(0.0, {}))[1]
