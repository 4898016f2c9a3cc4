"""Whether weights of the Hub's cache are what the Hub has: its client compares sizes only."""

from __future__ import annotations

import re
from pathlib import Path

from detector.media.files import file_sha256

_SHA256 = re.compile(r"[0-9a-f]{64}")


def weights_are_intact(folder: Path) -> bool:
    """Whether the weights of a snapshot have the hash that the Hub gave for them.

    The cache keeps large files under that hash, and links to them from the snapshot. Damaged ones are removed, so that the
    next start fetches them again. Where the cache has no links (Windows without developer mode) nothing can be told.
    """
    stored = (folder / "model.safetensors").resolve()
    if not _SHA256.fullmatch(stored.name) or not stored.is_file() or file_sha256(stored) == stored.name:
        return True
    stored.unlink()
    return False
