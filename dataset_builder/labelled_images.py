"""A folder of labelled photos: ``real/``, ``fake/`` or both, any depth below."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from tqdm import tqdm

from dataset_builder.sources import SourceItem, connected_groups

logger = logging.getLogger(__name__)

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".avif", ".heic"}
# Photos whose 64-bit perceptual hashes differ in at most this many bits count as near-duplicates.
MAX_HASH_DISTANCE = 8


def find_images(root: str | Path, manipulation: str) -> list[SourceItem]:
    """The photos of a folder, grouped by near-duplicates.

    Args:
        root: Folder with ``real`` and ``fake`` below it.
        manipulation: What the fakes are called in the ``manipulation`` column.

    Raises:
        FileNotFoundError: Neither folder holds a photo. One alone will do: real photos serve for pairs and false alarms.
    """
    root = Path(root)
    found = []
    for label in ("real", "fake"):
        paths = sorted(path for path in (root / label).rglob("*") if path.suffix.lower() in SUFFIXES)
        found += [(path, label) for path in paths]
    if not found:
        raise FileNotFoundError(
            f"No photo lies in {root / 'real'} or {root / 'fake'}; --images must hold these folders."
        )
    group_of = near_duplicate_groups([path for path, _ in found])
    stems = Counter(path.with_suffix("") for path, _ in found)

    def name_of(path: Path) -> str:
        # a.jpg and a.png keep their suffixes, so that names stay unique
        return (path if stems[path.with_suffix("")] > 1 else path.with_suffix("")).relative_to(root).as_posix()

    items = []
    for path, label in found:
        name = name_of(path)
        group = name_of(Path(group_of[str(path)]))
        kind = manipulation if label == "fake" else "none"
        items.append(SourceItem(str(path), label, kind, "unknown", name, name, "", group))
    return items


def near_duplicate_groups(paths: list[Path], max_distance: int = MAX_HASH_DISTANCE) -> dict[str, str]:
    """Maps each path to the first path of its near-duplicate group (DCT perceptual hash, 64 bits).

    A file that cannot be read is a group of its own; the builder names it later.
    """
    readable, hashes = [], []
    for path in tqdm(paths, desc="hashing photos", unit="photo", disable=None):
        try:
            with Image.open(path) as image:
                image.draft("L", (128, 128))  # decode JPEG at reduced size: the hash needs 32 px
                bits = imagehash.phash(ImageOps.exif_transpose(image)).hash
        except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
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
