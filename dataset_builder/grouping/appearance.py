"""Groups face crops without names by what they look like: one person in one scene."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np

from dataset_builder.sources import connected_groups

logger = logging.getLogger(__name__)

THUMBNAIL_SIDE_PX = 14
# Root mean square distance of LAB thumbnails. Of DFDC crops, 48 of 48 pairs below it that were looked at were one
# person in one scene, or too dark to tell; above 20 most are not.
MAX_DISTANCE = 16.0


def appearance_groups(paths: list[Path]) -> list[str]:
    """Finds the group of each picture: pictures of one person in one scene look alike when very small.

    A picture that cannot be read is a group of its own; the builder names it later.

    Args:
        paths: Pictures with different stems.

    Returns:
        The alphabetically first stem of each picture's group.
    """
    names = [path.stem for path in paths]
    found = [
        (name, thumbnail)
        for name, path in zip(names, paths, strict=True)
        if (thumbnail := _thumbnail(path)) is not None
    ]
    readable = [name for name, _ in found]
    thumbnails = np.array([thumbnail for _, thumbnail in found])
    links = []
    for number, thumbnail in enumerate(thumbnails):
        distances = np.sqrt(((thumbnails[number + 1 :] - thumbnail) ** 2).mean(axis=1))
        near = np.flatnonzero(distances < MAX_DISTANCE)
        links += [(readable[number], readable[number + 1 + other]) for other in near]
    group_of = connected_groups(names, links)
    return [group_of[name] for name in names]


def _thumbnail(path: Path) -> np.ndarray | None:
    """Reads a picture at 14 x 14 px in LAB, ``(588,)`` float32; None where it cannot be read."""
    image = cv2.imread(str(path))
    if image is None:
        logger.warning("%s cannot be read", path)
        return None
    small = cv2.resize(image, (THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX), interpolation=cv2.INTER_AREA)
    # times the root of 3 channels: the distance counts per pixel, not per value
    return cv2.cvtColor(small, cv2.COLOR_BGR2LAB).astype(np.float32).ravel() * np.sqrt(3)
