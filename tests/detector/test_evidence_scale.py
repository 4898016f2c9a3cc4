import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.conclusion.weighing import weigh_part, weigh_track, windows
from detector.evidence_scale import (
    BANDS,
    STATISTICS,
    EvidenceScale,
    EvidenceScales,
    UnseenSources,
    any_of,
    band_of,
    score_of,
    verdict_of,
)
from detector.results import Count, FrameScore
from tests.redness_model import evidence_scales

SCALES = evidence_scales()
anything = st.floats(allow_nan=False)


@given(anything, anything)
def test_ratio_never_falls_and_stays_within_its_bounds(one, other):
    low, high = sorted((one, other))
    assert SCALES.photo.bounds[0] <= SCALES.photo.log10_ratio(low) <= SCALES.photo.log10_ratio(high) <= 2.0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_any_scores_give_finite_evidence_with_counts_of_the_reference_files(scores):
    evidence = SCALES.clip.weigh(SCALES.clip.statistic_of(scores))
    assert math.isfinite(evidence.statistic) and -1.3 <= evidence.log10_likelihood_ratio <= 2.0
    assert evidence.real_as_high.count == sum(value >= SCALES.clip.statistic_of(scores) for value in SCALES.clip.real)
    assert evidence.fake_as_low.count == sum(value <= SCALES.clip.statistic_of(scores) for value in SCALES.clip.fake)
    assert (evidence.real_as_high.of, evidence.fake_as_low.of) == (100, 80)


@pytest.mark.parametrize(
    "ratio, band",
    [
        (100, "strong_support_for_manipulation"),
        (99.8, "moderate_support_for_manipulation"),
        (10, "moderate_support_for_manipulation"),
        (9.98, "weak_support_for_manipulation"),
        (2, "weak_support_for_manipulation"),
        (1.98, "neither"),
        (0.5, "neither"),
        (0.49, "weak_support_for_no_manipulation"),
        (0.1, "weak_support_for_no_manipulation"),
        (0.099, "moderate_support_for_no_manipulation"),
        (1e-300, "moderate_support_for_no_manipulation"),
    ],
)
def test_bands_begin_at_their_ratios(ratio, band):
    assert band_of(math.log10(ratio)) == band


@given(st.floats(-20, 20))
def test_words_never_say_more_than_the_bounds_allow(statistic):
    order = [band for _, band in reversed(BANDS)]
    lowest, highest = (order.index(band_of(bound)) for bound in SCALES.span.bounds)
    evidence = SCALES.span.weigh(statistic)
    assert lowest <= order.index(evidence.band) <= highest
    assert evidence.band != "strong_support_for_manipulation"  # the scale for parts ends at 16


@given(st.floats(1e-4, 1 - 1e-4))
def test_thresholds_are_the_scores_at_which_the_verdict_changes(score):
    thresholds = SCALES.photo.thresholds
    verdict = verdict_of(SCALES.photo.weigh(SCALES.photo.statistic_of([score])))
    for value in (thresholds.manipulated, thresholds.no_manipulation_found):
        if abs(score - value) < 1e-3:
            return  # ratios are rounded
    if score > thresholds.manipulated:
        assert verdict == "manipulated"
    elif score < thresholds.no_manipulation_found:
        assert verdict == "no_manipulation_found"
    else:
        assert verdict == "inconclusive"


@pytest.mark.parametrize("scale", SCALES.all, ids=lambda scale: scale.name)
def test_band_changes_where_the_scale_says_and_nowhere_else(scale):
    below, above = ([scale.weigh(change + step).band for change in scale.band_changes] for step in (-1e-6, 1e-6))
    assert [scale.weigh(-50.0).band, *above] == [*below, scale.weigh(50.0).band]
    assert all(one != other for one, other in zip(below, above, strict=True)) and len(below) >= 2


def test_scale_that_only_rounding_lifts_into_a_band_changes_there():
    assert EvidenceScale("photo", "mean_score", (0.0, 1.0), (0.5, 0.9996), (0.0,), (1.0,)).band_changes == (
        pytest.approx(0.9995 / 0.4996 - 0.5 / 0.4996),
    )


log_odds_moved = st.lists(st.tuples(st.floats(-6, 6), st.floats(-1, 1)), min_size=1, max_size=40)


@pytest.mark.parametrize("statistic", STATISTICS.values(), ids=STATISTICS)
@given(moved=log_odds_moved, margin=st.floats(0.01, 1))
def test_no_statistic_moves_further_than_the_frames_behind_it(statistic, moved, margin):
    before, after = (
        np.array([score_of(value + margin * change * share) for value, share in moved]) for change in (0, 1)
    )
    assert abs(statistic(after) - statistic(before)) <= margin + 1e-9


