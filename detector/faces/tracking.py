"""Links the faces of sampled frames into face tracks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable

from detector.faces.detection import DetectedFace

# Samples of a clip can lie a second apart, so faces are linked by nearness, not by overlap alone.
MAX_SHIFT = 1.0  # distance between centres over the mean box side
MAX_SIZE_RATIO = 2.0

Sighting = tuple[int, DetectedFace]  # frame index and face


def link_tracks(
    frames: list[list[DetectedFace]],
    cuts: Iterable[int] = (),
    alike: Callable[[Sighting, Sighting], bool] | None = None,
) -> list[list[Sighting]]:
    """Groups the faces of consecutive frames that are the same person, as far as place and size tell.

    Nearest pairs are linked first; each face belongs to one track. A track survives frames in
    which its face was not found. Behind a cut, place and size say nothing about who it is: a track goes on there
    only with a face that looks alike, as in an interview that cuts to and fro; else a new one begins.

    Args:
        frames: The faces of each sampled frame, in order of time.
        cuts: Indices of the frames before which the clip cuts to another shot.
        alike: Whether two faces with a cut between them look like one person; without it, none do.

    Returns:
        Tracks as lists of ``(frame index, face)``, the longest first, then the one with the larger faces.
    """
    tracks: list[list[Sighting]] = []
    shot_starts = sorted(cuts)
    shots = [bisect_right(shot_starts, index) for index in range(len(frames))]
    for index, faces in enumerate(frames):
        candidates = sorted(
            (distance, number, position)
            for number, track in enumerate(tracks)
            for position, face in enumerate(faces)
            if (distance := _distance(track[-1][1], face)) is not None
            and (shots[track[-1][0]] == shots[index] or (alike is not None and alike(track[-1], (index, face))))
        )
        linked_tracks, linked_faces = set(), set()
        for _, number, position in candidates:
            if number not in linked_tracks and position not in linked_faces:
                tracks[number].append((index, faces[position]))
                linked_tracks.add(number)
                linked_faces.add(position)
        tracks += [[(index, face)] for position, face in enumerate(faces) if position not in linked_faces]
    return sorted(tracks, key=lambda track: (-len(track), -sum(face.size_px for _, face in track), track[0][0]))


def _distance(a: DetectedFace, b: DetectedFace) -> float | None:
    """Shift of the centre over the mean size; None where the two cannot be one face."""
    if max(a.size_px, b.size_px) > MAX_SIZE_RATIO * min(a.size_px, b.size_px):
        return None
    ax, ay = (a.box_px[0] + a.box_px[2]) / 2, (a.box_px[1] + a.box_px[3]) / 2
    bx, by = (b.box_px[0] + b.box_px[2]) / 2, (b.box_px[1] + b.box_px[3]) / 2
    shift = ((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5 / ((a.size_px + b.size_px) / 2)
    return shift if shift <= MAX_SHIFT else None
