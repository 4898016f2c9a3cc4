"""A folder of labelled photos and videos: ``real/``, ``fake/`` or both, any depth below."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from tqdm import tqdm

from dataset_builder.sources import REAL, SourceItem, SourceSet, connected_groups
from detector.errors import MediaError
from detector.media.videos import Video

logger = logging.getLogger(__name__)

PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".avif", ".heic"}
VIDEO_SUFFIXES = {".mp4", ".mov", ".avi", ".mkv", ".webm"}
# Photos whose 64-bit perceptual hashes differ in at most this many bits count as near-duplicates.
MAX_HASH_DISTANCE = 8


def is_photo(path: str) -> bool:
    """Whether a file is a photo, by its suffix."""
    return Path(path).suffix.lower() in PHOTO_SUFFIXES


def find_labelled(root: str | Path, manipulation: str) -> SourceSet:
    """The photos and videos of a folder, grouped by near-duplicates; of a video its middle frame counts.

    Args:
        root: Folder with ``real`` and ``fake`` below it.
        manipulation: What the fakes are called in the ``manipulation`` column.

    Raises:
        FileNotFoundError: Neither folder holds a photo or video. One alone will do: real photos serve for
            pseudo-fakes and false alarms.
    """
    root = Path(root)
    suffixes = PHOTO_SUFFIXES | VIDEO_SUFFIXES
    found = []
    for folder, kind in (("real", REAL), ("fake", manipulation)):
        paths = sorted(path for path in (root / folder).rglob("*") if path.suffix.lower() in suffixes)
        found += [(path, kind) for path in paths]
    if not found:
        raise FileNotFoundError(
            f"No photo or video lies in {root / 'real'} or {root / 'fake'}; the folder given must hold these two."
        )
    group_of = near_duplicate_groups([path for path, _ in found])
    stems = Counter(path.with_suffix("") for path, _ in found)

    def name_of(path: Path) -> str:
        # a.jpg and a.png keep their suffixes, so that names stay unique
        return (path if stems[path.with_suffix("")] > 1 else path.with_suffix("")).relative_to(root).as_posix()

    items = []
    for path, kind in found:
        name = name_of(path)
        group = name_of(Path(group_of[str(path)]))
        items.append(SourceItem(str(path), kind, "unknown", name, name, "", (group,)))
    return SourceSet(tuple(items), frozenset(item.group for item in items), {})


def near_duplicate_groups(paths: list[Path], max_distance: int = MAX_HASH_DISTANCE) -> dict[str, str]:
    """Maps each path to the first path of its near-duplicate group (DCT perceptual hash, 64 bits).

    A file that cannot be read is a group of its own; the builder names it later.
    """
    readable, hashes = [], []
    for path in tqdm(paths, desc="hashing", unit="file", disable=None):
        try:
            bits = _perceptual_hash(path)
        except (
            *(MediaError, UnidentifiedImageError, Image.DecompressionBombError),
            *(OSError, SyntaxError, ValueError),
        ) as error:
            logger.warning("%s cannot be read: %s", path, error)
            continue
        readable.append(str(path))
        hashes.append(np.packbits(bits).view(np.uint64)[0])
    codes = np.array(hashes, dtype=np.uint64)
    links = []
    for index, code in enumerate(codes):
        near = np.flatnonzero(np.bitwise_count(codes[index + 1 :] ^ code) <= max_distance)
        links += [(readable[index], readable[index + 1 + other]) for other in near]
    return connected_groups(map(str, paths), links)


def _perceptual_hash(path: Path) -> np.ndarray:
    if not is_photo(str(path)):
        with Video(path, max_bytes=None) as video:
            (frame,) = video.sample_frames(1)
        return imagehash.phash(Image.fromarray(frame.image)).hash
    with Image.open(path) as image:
        image.draft("L", (128, 128))  # decode JPEG at reduced size: the hash needs 32 px
        return imagehash.phash(ImageOps.exif_transpose(image)).hash
