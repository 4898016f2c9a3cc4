"""Links the faces of sampled frames into face tracks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from detector.facts import DetectedFace

# Samples of a clip can lie a second apart, so faces are linked by nearness, not by overlap alone.
MAX_SHIFT = 1.0  # distance between centres over the mean box side
MAX_SIZE_RATIO = 2.0


@dataclass(frozen=True)
class Sighting:
    """A face of a sampled frame.

    Attributes:
        frame: Index of the frame.
        position: Index of the face among those of its frame.
        face: The face.
    """

    frame: int
    position: int
    face: DetectedFace


Track = list[Sighting]
IsAlike = Callable[[Sighting, Sighting], bool]


def link_tracks(
    frames: Sequence[Sequence[DetectedFace]], cuts: Iterable[int] = (), is_alike: IsAlike | None = None
) -> list[Track]:
    """Groups the faces of consecutive frames that are the same person, as far as place and size tell.

    Nearest pairs are linked first; each face belongs to one track. A track survives frames in
    which its face was not found. Behind a cut, place and size say nothing about who it is: a track goes on there
    only with a face that looks alike, as in an interview that cuts to and fro; else a new one begins.

    Args:
        frames: The faces of each sampled frame, in order of time.
        cuts: Indices of the frames before which the clip cuts to another shot.
        is_alike: Tells whether two faces with a cut between them look like one person; without it, none do.

    Returns:
        The tracks, the longest first, then the one with the larger faces.
    """
    tracks: list[Track] = []
    shot_starts = sorted(cuts)
    shots = [bisect_right(shot_starts, index) for index in range(len(frames))]

    def may_go_on(track: Track, sighting: Sighting) -> bool:
        last = track[-1]
        return shots[last.frame] == shots[sighting.frame] or (is_alike is not None and is_alike(last, sighting))

    for index, faces in enumerate(frames):
        sightings = [Sighting(index, position, face) for position, face in enumerate(faces)]
        candidates = sorted(
            (distance, number, sighting.position)
            for number, track in enumerate(tracks)
            for sighting in sightings
            if (distance := _distance(track[-1].face, sighting.face)) is not None and may_go_on(track, sighting)
        )
        linked_tracks, linked_faces = set(), set()
        for _, number, position in candidates:
            if number not in linked_tracks and position not in linked_faces:
                tracks[number].append(sightings[position])
                linked_tracks.add(number)
                linked_faces.add(position)
        tracks += [[sighting] for sighting in sightings if sighting.position not in linked_faces]
    return sorted(tracks, key=lambda track: (-len(track), -sum(seen.face.size_px for seen in track), track[0].frame))


def _distance(a: DetectedFace, b: DetectedFace) -> float | None:
    """Gives the shift of the centre over the mean size; None where the two cannot be one face."""
    if max(a.size_px, b.size_px) > MAX_SIZE_RATIO * min(a.size_px, b.size_px):
        return None
    ax, ay = (a.box_px[0] + a.box_px[2]) / 2, (a.box_px[1] + a.box_px[3]) / 2
    bx, by = (b.box_px[0] + b.box_px[2]) / 2, (b.box_px[1] + b.box_px[3]) / 2
    shift: float = ((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5 / ((a.size_px + b.size_px) / 2)
    return shift if shift <= MAX_SHIFT else None
