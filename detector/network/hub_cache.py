"""Whether weights of the Hub's cache are what the Hub has: its client compares sizes only."""

from __future__ import annotations

import re
from pathlib import Path

_SHA256 = re.compile(r"[0-9a-f]{64}")


def weights_are_intact(folder: Path, sha256: str) -> bool:
    """Tells whether the weights of a snapshot have the hash that the Hub gave for them.

    The cache keeps large files under that hash, and links to them from the snapshot. Damaged ones are removed, so that the
    next start fetches them again. Where the cache has no links (Windows without developer mode) nothing can be told.

    Args:
        folder: The snapshot.
        sha256: Hex digest of its weights as they are.
    """
    stored = (folder / "model.safetensors").resolve()
    if not _SHA256.fullmatch(stored.name) or sha256 == stored.name:
        return True
    stored.unlink()
    return False
