import numpy as np
import pytest

from training.data.reference_files import ReferenceFile
from training.evaluation.likelihood_ratios import Weighed, cllr
from training.evaluation.scale_fitting import (
    METHODS,
    PART_FRAMES,
    Trial,
    best_trial,
    fit_scale,
    highest_parts,
    out_of_fold,
    ratios_at,
    source_by_source,
    statistics_of,
)


def separated(count=300, gap=2.0, seed=0):
    """Normal statistics of the same spread: log10 of the true ratio is gap / ln(10) times the statistic."""
    random = np.random.default_rng(seed)
    values = np.concatenate([random.normal(-gap / 2, 1, count), random.normal(gap / 2, 1, count)])
    return Weighed(values, np.array(["real"] * count + ["Deepfakes"] * count), np.arange(2 * count).astype(str))


def test_straight_line_finds_the_true_ratios_within_its_bounds():
    knots = METHODS["logistic"](separated())
    for value in (-0.8, 0.0, 0.8):
        assert ratios_at(np.array([value]), knots)[0] == pytest.approx(2 * value / np.log(10), abs=0.12)


@pytest.mark.parametrize("method", METHODS)
def test_scale_rises_and_never_exceeds_what_the_files_support(method):
    values = separated(count=40, gap=8)
    places, heights = METHODS[method](values)
    assert (np.diff(places) > 0).all() and (np.diff(heights) >= 0).all()
    assert -np.log10(41) - 0.01 <= heights[0] and heights[-1] <= np.log10(41) + 0.01
    assert np.isfinite(ratios_at(np.array([-1e9, 1e9]), (places, heights))).all()


@pytest.mark.parametrize("method", METHODS)
def test_scores_that_say_nothing_give_ratios_of_about_one(method):
    random = np.random.default_rng(1)
    kinds = np.array(["real", "Deepfakes"])[random.integers(0, 2, 400)]
    values = Weighed(random.normal(size=400), kinds, np.arange(400).astype(str))
    # 0.59 are the bounds that a few files at the ends of pure chance still support
    assert np.abs(METHODS[method](values)[1]).max() < 0.6


def test_a_file_is_weighed_without_its_own_group():
    # each group says the opposite of all others: a scale that had seen it would know
    values = separated(count=100)
    assert cllr(out_of_fold(values, "isotonic")) > cllr(
        values.with_values(ratios_at(values.values, METHODS["isotonic"](values)))
    )


def test_cheapest_of_statistics_and_methods_is_taken():
    random = np.random.default_rng(2)
    good = separated()
    noise = good.with_values(random.normal(size=600))
    best, trials = best_trial({"mean_score": good, "upper_mean": noise})
    assert best.statistic == "mean_score" and len(trials) == 4
    assert best.cllr <= min(trial.cllr for trial in trials) + 0.005
    best, _ = best_trial({"upper_mean": noise, "mean_score": good})
    assert best.statistic == "mean_score"


def test_plainest_statistic_is_taken_where_another_is_hardly_better():
    good = separated()
    slightly_better = good.with_values(good.values + 0.005 * (2 * good.labels - 1))
    best, trials = best_trial({"mean_score": good, "upper_mean": slightly_better})
    assert best.statistic == "mean_score" and min(trial.cllr for trial in trials) < best.cllr


def clip(label, scores, group):
    return ReferenceFile("clips", "Deepfakes" if label else "real", group, "reference", "", True, tuple(scores), tuple(range(len(scores))))  # fmt: skip


def frame(label, score, group):
    return ReferenceFile("frames", "FaceSwap" if label else "real", group, "stand_in", "", False, (score,), (0,))


def test_manipulated_part_is_put_into_a_real_clip_and_is_its_highest():
    real, fake = clip(0, [0.1] * 12, "a"), clip(1, [0.9] * 12, "b")
    files, values = highest_parts([real, fake])
    assert files == [real, fake]
    assert values.values == pytest.approx([np.log(1 / 9), np.log(9)])


def test_frame_that_stands_for_a_clip_lies_as_much_higher_as_parts_do_in_real_clips():
    scores = [0.1] * 12 + [0.4] * PART_FRAMES
    files, values = highest_parts([clip(0, scores, "a"), frame(0, 0.1, "b")])
    excess = values.values[1] - np.log(1 / 9)
    # over a frame at .1, or over one at .4
    assert excess == pytest.approx(np.log(6)) or excess == pytest.approx(0)


def test_scale_names_sources_with_counts_and_keeps_the_reference_statistics():
    files = [frame(0, 0.2, "a"), frame(0, 0.3, "b"), frame(1, 0.8, "c"), frame(1, 0.7, "d")]
    scale = fit_scale("clip", files, statistics_of(files, "mean_score"), Trial("mean_score", "logistic", 0.5))
    assert [(source.name, source.manipulation, source.files) for source in scale.sources] == [
        ("frames", "FaceSwap", 2),
        ("frames", "real", 2),
    ]
    assert scale.real == pytest.approx((-1.386, -0.847)) and scale.fake == pytest.approx((0.847, 1.386))


def test_source_that_was_left_out_is_misjudged_where_it_is_unlike_the_others():
    values = separated(count=60, gap=4)
    odd = Weighed(np.append(values.values, [2.0] * 5), np.append(values.kinds, ["real"] * 5), np.append(values.groups, list("abcde")))  # fmt: skip
    sources = ["a real"] * 60 + ["b FaceSwap"] * 30 + ["c Deepfakes"] * 30 + ["d real"] * 5
    bounded = source_by_source(odd, sources, "logistic")
    unbounded = source_by_source(odd, sources, "logistic", is_bounded=False)
    assert (unbounded.values[-5:] >= 1).all()
    # the ratios of so few files end before
    assert bounded.values[-5:].max() < unbounded.values[-5:].max()


def test_sources_cannot_be_left_out_where_a_kind_of_file_has_one_alone():
    values = separated(count=5)
    assert source_by_source(values, ["a real"] * 5 + ["b fake"] * 5, "logistic") is None
