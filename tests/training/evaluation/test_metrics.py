import numpy as np
import pytest

from detector.facts import Thresholds
from training.evaluation.metrics import (
    Scored,
    both_levels,
    by_manipulation,
    calibration_error,
    figures,
    intervals,
    precision_by_prevalence,
    reliability,
    videos_of,
)

BANDS = Thresholds(0.2, 0.8)


def scored(labels, scores, manipulations=None, groups=None) -> Scored:
    names = manipulations or ["fake" if label else "real" for label in labels]
    members = groups if groups is not None else range(len(labels))
    return Scored(np.array(labels), np.array(scores, float), np.array(names), np.array([str(name) for name in members]))


def test_figures_of_a_known_split():
    found = figures(scored([0, 0, 0, 1, 1, 1], [0.1, 0.3, 0.6, 0.4, 0.7, 0.9]), BANDS)
    assert found["auc"] == pytest.approx(8 / 9)
    assert found["confusion"] == {"true_negative": 2, "false_positive": 1, "false_negative": 1, "true_positive": 2}
    assert (found["accuracy"], found["precision"], found["recall"]) == pytest.approx((4 / 6, 2 / 3, 2 / 3))
    assert found["recall_at_99_precision"] == pytest.approx(2 / 3)
    assert found["recall_at_0.01_false_positive_rate"] == pytest.approx(2 / 3)
    assert found["equal_error_rate"] == pytest.approx(1 / 3)
    assert found["verdicts"]["real"] == {"manipulated": 0, "inconclusive": 2, "no_manipulation_found": 1}
    assert found["verdicts"]["fake"] == {"manipulated": 1, "inconclusive": 2, "no_manipulation_found": 0}


def test_balanced_accuracy_weighs_classes_alike():
    found = figures(scored([0] * 9 + [1], [0.1] * 9 + [0.2]), BANDS)
    assert (found["accuracy"], found["balanced_accuracy"]) == (0.9, 0.5)


@pytest.mark.parametrize(
    ("scores", "rate"), [([0.1, 0.2, 0.8, 0.9], 0.0), ([0.9, 0.8, 0.2, 0.1], 1.0), ([0.5] * 4, 0.5)]
)
def test_equal_error_rate_at_its_ends(scores, rate):
    assert figures(scored([0, 0, 1, 1], scores), BANDS)["equal_error_rate"] == pytest.approx(rate)


def test_detector_that_misses_everything_has_no_recall_at_any_precision():
    assert figures(scored([0, 1], [0.9, 0.1]), BANDS)["recall_at_99_precision"] == 0


def test_video_score_is_the_mean_of_its_frames():
    frames = scored([0, 0, 1, 1, 0, 0], [0.2, 0.4, 0.9, 0.3, 0.1, 0.2])
    found = both_levels(frames, ["a", "a", "b", "b", "c", "c"], BANDS)
    assert (found["video"]["real"], found["video"]["fake"]) == (2, 1)
    assert found["video"]["auc"] == 1.0
    # b: .6, a: .3, c: .15
    assert found["video"]["confusion"]["true_positive"] == 1
    assert found["video"]["verdicts"]["real"]["no_manipulation_found"] == 1


def test_photos_have_no_video_figures():
    assert videos_of(scored([0, 1], [0.1, 0.9]), ["a", "b"]) is None


def test_calibration_error_is_the_mean_distance_from_the_diagonal():
    labels, scores = np.array([0, 0, 0, 1, 1, 1, 1, 1]), np.array([0.15] * 4 + [0.95] * 4)
    assert [row["fake_share"] for row in reliability(labels, scores)] == [0.25, 1.0]
    assert calibration_error(labels, scores) == pytest.approx((0.10 + 0.05) / 2)


def test_score_of_one_belongs_to_the_last_bin():
    assert reliability(np.array([1]), np.array([1.0])) == [{"count": 1, "mean_score": 1.0, "fake_share": 1.0}]


