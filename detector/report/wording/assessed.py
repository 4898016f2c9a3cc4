"""How many of the faces that were found a verdict is about."""

from __future__ import annotations

from detector.messages import Message, counted
from detector.results import Result


def assessed_text(result: Result) -> Message | None:
    """Says how many of the faces were assessed; None where all were, or none was found.

    Faces of a clip are tracks where they were assessed, and sightings in single frames where they were not: of these the
    frames are counted.
    """
    if not result.not_assessed:
        return None
    assessed = len(result.faces)
    if result.file.duration_s is None:
        every = assessed + len(result.not_assessed)
        return counted(
            "{assessed} of {count} face assessed", "{assessed} of {count} faces assessed", every, assessed=assessed
        )
    faces = counted("{count} face assessed", "{count} faces assessed", assessed)
    frames = len({face.time_s for face in result.not_assessed})
    return counted(
        "{faces}; in {count} frame there is a face that could not be",
        "{faces}; in {count} frames there is a face that could not be",
        frames,
        faces=faces,
    )
