"""Deals groups, never files, to train, test and validation, and balances the classes."""

from __future__ import annotations

import hashlib
import itertools
import logging
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from dataset_builder.sources import SourceItem, SourceSet

logger = logging.getLogger(__name__)

# 2 x ~960 videos x 13 frames are the ~25,000 stills of the original project.
FRAMES_PER_VIDEO = 13
SPLITS = ("newsroom", "official", "leave-one-out", "test-only")
# The shares of the original project.
SHARES = {"train": 0.65, "test": 0.20, "validation": 0.15}
# Of the first salts tried, before any video was seen, the one that comes closest to these shares for the names of
# the 1000 sequences (and random pairs of them) and deals the 28 actors of DeepFakeDetection 18, 6 and 4.
_SALT = "newsroom-3619"


def assign_groups(groups: Iterable[str]) -> dict[str, str]:
    """Maps each group to its split, by a hash of its name alone.

    What else is in the folder plays no part, so a group is in the same split for every manipulation,
    compression and selection of videos, and the shares hold on average. Only where that leaves a
    split empty, in a folder of few groups, the group whose hash lies nearest to it moves there.
    """
    places = {group: _place(group) for group in sorted(set(groups))}
    ranges, start = {}, 0.0
    for split, share in SHARES.items():
        ranges[split] = (start, start + share)
        start += share
    split_of = {
        group: next((split for split, (_, end) in ranges.items() if place < end), "validation")
        for group, place in places.items()
    }
    for split, (low, high) in ranges.items():
        members = defaultdict(list)
        for group, name in split_of.items():
            members[name].append(group)
        movable = [group for names in members.values() if len(names) > 1 for group in names]
        if len(places) >= len(SHARES) and not members[split]:
            nearest = min(movable, key=lambda group: max(low - places[group], places[group] - high))
            logger.warning("few groups: %s moves from %s to %s, which had none", nearest, split_of[nearest], split)
            split_of[nearest] = split
    return split_of


def _place(group: str) -> float:
    """Gives a number in 0..1 that looks random and depends on the name alone."""
    return int.from_bytes(hashlib.sha256(f"{_SALT}/{group}".encode()).digest()[:8], "big") / 2**64


@dataclass(frozen=True)
class SplitAssignment:
    """Says which item goes where.

    Attributes:
        by_split: Items of train, test and validation, in this order.
        dropped: Why an item is in no split, by its `video_id`.
        crossing_groups: Groups that the official lists put into several splits; empty for every other split.
    """

    by_split: dict[str, list[SourceItem]]
    dropped: dict[str, str]
    crossing_groups: dict[str, list[str]]


def deal(found: SourceSet, split: str, held_out: str = "") -> SplitAssignment:
    """Puts every item into a split, or drops it with a reason.

    Args:
        found: What the folder holds.
        split: ``newsroom`` (by group, .65/.20/.15), ``official`` (the authors' lists; what has none, by
            group), ``leave-one-out`` (as newsroom, but the fakes of `held_out` are in test alone, and no
            other fakes are), or ``test-only``.
        held_out: A manipulation, for ``leave-one-out``.

    Raises:
        ValueError: The set has no official lists, or no fakes, or only fakes, of the held-out manipulation.
    """
    if split == "official" and all(item.official_split is None for item in found.items):
        raise ValueError("No official split is known for these videos; give --splits-dir, or choose another --split.")
    manipulations = {item.manipulation for item in found.items if item.label}
    if split == "leave-one-out" and (held_out not in manipulations or len(manipulations) < 2):
        raise ValueError(
            f"--held-out must be one of several manipulations in the folder: {', '.join(sorted(manipulations))}."
        )
    split_of = assign_groups(found.groups)
    by_split: dict[str, list[SourceItem]] = {name: [] for name in SHARES}
    dropped = {}
    for item in found.items:
        places = {split_of[group] for group in item.groups}
        if split == "test-only":
            places = {"test"}
        elif split == "official" and item.official_split is not None:
            places = {item.official_split}
        if len(places) > 1:
            dropped[item.video_id] = "crossing"
        elif places == {""}:
            dropped[item.video_id] = "not in the official split"
        elif split == "leave-one-out" and item.label and (item.manipulation == held_out) != (places == {"test"}):
            dropped[item.video_id] = "held out"
        else:
            by_split[places.pop()].append(item)
    return SplitAssignment(by_split, dropped, _check_no_leak(by_split, official=split == "official"))


def _check_no_leak(by_split: dict[str, list[SourceItem]], official: bool) -> dict[str, list[str]]:
    """Lists groups in several splits: none, or those that the official lists tear apart.

    Raises:
        AssertionError: A group leaks, or with the official lists, a pair of target and source.
    """
    groups, sequences = defaultdict(set), defaultdict(set)
    for split, items in by_split.items():
        for item in items:
            for group in item.groups:
                groups[group].add(split)
            for sequence in filter(None, (item.target, item.source)):
                sequences[item.official_split is None, sequence].add(split)
    crossing = {group: sorted(splits) for group, splits in sorted(groups.items()) if len(splits) > 1}
    torn = [name for (_, name), splits in sequences.items() if len(splits) > 1] if official else list(crossing)
    if torn:
        raise AssertionError(f"{len(torn)} groups are in several splits: {', '.join(sorted(torn)[:5])}")
    return crossing


def frames_to_sample(real_videos: int, fake_videos: int, frames_per_video: int) -> tuple[int, int]:
    """Says how many frames to take of a real and of a fake video: the scarcer class gives more, to as many crops in all.

    The larger number is an odd multiple of the smaller: evenly spaced instants of the one are then
    among those of the other.
    """

    def times(own: int, other: int) -> int:
        factor = max(math.ceil(other / own), 1) if own else 1
        return frames_per_video * (factor + (factor + 1) % 2)

    return times(real_videos, fake_videos), times(fake_videos, real_videos)


def balanced_indices(
    labels: list[int], video_ids: list[str], ranks: list[int] | None = None, seed: int = 0
) -> list[int]:
    """Chooses the rows to keep so that every label that occurs has as many as the scarcest one.

    Rows are dropped in turn from the videos that have most left, so no video is favoured; none is duplicated.

    Args:
        labels: The label of each row.
        video_ids: The video of each row; rows of a video are in order of time.
        ranks: The rank of each row; all rows of a rank are kept before one of the next. Default: all alike.
        seed: Decides which videos give up a row first when not all need to.
    """
    ranks = ranks or [0] * len(labels)
    rows_of: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row, (label, video) in enumerate(zip(labels, video_ids, strict=True)):
        rows_of[label][video].append(row)
    wanted = min((sum(map(len, videos.values())) for videos in rows_of.values()), default=0)
    kept = []
    for videos in rows_of.values():
        order = sorted(videos, key=lambda video: hashlib.sha256(f"{seed}/{video}".encode()).digest())
        in_turn: list[int] = []
        for rank in sorted({ranks[row] for rows in videos.values() for row in rows}):
            spread = [_spread([row for row in videos[video] if ranks[row] == rank]) for video in order]
            # first one row of every video, then a second, ...
            in_turn += [row for level in itertools.zip_longest(*spread) for row in level if row is not None]
        kept += in_turn[:wanted]
    return sorted(kept)


def _spread(rows: list[int]) -> list[int]:
    """Orders rows so that every beginning of the order is spread over the whole."""
    bits = max(len(rows) - 1, 1).bit_length()
    order = sorted(range(len(rows)), key=lambda index: int(f"{index:0{bits}b}"[::-1], 2))
    return [rows[index] for index in order]
