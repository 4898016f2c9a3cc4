"""What a verdict does not show: words of its own for each verdict and kind of file."""

from dataclasses import replace

import pytest

from detector.evidence_scale import JudgedFiles, UnseenSources
from detector.report.wording.not_shown import not_shown
from detector.report.wording.prevalence import prevalence_note, share_right
from detector.results import Count, KnownRealComparison
from tests.detector.made_results import not_assessed_result, scored_result, weighed_result
from tests.redness_model import evidence_scales

RATIOS = (2.4, 1.3, 0.5, 0.0, -0.7, -1.2)  # log10, one in each band
VERDICTS = ("manipulated", "inconclusive", "no_manipulation_found", "no_face")
JUDGED = JudgedFiles((0, 15, 49, 208, 496, 0), (0, 180, 226, 99, 30, 0))


def judged_scales():
    scales = evidence_scales()
    return replace(scales, photo=replace(scales.photo, judged=JUDGED))


def opening(result) -> str:
    return str(not_shown(result)[0])


@pytest.mark.parametrize(
    ("log10_ratio", "photo", "clip"),
    [
        (
            2.4,
            "Strong support for manipulation does not show that the whole photo is fake, nor who changed it or why.",
            "Strong support for manipulation does not show that the whole clip is fake, nor who changed it or why.",
        ),
        (
            1.3,
            "Moderate support for manipulation does not show that the whole photo is fake, nor who changed it or why.",
            "Moderate support for manipulation does not show that the whole clip is fake, nor who changed it or why.",
        ),
        (
            0.5,
            "Weak support for manipulation is no alarm.",
            "Weak support for manipulation is no alarm.",
        ),
        (0.0, "No support either way does not mean half fake.", "No support either way does not mean half fake."),
        (
            -0.7,
            "Weak support for no manipulation does not show that the photo is real.",
            "Weak support for no manipulation does not show that the clip is real.",
        ),
        (
            -1.2,
            "Moderate support for no manipulation does not show that the photo is real.",
            "Moderate support for no manipulation does not show that the clip is real.",
        ),
    ],
)
def test_each_band_opens_with_what_it_does_not_show(log10_ratio, photo, clip):
    assert opening(weighed_result(log10_ratio, is_clip=False)).startswith(photo)
    assert opening(weighed_result(log10_ratio, is_clip=True)).startswith(clip)


@pytest.mark.parametrize(
    ("verdict", "photo"),
    [
        ("manipulated", "Signs of manipulation do not show that the whole photo is fake, nor who changed it or why."),
        ("inconclusive", "Inconclusive does not mean half fake."),
        ("no_manipulation_found", "No manipulation found does not show that the photo is real."),
        ("no_face", "No face found says nothing about the photo: nothing was assessed."),
    ],
)
def test_verdicts_without_evidence_have_openings_of_their_own(verdict, photo):
    assert opening(scored_result(verdict, is_clip=False)).startswith(photo)


def test_no_two_verdicts_or_kinds_of_file_share_an_opening():
    kinds = (False, True)
    openings = [opening(weighed_result(ratio, is_clip)) for ratio in RATIOS for is_clip in kinds]
    openings += [opening(scored_result(verdict, is_clip)) for verdict in VERDICTS for is_clip in kinds]
    openings += [opening(not_assessed_result(is_clip)) for is_clip in kinds]
    assert len(set(openings)) == 22


def test_alarm_tells_how_often_it_is_right_with_the_counts_of_its_model():
    said = not_shown(weighed_result(1.3, is_clip=False), judged_scales())
    # .05 * 180/535 / (.05 * 180/535 + .95 * 15/768) = .476
    assert str(said[1]) == (
        "Of 768 real test photos 15 had a ratio of 10 or more, of 535 manipulated ones 180. So where 1 in 20 of the files that "
        "come in is manipulated, about 48 of 100 such alarms are right; where 1 in 100 is, about 15."
    )


def test_other_bands_tell_how_many_files_of_each_kind_came_there():
    said = not_shown(weighed_result(0.0, is_clip=False), judged_scales())
    assert str(said[1]) == "Of 768 real test photos 208 had a result like this, of 535 manipulated ones 99."
    clip = not_shown(weighed_result(0.0, is_clip=True), judged_scales())
    assert str(clip[1]).startswith("Of 100 real reference clips, or frames of them, ")


def test_few_test_clips_leave_the_word_to_the_reference_files():
    scales = evidence_scales()
    few = JudgedFiles((0, 0, 0, 7, 2, 0), (0, 6, 20, 7, 3, 0))
    unseen = UnseenSources(Count(2, 100), Count(7, 80))
    scales = replace(scales, clip=replace(scales.clip, judged=few, unseen_sources=unseen))
    said = str(prevalence_note(weighed_result(1.3, is_clip=True), scales))
    alarms = sum(value >= 2.5 for value in scales.clip.fake)
    assert said.startswith(
        "When their source was kept from the scale, 2 of 100 real reference clips, or frames of them, had a ratio of 10 or "
        f"more; {alarms} of 80 manipulated ones have one."
    )


@pytest.mark.parametrize("counts", [None, JudgedFiles((0, 0, 0, 768, 0, 0), (0, 180, 355, 0, 0, 0))])
def test_without_a_false_alarm_to_count_the_words_are_general(counts):
    scales = evidence_scales()
    scales = replace(scales, photo=replace(scales.photo, judged=counts))
    said = str(prevalence_note(weighed_result(1.3, is_clip=False), scales))
    assert said.startswith("The ratio does not include how many of the files that come in are fake")


def test_counts_are_left_out_where_known_real_files_decide():
    result = weighed_result(1.3, is_clip=False)
    compared = replace(result, known_real=KnownRealComparison((), Count(5, 5), 1.0, result.evidence, 0.1))
    assert "100 such alarms" not in str(prevalence_note(compared, judged_scales()))


def test_model_without_evidence_keeps_the_warning_in_general_words():
    assert "in 50 when 1 % are" in str(prevalence_note(scored_result("manipulated", is_clip=False)))


def test_share_of_right_alarms_follows_the_rule_of_bayes():
    assert share_right(Count(1, 100), Count(50, 100), 0.5) == pytest.approx(50 / 51)
    assert share_right(Count(7, 1000), Count(687, 1000), 0.05) == pytest.approx(0.838, abs=1e-3)


def test_clips_are_told_that_nothing_was_heard_and_photos_are_not():
    photo, clip = (" ".join(map(str, not_shown(weighed_result(1.3, is_clip)))) for is_clip in (False, True))
    assert "hears no voice" in clip and "voice" not in photo