def test_precision_falls_with_prevalence_as_in_the_design():
    # recall .687 and a false-positive rate of .7 %: 99 % precision on a balanced set
    labels = np.repeat([0, 1], 1000)
    named = np.concatenate([np.arange(1000) < 7, np.arange(1000) < 687])
    rows = {row["prevalence"]: row for row in precision_by_prevalence(labels, named)}
    assert rows[0.5]["precision"] == pytest.approx(0.99, abs=0.001)
    assert rows[0.05]["precision"] == pytest.approx(0.84, abs=0.005)
    assert rows[0.01]["precision"] == pytest.approx(0.50, abs=0.005)


def test_no_false_alarm_among_few_real_crops_promises_little():
    rows = precision_by_prevalence(np.repeat([0, 1], 100), np.repeat([False, True], 100))
    assert rows[-1]["precision"] == 1.0
    assert rows[-1]["at_least"] == pytest.approx(0.01 / (0.01 + 0.99 * 0.0362), abs=0.005)


def test_without_any_alarm_no_precision_is_told():
    rows = precision_by_prevalence(np.repeat([0, 1], 10), np.zeros(20, bool))
    assert {(row["precision"], row["at_least"]) for row in rows} == {(None, None)}
    wrong = precision_by_prevalence(np.array([0, 0, 1]), np.array([True, False, False]))
    assert {row["precision"] for row in wrong} == {0.0}
    assert figures(scored([0, 1], [0.1, 0.4]), BANDS)["precision"] is None


def test_resamples_without_any_alarm_stay_out_of_the_interval_of_the_precision():
    found = intervals(scored([0, 1, 0, 1], [0.1, 0.9, 0.2, 0.3]), rounds=200)
    assert found["precision"] == [1.0, 1.0] and found["recall"][0] == 0.0
    assert "precision" not in intervals(scored([0, 1] * 5, [0.1, 0.4] * 5), rounds=20)


def test_each_manipulation_is_measured_against_all_real_ones():
    data = scored([0, 0, 1, 1], [0.1, 0.5, 0.9, 0.3], ["real", "real", "FaceSwap", "Deepfakes"])
    found = by_manipulation(data, BANDS)
    assert (found["FaceSwap"]["auc"], found["Deepfakes"]["auc"]) == (1.0, 0.5)
    assert (found["FaceSwap"]["called_manipulated"], found["Deepfakes"]["called_manipulated"]) == (1.0, 0.0)
    assert (found["FaceSwap"]["real"], found["FaceSwap"]["fake"]) == (2, 1)
    assert found["FaceSwap"]["intervals"] == {}
    assert by_manipulation(data, BANDS, bootstrap_rounds=20)["FaceSwap"]["intervals"]["auc"] == [1.0, 1.0]


def test_frames_of_one_group_widen_the_interval():
    random = np.random.default_rng(0)
    labels = np.tile([0, 1], 20)
    scores = np.clip(0.4 + 0.2 * labels + random.normal(0, 0.2, 40), 0, 1)
    repeated = np.repeat(labels, 10), np.repeat(scores, 10)

    def width(groups) -> float:
        low, high = intervals(scored(*repeated, groups=groups), rounds=200)["auc"]
        assert 0 < low <= figures(scored(*repeated), BANDS)["auc"] <= high <= 1
        return high - low

    assert width(np.repeat(np.arange(40), 10)) > 2 * width(np.arange(400))


def test_every_headline_figure_has_an_interval():
    data = scored([0, 1] * 10, np.linspace(0, 1, 20))
    assert {"auc", "recall_at_99_precision", "recall_at_0.001_false_positive_rate"} <= set(intervals(data, rounds=5))


def test_intervals_are_the_same_each_time():
    data = scored([0, 1] * 10, np.linspace(0, 1, 20))
    assert intervals(data, rounds=20) == intervals(data, rounds=20)
    assert intervals(data, rounds=0) == {}
