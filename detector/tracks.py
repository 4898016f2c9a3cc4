"""Links the faces of sampled frames into face tracks."""

from __future__ import annotations

from detector.faces import DetectedFace

# Samples of a clip can lie a second apart, so faces are linked by nearness, not by overlap alone.
MAX_SHIFT = 1.0  # distance between centres over the mean box side
MAX_SIZE_RATIO = 2.0


def link_tracks(frames: list[list[DetectedFace]]) -> list[list[tuple[int, DetectedFace]]]:
    """Groups the faces of consecutive frames that are the same person, as far as place and size tell.

    Nearest pairs are linked first; each face belongs to one track. A track survives frames in
    which its face was not found.

    Args:
        frames: The faces of each sampled frame, in order of time.

    Returns:
        Tracks as lists of ``(frame index, face)``, the longest first, then the one with the larger faces.
    """
    tracks: list[list[tuple[int, DetectedFace]]] = []
    for index, faces in enumerate(frames):
        candidates = sorted(
            (distance, number, position)
            for number, track in enumerate(tracks)
            for position, face in enumerate(faces)
            if (distance := _distance(track[-1][1], face)) is not None
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
