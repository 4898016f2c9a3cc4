"""Describes photos and videos before any decoding; every adapter of a data set yields these records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

COMPRESSIONS = ("raw", "c23", "c40")
REAL = "real"  # the name of "no manipulation" among the manipulations


@dataclass(frozen=True)
class SourceItem:
    """A photo or video and what is known of it.

    Attributes:
        path: Where it lies.
        manipulation: Such as ``Deepfakes``; ``real`` for a real one.
        compression: ``raw``, ``c23``, ``c40``, or ``unknown``.
        video_id: Unique within the data set, includes the manipulation: ``Deepfakes/000_003``.
        target: Sequence whose face was replaced, or the sequence itself when real.
        source: Sequence the face came from; empty when real or unknown.
        groups: What it must share its split with. Most have one; a fake of two actors has one of each, a frame of an
            uncertain sequence one of each that it may belong to. It is dropped where these are in different splits.
        official_split: In which split the authors' lists put it; empty where they leave it out, None where the
            set has no lists.
        target_video: `video_id` of the real photo or video it was made from; empty when real or unknown.
        mask_path: Video of the manipulated region; empty where there is none.
        collection: The collection it comes from, by which whole sources can be kept apart.
    """

    path: str
    manipulation: str
    compression: str
    video_id: str
    target: str
    source: str
    groups: tuple[str, ...]
    official_split: str | None = None
    target_video: str = ""
    mask_path: str = ""
    collection: str = ""

    @property
    def label(self) -> int:
        """Gives 0 for real, 1 for fake."""
        return int(self.manipulation != REAL)

    @property
    def group(self) -> str:
        """Gives the group of the target."""
        return self.groups[0]


@dataclass(frozen=True)
class SourceOptions:
    """Tells an adapter what to look for.

    Attributes:
        root: The source folder.
        manipulations: Fakes to take; for a labelled folder the name to give to them.
        compression: ``raw``, ``c23`` or ``c40``; for FaceForensics++ only.
        splits_dir: Folder with the three JSON files of the official split; empty for none.
        conversion_dict: JSON file that names the YouTube video of each sequence; empty for none.
        beside: FaceForensics++ folder whose videos are used beside this set; empty for none.
    """

    root: Path
    manipulations: tuple[str, ...] = ()
    compression: str = "unknown"
    splits_dir: str = ""
    conversion_dict: str = ""
    beside: str = ""


@dataclass(frozen=True)
class SourceSet:
    """What an adapter found in a folder.

    Attributes:
        items: The photos or videos of the chosen manipulations and their originals.
        groups: All groups of the folder, chosen or not.
        published: How many videos the published set has, by manipulation (``real`` for the originals); empty if unknown.
        without_original: `video_id` of fakes whose real video is known but not in the folder.
    """

    items: tuple[SourceItem, ...]
    groups: frozenset[str]
    published: dict[str, int]
    without_original: tuple[str, ...] = ()


def connected_groups(members: Iterable[str], links: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Maps each member to the alphabetically first member of its group: connected components."""
    parent = {member: member for member in members}

    def root(member: str) -> str:
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    for a, b in links:
        first, second = sorted((root(a), root(b)))
        parent[second] = first
    return {member: root(member) for member in parent}


def without_original(items: Iterable[SourceItem]) -> tuple[str, ...]:
    """Lists fakes whose real photo or video is known but not among the items."""
    items = list(items)
    reals = {item.video_id for item in items if item.label == 0}
    return tuple(sorted(item.video_id for item in items if item.target_video and item.target_video not in reals))
