"""Deals groups, never files, to train, test and validation, and balances the classes."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable

from dataset_builder.sources import SourceItem

# The shares of the original project.
SHARES = {"train": 0.65, "test": 0.20, "validation": 0.15}


def assign_groups(groups: Iterable[str], seed: int = 0) -> dict[str, str]:
    """Maps each group to its split.

    Groups are put in the order of a hash of their name, then cut at the shares; the order in
    which a file system lists them plays no part. From three groups on, no split is empty.
    """
    ordered = sorted(set(groups), key=lambda group: hashlib.sha256(f"{seed}/{group}".encode()).digest())
    held_out = {
        split: max(round(len(ordered) * SHARES[split]), 1 if len(ordered) >= 3 else 0)
        for split in ("test", "validation")
    }
    splits = {}
    for position, group in enumerate(ordered):
        if position < held_out["test"]:
            splits[group] = "test"
        elif position < held_out["test"] + held_out["validation"]:
            splits[group] = "validation"
        else:
            splits[group] = "train"
    return splits


def split_items(items: list[SourceItem], split_of: dict[str, str]) -> dict[str, list[SourceItem]]:
    """The items of each split, in the order train, test, validation."""
    by_split: dict[str, list[SourceItem]] = {split: [] for split in SHARES}
    for item in items:
        by_split[split_of[item.group]].append(item)
    return by_split


def balanced_indices(labels: list[int], video_ids: list[str]) -> list[int]:
    """Rows to keep so that every label that occurs has as many as the scarcest one.

    Rows are dropped in turn from the videos that have most left, so no video is favoured; none is duplicated.
    """
    rows_of: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row, (label, video) in enumerate(zip(labels, video_ids, strict=True)):
        rows_of[label][video].append(row)
    wanted = min((sum(map(len, videos.values())) for videos in rows_of.values()), default=0)
    kept = []
    for videos in rows_of.values():
        order = sorted(videos, key=lambda video: hashlib.sha256(video.encode()).digest())
        depth = max(map(len, videos.values()))
        # first one row of every video, then a second, ...: middle rows before the ends
        ranked = [
            _spread(videos[video])[level] for level in range(depth) for video in order if level < len(videos[video])
        ]
        kept += ranked[:wanted]
    return sorted(kept)


def _spread(rows: list[int]) -> list[int]:
    """Rows in an order whose every beginning is spread over the whole."""
    bits = max(len(rows) - 1, 1).bit_length()
    return sorted(rows, key=lambda row: int(f"{rows.index(row):0{bits}b}"[::-1], 2))
