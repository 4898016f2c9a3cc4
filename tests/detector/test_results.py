"""Which frames are shown first."""

import numpy as np
import pytest

from detector.facts import DetectedFace
from detector.results import Analysis, ShownFace, ShownFrame

FACE = DetectedFace((0, 0, 60, 60), ((0.0, 0.0),) * 5, 0.9)


def clip(*scores: float | None) -> Analysis:
    """A clip with one face a frame of these scores; None for a frame without a face."""
    return Analysis(
        None,
        tuple(
            ShownFrame(
                float(number),
                np.zeros((2, 2, 3), np.uint8),
                () if score is None else (ShownFace(1, FACE, score, np.zeros((1, 1))),),
            )
            for number, score in enumerate(scores)
        ),
    )


@pytest.mark.parametrize(
    ("scores", "count", "times_s"),
    [
        ((0.1, 0.9, 0.8, 0.2, 0.5), 2, [1, 4]),  # the neighbour of the highest tells nothing new
        ((0.1, 0.9, 0.8, 0.2, 0.5), 3, [1, 4, 2]),  # but is better than nothing
        ((0.1, 0.9, 0.8, 0.7, 0.1), 3, [1, 3, 2]),  # and than a frame that is not suspicious
        ((0.3, None, 0.3), 5, [0, 2]),
        ((None, None), 5, []),
    ],
)
def test_most_suspicious_frames_are_not_all_of_one_instant(scores, count, times_s):
    assert sorted(frame.time_s for frame in clip(*scores).most_suspicious(count)) == sorted(times_s)


def test_most_suspicious_frames_come_in_order_of_score():
    shown = clip(0.2, 0.1, 0.9, 0.1, 0.5).most_suspicious(3)
    assert [frame.score for frame in shown] == [0.9, 0.5, 0.2]