@given(moved=log_odds_moved, margin=st.floats(0.01, 1))
def test_clip_in_int8_is_weighed_as_in_float32_within_the_margin(moved, margin):
    def weighed(change, shift=0.0):
        frames = frames_of([score_of(value + change * share) for value, share in moved])
        return weigh_track(SCALES, frames, range(len(frames)), True, shift)[0].log10_likelihood_ratio

    rounding = 0.002  # of each of the two ratios
    assert weighed(0, margin) - rounding <= weighed(margin) <= weighed(0, -margin) + rounding


def test_threshold_is_one_where_no_score_is_evidence_enough():
    timid = EvidenceScale("photo", "mean_score", (0.0, 1.0), (-0.2, 0.5), (0.0,), (1.0,))
    assert (timid.thresholds.no_manipulation_found, timid.thresholds.manipulated) == (0.0, 1.0)


def test_among_more_faces_one_high_score_says_less():
    high, low = SCALES.photo.weigh(3.0), SCALES.photo.weigh(-3.0)
    ratio = 10**high.log10_likelihood_ratio
    together = any_of([low, high, low])
    expected = (ratio + 2 * 10**low.log10_likelihood_ratio) / 3
    assert 10**together.log10_likelihood_ratio == pytest.approx(expected, rel=2e-3)
    assert (verdict_of(high), verdict_of(together)) == ("manipulated", "inconclusive")
    assert together.real_as_high == high.real_as_high


def test_scale_comes_back_from_the_config_as_it_was():
    scales = replace(SCALES, clip=replace(SCALES.clip, unseen_sources=UnseenSources(Count(3, 100), Count(7, 80))))
    stored = json.loads(json.dumps(scales.to_config()))
    assert EvidenceScales.from_config(stored) == scales


@pytest.mark.parametrize("knots, ratios", [((0, 1), (1, 0)), ((1, 0), (0, 1)), ((0, math.nan), (0, 1)), ((), ())])
def test_scale_that_does_not_rise_is_refused(knots, ratios):
    with pytest.raises(ValueError, match="does not rise"):
        EvidenceScale("photo", "mean_score", knots, ratios, (0.0,), (1.0,))


def frames_of(scores):
    return [FrameScore(float(number), score, (0, 0, 9, 9)) for number, score in enumerate(scores)]


def test_manipulated_part_of_a_clip_is_found_and_lifts_the_whole():
    scores = [0.1] * 20
    scores[8:13] = [0.999] * 5
    calm, _ = weigh_track(SCALES, frames_of([0.1] * 20), range(20), is_clip=True)
    evidence, spans = weigh_track(SCALES, frames_of(scores), range(20), is_clip=True)
    ((span),) = spans
    # a part of three samples, of which the first may be just before it
    assert (span.start_s, span.end_s) == (8.0, 12.0) and span.evidence.scale == "span"
    assert evidence.log10_likelihood_ratio > calm.log10_likelihood_ratio + 1
    assert evidence.scale == "span"


def test_parts_are_samples_in_a_row():
    assert windows([0, 1, 2, 5, 6, 7, 8], 3) == [(0, 3), (3, 6), (4, 7)]
    assert windows([0, 1], 3) == []


def test_searching_more_parts_than_the_reference_clips_have_costs_evidence():
    alike, more = weigh_part(SCALES.span, 5.0, 30), weigh_part(SCALES.span, 5.0, 300)
    ratio = 10**alike.log10_likelihood_ratio
    assert 10**more.log10_likelihood_ratio == pytest.approx((ratio + 9) / 10, rel=2e-3)  # nine others say nothing
    assert weigh_part(SCALES.span, 5.0, 3) == alike


@given(statistic=st.floats(-8, 8), count=st.integers(1, 128), more=st.integers(0, 128))
def test_searching_more_parts_never_speaks_against_manipulation(statistic, count, more):
    few, many = weigh_part(SCALES.span, statistic, count), weigh_part(SCALES.span, statistic, count + more)
    assert many.log10_likelihood_ratio <= few.log10_likelihood_ratio + 1e-9
    assert many.log10_likelihood_ratio >= min(few.log10_likelihood_ratio, 0.0)


def test_clip_of_real_scores_is_not_cleared_by_looking_at_more_frames():
    for score in (0.05, 0.2, 0.4):
        ratios = [
            weigh_track(SCALES, frames_of([score] * count), range(count), is_clip=True)[0].log10_likelihood_ratio
            for count in (32, 64, 128)
        ]
        assert min(ratios) >= min(ratios[0], 0.0), (score, ratios)
