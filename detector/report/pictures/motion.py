"""Where each face is between the sampled instants of a clip."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from detector.facts import Box
from detector.results import FaceTrack, FrameScore, Result

# Over more samples in a row without the face, nobody knows where it was.
MAX_MISSED_SAMPLES = 2
# A box stays so long before and after it is known, so that a face seen in one sample is more than a flash.
HOLD_S = 0.25


@dataclass(frozen=True)
class PlacedFace:
    """A face at an instant: its track, box ``(x0, y0, x1, y1)``, and the score of the nearest sampled frame, 0..1."""

    track_id: int
    box_px: Box
    score: float


class FaceMotion:
    """The faces of a result at any instant.

    Between two sampled instants a box moves in a straight line; not across a cut, and not where the face was
    missed for more than `MAX_MISSED_SAMPLES`.
    """

    def __init__(self, result: Result):
        self._tracks = [(track, [frame.time_s for frame in track.frames]) for track in result.faces]
        self._cuts = result.cuts
        instants = {time_s for _, times in self._tracks for time_s in times}
        instants |= {face.time_s for face in result.not_assessed}
        instants |= {time_s for cut in result.cuts for time_s in (cut.after_s, cut.before_s)}
        # samples without a face are not in the result; most neighbours among those that are lie one step apart
        steps = np.diff(sorted(instants))
        self._step_s = float(np.quantile(steps, 0.25)) if len(steps) else 2 * HOLD_S
        self._hold_s = min(HOLD_S, self._step_s / 2)

    def at(self, time_s: float) -> list[PlacedFace]:
        """Gives the faces whose place is known at an instant, in seconds since the first frame."""
        placed = (self._place(track, times, time_s) for track, times in self._tracks)
        return [face for face in placed if face is not None]

    def _place(self, track: FaceTrack, times: list[float], time_s: float) -> PlacedFace | None:
        following = bisect_right(times, time_s)
        around = track.frames[max(following - 1, 0) : following + 1]
        nearest = min(around, key=lambda frame: abs(frame.time_s - time_s))
        if 0 < following < len(times) and self._is_known_between(*around):
            before, after = around
            share = (time_s - before.time_s) / (after.time_s - before.time_s)
            x0, y0, x1, y1 = (a + share * (b - a) for a, b in zip(before.box_px, after.box_px, strict=True))
            return PlacedFace(track.track_id, (x0, y0, x1, y1), nearest.score)
        if abs(nearest.time_s - time_s) <= self._hold_s:
            return PlacedFace(track.track_id, nearest.box_px, nearest.score)
        return None

    def _is_known_between(self, before: FrameScore, after: FrameScore) -> bool:
        missed = round((after.time_s - before.time_s) / self._step_s) - 1
        return missed <= MAX_MISSED_SAMPLES and not any(
            before.time_s <= cut.after_s and cut.before_s <= after.time_s for cut in self._cuts
        )
