"""Warnings about faces that the model was measured to judge worse than others."""

from __future__ import annotations

from detector.evidence_scale import EvidenceScales
from detector.messages import Message
from detector.results import FaceTrack, Result


def cautions(result: Result, scales: EvidenceScales | None = None) -> list[Message]:
    """Warns where real faces like the deciding one get support for manipulation more often, with the measured counts.

    Args:
        result: What is said about the file.
        scales: Those of the model that answered; without a measurement in them there is nothing to say.
    """
    track = result.deciding_track
    small = scales.small_faces if scales else None
    if track is None or small is None or result.verdict == "no_manipulation_found":
        return []
    size_px = _middle_size_px(track)
    if size_px >= small.below_px:
        return []
    return [
        Message(
            "Face {number} is only {pixels} pixels wide, and real faces that small score too high: of {of} real photos, reduced until "
            "the face had {side} pixels, {count} got support for manipulation; as they were, {before} did.",
            {
                "number": track.track_id,
                "pixels": size_px,
                "of": small.supported.of,
                "side": round(small.side_px),
                "count": small.supported.count,
                "before": small.supported_before.count,
            },
        )
    ]


def _middle_size_px(track: FaceTrack) -> int:
    """Gives the shorter side of a face, the median over its frames."""
    sizes = sorted(min(x1 - x0, y1 - y0) for x0, y0, x1, y1 in (frame.box_px for frame in track.frames))
    return sizes[len(sizes) // 2]
