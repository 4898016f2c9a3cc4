import numpy as np
import pytest

from detector.facts import Thresholds
from training.evaluation.tilt import DEGREES, tilt_figures, turn
from training.report.card_tables import tilt_table


def test_crop_is_turned_clockwise_around_its_middle():
    crop = np.zeros((101, 101, 3), np.uint8)
    crop[50, 80] = 255  # right of the middle
    rows, columns, _ = np.nonzero(turn(crop, 90))
    assert (rows.mean(), columns.mean()) == pytest.approx((80, 50), abs=0.5)
    rows, columns, _ = np.nonzero(turn(crop, -30) > 60)
    assert (rows.mean(), columns.mean()) == pytest.approx((35, 76), abs=0.5)


def test_turned_crop_has_no_black_corner():
    assert turn(np.full((60, 60, 3), 200, np.uint8), 45).min() == 200


def test_verdicts_and_shifts_are_counted_by_angle_and_class():
    labels = np.array([0, 0, 1, 1])
    scores = {0: np.array([0.1, 0.3, 0.6, 0.9]), 45: np.array([0.2, np.nan, 0.3, 0.95])}
    figures = tilt_figures(labels, scores, Thresholds(0.25, 0.8))
    level, turned = figures["rows"]
    assert (figures["real"], figures["fake"], level["auc"], turned["degrees"]) == (2, 2, 1.0, 45)
    # of the one face that was assessed at both angles
    counts = {"manipulated": 0, "inconclusive": 0, "no_manipulation_found": 1, "not_assessed": 1}
    assert turned["real"] == counts | {"score_shift": pytest.approx(0.1)}
    assert turned["fake"]["manipulated"] == turned["fake"]["inconclusive"] == 1
    table = tilt_table(figures).splitlines()
    assert [cell.strip() for cell in table[3].split("|")[1:7]] == ["+45", "1", "0", "0", "1", "+0.100"]


def test_angles_lie_evenly_on_both_sides():
    assert DEGREES == (-60, -45, -30, -15, 0, 15, 30, 45, 60)
