"""Cuts the face crops of one photo or video, with the same code as the application."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from dataset_builder.sources import SourceItem
from detector.faces import MIN_FACE_PX, DetectedFace, FaceDetector, crop_face
from detector.media import Video, read_image
from detector.tracks import link_tracks


@dataclass(frozen=True)
class FaceCrop:
    """A face crop of an item.

    Attributes:
        png: The lossless crop at the resolution of the image, so that nothing is re-compressed.
        face: Where the face was.
        time_s: Seconds since the first frame; 0 for a photo.
    """

    png: bytes
    face: DetectedFace
    time_s: float


def image_crops(item: SourceItem, detector: FaceDetector) -> Iterator[FaceCrop]:
    """The largest face of a photo, if it has the minimum size."""
    _, image = read_image(item.path)
    for face in detector.detect(image)[:1]:
        if face.size_px >= MIN_FACE_PX:
            yield FaceCrop(_png(crop_face(image, face)), face, 0.0)


def video_crops(item: SourceItem, detector: FaceDetector, frames_per_video: int) -> Iterator[FaceCrop]:
    """The faces of the most persistent face track, in evenly spaced frames."""
    with Video(item.path) as video:
        frames = list(video.sample_frames(frames_per_video))
    tracks = link_tracks([detector.detect(frame.image, try_turned=False) for frame in frames])
    for index, face in tracks[0] if tracks else ():
        if face.size_px >= MIN_FACE_PX:
            yield FaceCrop(_png(crop_face(frames[index].image, face)), face, frames[index].time_s)


def _png(image: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, format="PNG", compress_level=3)
    return stream.getvalue()
