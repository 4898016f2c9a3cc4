"""Finds real faces in a data set or in a folder of photos, to make pseudo-fakes of."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import datasets
import numpy as np

from dataset_builder.pseudo_fakes.landmark_swap import face_light
from dataset_builder.pseudo_fakes.landmarks import FaceLandmarker, face_in_crop
from dataset_builder.rows import read_crop
from detector.errors import MediaError
from detector.faces.detection import MIN_FACE_PX, FaceDetector
from detector.media.photos.images import read_image

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RealFace:
    """A real face to make pseudo-fakes of.

    Attributes:
        name: Name of the photo or crop.
        group: The same for photos of one person or sequence, as far as is known.
        landmarks: ``(478, 2)`` in pixels of the image.
        read: Reads the image, ``(H, W, 3)`` uint8 RGB; hundreds of photos at once would not fit into memory.
    """

    name: str
    group: str
    landmarks: np.ndarray
    read: Callable[[], np.ndarray]


class FaceList:
    """Offers real faces as a pool; see `kind.FacePool`."""

    def __init__(self, faces: list[RealFace]):
        """Remembers the faces; images are read when they are needed."""
        self.faces = faces
        self.landmarks = np.stack([face.landmarks for face in faces])
        self.groups = [face.group for face in faces]

    @cached_property
    def light(self) -> np.ndarray:
        """Brightness around the landmarks, ``(N, 468)``."""
        return np.stack([face_light(face.read(), face.landmarks) for face in self.faces])

    def crop(self, row: int) -> np.ndarray:
        """Reads an image, ``(H, W, 3)`` uint8 RGB."""
        return self.faces[row].read()

    def examples(self, limit: int) -> np.ndarray:
        """Chooses the first faces: they are in random order already."""
        return np.arange(min(limit, len(self.faces)))


def faces_of_dataset(folder: Path, random: np.random.Generator) -> Iterator[RealFace]:
    """Yields the real crops of a data set of the builder, all splits, in random order.

    Raises:
        FileNotFoundError: The folder is no such data set.
    """
    splits = datasets.load_from_disk(str(folder))
    if not isinstance(splits, datasets.DatasetDict):
        raise FileNotFoundError(f"{folder} is one split of a data set; give the folder above it.")
    landmarker = FaceLandmarker()
    places = [
        (split, int(row)) for split in sorted(splits) for row in np.flatnonzero(np.array(splits[split]["label"]) == 0)
    ]
    for index in random.permutation(len(places)):
        split, number = places[index]
        row = splits[split][number]
        image = read_crop(row)
        landmarks = landmarker.locate(image, face_in_crop(row["box_px"], row["landmarks_px"]))
        if landmarks is not None:
            yield RealFace(row["video_id"], row["group"], landmarks, partial(_read_row, splits[split], number))


def _read_row(rows: datasets.Dataset, number: int) -> np.ndarray:
    return read_crop(rows[number])


def faces_of_folder(folder: Path, random: np.random.Generator) -> Iterator[RealFace]:
    """Yields the largest face of each photo of a folder, or of ``real`` below it, in random order.

    Raises:
        FileNotFoundError: There is no file.
    """
    root = folder / "real" if (folder / "real").is_dir() else folder
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    if not paths:
        raise FileNotFoundError(f"No photo lies in {root}.")
    detector, landmarker = FaceDetector(), FaceLandmarker()
    for index in random.permutation(len(paths)):
        path = paths[index]
        try:
            _, image = read_image(path)
        except MediaError as error:
            logger.warning("skipped %s: %s", path, error)
            continue
        # of a photo that lies on its side nothing is made
        faces = [face for face in detector.detect(image, try_turned=False)[:1] if face.size_px >= MIN_FACE_PX]
        landmarks = landmarker.locate(image, faces[0]) if faces else None
        if landmarks is not None:
            name = path.relative_to(root).as_posix()
            yield RealFace(name, name, landmarks, partial(_read_photo, path))


def _read_photo(path: Path) -> np.ndarray:
    return read_image(path)[1]
