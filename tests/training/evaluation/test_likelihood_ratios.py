import numpy as np
import pytest

from training.evaluation.likelihood_ratios import (
    Weighed,
    bands_against_truth,
    cllr,
    cllr_min,
    empirical_bounds,
    groups_in_folds,
    isotonic_ratios,
    misleading_rates,
    tippett,
)


def weighed(real, fake, groups=None):
    values = np.array([*real, *fake], dtype=float)
    kinds = np.array(["real"] * len(real) + ["Deepfakes"] * len(fake))
    return Weighed(values, kinds, np.array(groups or [str(number) for number in range(len(values))]))


def normal(real, fake, shift):
    """Statistics whose true log10 ratios are known only to be about right."""
    random = np.random.default_rng(0)
    return weighed(
        random.normal(-shift / 2, shift * 0.6, real).tolist(), random.normal(shift / 2, shift * 0.6, fake).tolist()
    )


def test_no_evidence_costs_one_and_perfect_evidence_nothing():
    assert cllr(weighed([0, 0], [0])) == pytest.approx(1)
    assert cllr(weighed([-9, -9], [9])) == pytest.approx(0, abs=1e-6)


def test_cost_is_that_of_the_definition():
    # log2(1 + 1/10) for the fake, mean of log2(1 + 1/10) and log2(1 + 10) for the real ones
    expected = (np.log2(1.1) + (np.log2(1.1) + np.log2(11)) / 2) / 2
    assert cllr(weighed([-1, 1], [1])) == pytest.approx(expected)


def test_wrong_evidence_costs_more_than_none():
    assert cllr(weighed([1], [-1])) > 3


def test_files_of_one_group_count_as_one():
    alone = cllr(weighed([-1, 1], [1], groups=["a", "b", "c"]))
    repeated = cllr(weighed([-1, 1, 1, 1], [1], groups=["a", "b", "b", "b", "c"]))
    assert repeated == pytest.approx(alone)


def test_ranking_alone_never_costs_more_than_the_ratios():
    ratios = normal(100, 80, 1.2)
    assert cllr_min(ratios) == pytest.approx(0.582, abs=0.02) and cllr_min(ratios) < cllr(ratios)
    assert cllr_min(weighed([0, 1], [2, 3])) == pytest.approx(0, abs=1e-6)


def test_bounds_are_those_of_the_toolkit_of_the_netherlands_forensic_institute():
    # lir 1.3.1, lir.algorithms.bayeserror.elub, on the same numbers
    random = np.random.default_rng(0)
    for real, fake, shift, expected in (
        (100, 80, 1.2, (-0.74, 1.25)),
        (30, 300, 0.4, (-0.58, 0.49)),
        (500, 500, 2.5, (-1.0, 1.11)),
        (9, 15, 1.0, (-0.68, 0.54)),
    ):
        ratios = weighed(
            random.normal(-shift / 2, shift * 0.6, real).tolist(), random.normal(shift / 2, shift * 0.6, fake).tolist()
        )
        assert empirical_bounds(ratios) == pytest.approx(expected, abs=1e-9)


def test_few_files_never_support_a_large_ratio():
    lower, upper = empirical_bounds(weighed([-4] * 20, [4] * 30))
    assert -np.log10(31) <= lower < 0 < upper <= np.log10(21) + 0.01


def test_bounds_of_files_that_show_one_group_are_those_of_one_file():
    _, upper = empirical_bounds(weighed([-4] * 20, [4] * 30, groups=["one"] * 20 + [str(n) for n in range(30)]))
    assert upper <= np.log10(2) + 0.01


def test_a_misleading_file_of_each_kind_keeps_every_ratio_finite():
    ratios, _ = isotonic_ratios(weighed([0, 1], [2, 3]), misleading=1)
    assert np.isfinite(ratios).all() and (np.diff(ratios) >= 0).all()


def test_bands_and_misleading_evidence_are_counted_for_each_truth():
    ratios = weighed([-2, 0, 1.5, 2.5], [-1.5, 0.5, 3])
    bands = bands_against_truth(ratios)
    assert bands["real"]["strong_support_for_manipulation"] == 1
    assert bands["fake"]["weak_support_for_manipulation"] == 1
    assert sum(bands["real"].values()) == 4 and sum(bands["fake"].values()) == 3
    assert [(row["files"], row["count"], row["of"]) for row in misleading_rates(ratios)] == [
        ("real", 2, 4),
        ("real", 1, 4),
        ("fake", 1, 3),
    ]
    # Clopper and Pearson, 2 of 4
    assert misleading_rates(ratios)[0]["at_most"] == pytest.approx(0.932, abs=1e-3)


def test_tippett_curves_begin_at_all_files_and_fall():
    curve = tippett(weighed([0, 2, 1], [5]))["real"]
    assert curve == {"log10_ratio": [0, 1, 2], "share": pytest.approx([1, 2 / 3, 1 / 3])}


def test_a_group_is_in_one_fold():
    groups = [f"g{number % 7}" for number in range(50)]
    folds = groups_in_folds(groups, 5)
    assert set(folds) == {0, 1, 2, 3, 4}
    assert all(len({fold for fold, name in zip(folds, groups, strict=True) if name == group}) == 1 for group in groups)


def test_each_manipulation_weighs_as_much_as_another():
    kinds = np.array(["real"] + ["Deepfakes"] * 9 + ["FaceSwap"])
    files = Weighed(np.array([-1.0, *[2.0] * 9, -2.0]), kinds, np.arange(11).astype(str))
    alone = Weighed(np.array([-1.0, 2.0, -2.0]), np.array(["real", "Deepfakes", "FaceSwap"]), np.arange(3).astype(str))
    assert cllr(files) == pytest.approx(cllr(alone))
    # nine files and one that weighs as much as they all support no more than 3.6 of equal weight would
    assert files.weights[1:].sum() == pytest.approx(1 / (9 / 18**2 + 1 / 4))
