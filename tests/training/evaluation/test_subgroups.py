"""False alarms on groups of real faces."""

import numpy as np
import pytest

from training.evaluation.subgroups import RealFace, Trait, alarm_share, reduced_row, subgroup_rows

POSE = Trait("pose", "pose", (0, 30, 91), ("frontal", "turned"))


def face(number: int, pose: float, log_odds: float, ratio: float = 0.0, source: str = "a") -> RealFace:
    return RealFace(source, f"{source}{number}", log_odds, ratio, {"pose": pose})


def test_group_with_more_alarms_than_all_others_is_found():
    frontal = [face(number, 5, -2.0 + number % 3) for number in range(100)]
    turned = [face(100 + number, 60, 1.0, ratio=1.0 if number < 20 else 0.0) for number in range(50)]
    even, higher = subgroup_rows(frontal + turned, [POSE])
    assert (even["group"], even["alarms"]["count"], even["others"]["count"], even["is_higher"]) == (
        "frontal",
        0,
        20,
        False,
    )
    assert (higher["group"], higher["alarms"]["count"], higher["alarms"]["of"], higher["is_higher"]) == (
        "turned",
        20,
        50,
        True,
    )
    low, high = higher["alarms"]["interval"]  # of Wilson, 20 of 50
    assert (low, high) == pytest.approx((0.276, 0.538), abs=1e-3)
    assert higher["shift_interval"][0] > 1.5


def test_few_faces_are_no_difference():
    faces = [face(number, 5, 0.0) for number in range(30)] + [face(99, 60, 0.0, ratio=1.0)]
    assert not any(row["is_higher"] for row in subgroup_rows(faces, [POSE]))


def test_source_that_scores_high_does_not_stand_for_the_group():
    high = [face(number, 60 if number < 18 else 5, 2.0, source="high") for number in range(20)]
    low = [face(number, 60 if number < 2 else 5, -2.0, source="low") for number in range(20)]
    _, turned = subgroup_rows(high + low, [POSE])
    assert turned["mean_score"] > 0.7 and turned["shift"] == 0.0


def test_face_whose_trait_is_not_known_counts_nowhere():
    (row,) = subgroup_rows([face(1, 5, 0.0), face(2, 5, 0.0), face(3, np.nan, 5.0, ratio=2.0)], [POSE])
    assert (row["alarms"]["of"], row["others"]["of"], row["shift"]) == (2, 0, None)


def test_share_of_nothing_is_open():
    assert alarm_share(np.array([])) == {"count": 0, "of": 0, "interval": [0.0, 1.0]}


def test_reduced_faces_are_compared_with_themselves():
    before = [face(number, 5, -1.0, ratio=-0.3) for number in range(40)]
    log_odds = np.full(40, 0.5)
    log_odds[0] = np.nan
    row = reduced_row(52, before, log_odds, np.where(np.arange(40) < 20, 0.4, -0.3))
    assert (row["not_found"], row["alarms"]["count"], row["support"]["count"], row["support"]["of"]) == (1, 0, 19, 39)
    assert row["support_before"]["count"] == 0 and row["support_is_higher"] and not row["alarms_is_higher"]
    assert row["shift"] == pytest.approx(1.5)
