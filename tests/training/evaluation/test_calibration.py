import numpy as np
import pytest

from training.evaluation.calibration import fit_temperature, fit_thresholds, log_odds_at


def as_logits(log_odds: np.ndarray) -> np.ndarray:
    """Of two classes."""
    return np.stack([np.zeros(len(log_odds)), log_odds], axis=1)


def test_temperature_is_recovered():
    random = np.random.default_rng(0)
    true_log_odds = random.normal(0, 2, 20000)
    labels = random.random(20000) < 1 / (1 + np.exp(-true_log_odds))
    assert fit_temperature(labels.astype(int), as_logits(3 * true_log_odds)) == pytest.approx(3, rel=0.05)


def test_thresholds_reach_their_precision_and_miss_rate():
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1], 500)
    log_odds = np.concatenate([random.normal(-2, 1.5, 500), random.normal(2, 1.5, 500)])
    thresholds, behind = fit_thresholds(labels, log_odds)
    counts = behind["validation_frames"]
    named = counts["fake"]["manipulated"], counts["real"]["manipulated"]
    assert named[0] / sum(named) >= 0.99
    assert counts["fake"]["no_manipulation_found"] <= 25
    assert 0 < thresholds.no_manipulation_found <= thresholds.manipulated < 1


def test_separable_data_do_not_push_the_alarm_below_one_half():
    thresholds, _ = fit_thresholds(np.array([0, 0, 1, 1]), np.array([-9.0, -8, -1, 3]))
    assert thresholds.manipulated == 0.5


def test_hopeless_data_give_an_alarm_above_every_real_score():
    thresholds, behind = fit_thresholds(np.array([0, 1, 0, 1]), np.array([5.0, -5.0, 1.0, 2.0]))
    assert behind["validation_frames"]["real"]["manipulated"] == 0
    assert thresholds.manipulated > 0.99


def test_one_real_crop_among_the_highest_does_not_decide_alone():
    log_odds = np.concatenate([np.linspace(-9, -3, 999), [9.0], np.linspace(3, 8, 1000)])
    thresholds, behind = fit_thresholds(np.repeat([0, 1], 1000), log_odds)
    assert thresholds.manipulated < 0.96
    assert behind["validation_frames"]["fake"]["manipulated"] == 1000
    assert behind["precision"] == pytest.approx(1000 / 1001)


def test_weights_stand_for_repeated_crops():
    random = np.random.default_rng(1)
    labels = np.repeat([0, 1], 200)
    log_odds = random.normal(0, 1, 400) + 3 * labels
    weights = np.where(labels == 1, 3.0, 1.0)
    repeats = np.repeat(np.arange(400), weights.astype(int))
    weighted, _ = fit_thresholds(labels, log_odds, weights)
    repeated, _ = fit_thresholds(labels[repeats], log_odds[repeats])
    assert weighted == repeated
    assert fit_temperature(labels, as_logits(log_odds), weights) == pytest.approx(
        fit_temperature(labels[repeats], as_logits(log_odds[repeats])), rel=1e-4
    )


def test_few_crops_promise_little_precision():
    few = fit_thresholds(np.repeat([0, 1], 20), np.repeat([-3.0, 3.0], 20))[1]
    many = fit_thresholds(np.repeat([0, 1], 2000), np.repeat([-3.0, 3.0], 2000))[1]
    assert few["supports_target"] and few["precision"] == 1.0
    assert few["precision_at_least"] == pytest.approx(0.025 ** (1 / 20), abs=1e-6)
    assert many["precision_at_least"] > 0.998


def test_target_that_no_score_reaches_is_told():
    behind = fit_thresholds(np.array([0, 1, 0, 1]), np.array([5.0, -5.0, 1.0, 2.0]))[1]
    assert not behind["supports_target"]


def test_temperature_divides_the_logits_of_every_kind_of_fake():
    # two kinds that are as likely as real: at any temperature two of three chances are fake
    assert log_odds_at(np.zeros((1, 3)), temperature=5.0) == pytest.approx(np.log(2))
    assert log_odds_at(np.array([[1.0, 4.0]]), temperature=2.0) == pytest.approx(1.5)


def test_what_is_rather_fake_than_real_is_never_cleared():
    # perfectly separated: 5 % of the fakes lie below .99, yet a score of .6 is no reason to clear anything
    thresholds, _ = fit_thresholds(np.repeat([0, 1], 100), np.repeat([-5.0, 5.0], 100))
    assert thresholds.no_manipulation_found < 0.5 < thresholds.manipulated == pytest.approx(0.9933, abs=1e-4)


@pytest.mark.parametrize("log_odds", [[0.0] * 4, [3.0, 3.0, -3.0, -3.0], [50.0, -50.0, 50.0, -50.0], [-9.0, -8, -1, 3]])
def test_bands_keep_their_order_however_bad_the_data(log_odds):
    thresholds, _ = fit_thresholds(np.array([0, 0, 1, 1]), np.array(log_odds))
    assert 0 <= thresholds.no_manipulation_found < 0.5 <= thresholds.manipulated <= 1


def test_target_must_hold_at_the_threshold_itself():
    # from .05 on the precision is 99 %, from .5 on only 98 %
    labels = np.array([0] * 100 + [0] * 2 + [1] * 100 + [1] * 100)
    log_odds = np.array([-9.0] * 100 + [1.0] * 2 + [-2.0] * 100 + [2.0] * 98 + [0.1] * 2)
    thresholds, behind = fit_thresholds(labels, log_odds)
    assert thresholds.manipulated > 0.7 and behind["precision"] == 1.0


def test_fakes_below_one_half_do_not_support_an_alarm():
    thresholds, behind = fit_thresholds(np.array([0, 0, 1, 1]), np.array([-9.0, -8.0, -2.0, -1.0]))
    assert not behind["supports_target"] and thresholds.manipulated == 0.5


def test_one_class_alone_is_refused():
    with pytest.raises(ValueError, match="both real and fake"):
        fit_thresholds(np.zeros(3), np.zeros(3))
