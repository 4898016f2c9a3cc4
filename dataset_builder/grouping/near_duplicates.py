"""Finds photos and videos that are copies of each other, by perceptual hash."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from tqdm import tqdm

from dataset_builder.sources import connected_groups
from detector.errors import MediaError
from detector.media.videos.video import Video

logger = logging.getLogger(__name__)

PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".avif", ".heic"}
VIDEO_SUFFIXES = {".mp4", ".mov", ".avi", ".mkv", ".webm"}
# Photos whose 64-bit perceptual hashes differ in at most this many bits count as near-duplicates.
MAX_HASH_DISTANCE = 8
_UNREADABLE = (
    MediaError,
    UnidentifiedImageError,
    Image.DecompressionBombError,
    OSError,
    SyntaxError,
    ValueError,
)


def is_photo(path: str | Path) -> bool:
    """Tells whether a file is a photo, by its suffix."""
    return Path(path).suffix.lower() in PHOTO_SUFFIXES


def near_duplicate_groups(paths: list[Path], links: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
    """Maps each path to the first path of its near-duplicate group (DCT perceptual hash, 64 bits).

    A file that cannot be read is a group of its own; the builder names it later.

    Args:
        paths: Photos and videos; of a video the middle frame counts.
        links: Pairs of these paths that belong together whatever they look like.
    """
    readable, hashes = [], []
    for path in tqdm(paths, desc="hashing", unit="file", disable=None):
        try:
            bits = _perceptual_hash(path)
        except _UNREADABLE as error:
            logger.warning("%s cannot be read: %s", path, error)
            continue
        readable.append(str(path))
        hashes.append(np.packbits(bits).view(np.uint64)[0])
    codes = np.array(hashes, dtype=np.uint64)
    found = list(links)
    for index, code in enumerate(codes):
        near = np.flatnonzero(np.bitwise_count(codes[index + 1 :] ^ code) <= MAX_HASH_DISTANCE)
        found += [(readable[index], readable[index + 1 + other]) for other in near]
    return connected_groups(map(str, paths), found)


def _perceptual_hash(path: Path) -> np.ndarray:
    # imports SciPy and PyWavelets, which take a second, and only photos without names need it
    import imagehash

    if not is_photo(path):
        with Video(path, max_bytes=None) as video:
            (frame,) = video.sample_frames(1)
        return imagehash.phash(Image.fromarray(frame.image)).hash
    with Image.open(path) as image:
        image.draft("L", (128, 128))  # decode JPEG at reduced size: the hash needs 32 px
        return imagehash.phash(ImageOps.exif_transpose(image)).hash
