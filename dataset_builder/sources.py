"""What every adapter of a data set yields: one record a photo or video, before any decoding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class SourceItem:
    """A photo or video and what is known of it.

    Attributes:
        path: Where it lies.
        label: ``real`` or ``fake``.
        manipulation: Such as ``Deepfakes``; ``none`` for a real one.
        compression: ``raw``, ``c23``, ``c40``, or ``unknown``.
        video_id: Unique within the data set, includes the manipulation: ``Deepfakes/000_003``.
        target: Sequence whose face was replaced, or the sequence itself when real.
        source: Sequence the face came from; empty when real.
        group: Everything of one group belongs to one split.
    """

    path: str
    label: str
    manipulation: str
    compression: str
    video_id: str
    target: str
    source: str
    group: str


def connected_groups(members: Iterable[str], links: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Connected components: maps each member to the alphabetically first member of its group."""
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
