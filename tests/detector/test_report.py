"""What people read of a result."""

import pytest

from detector.report import score_text


@pytest.mark.parametrize(
    ("score", "text"),
    [(0.0004, "0.0004"), (0.42668, "0.43"), (0.989, "0.99"), (0.9991, "0.9991"), (0.99984, "0.9998"), (1.0, "1.0000")],
)
def test_score_just_under_a_threshold_does_not_read_as_one_that_reached_it(score, text):
    assert score_text(score) == text
