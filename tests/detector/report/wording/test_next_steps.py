"""What to do after a result."""

from dataclasses import replace

import pytest

from detector.report.wording.next_steps import MOST_STEPS, next_steps, times_to_look_at
from detector.results import Count, FaceTrack, FrameScore, KnownRealComparison, NotAssessed, SuspiciousSpan
from tests.detector.made_results import BOX, not_assessed_result, scored_result, weighed_result


def titles(result, **options) -> list[str]:
    return [str(step.title) for step in next_steps(result, **options)]


def texts(result, **options) -> str:
    return " ".join(str(step.text) for step in next_steps(result, **options))


def everything():
    ratios, verdicts = (2.4, 1.3, 0.5, 0.0, -0.7), ("manipulated", "inconclusive", "no_manipulation_found", "no_face")
    for is_clip in (False, True):
        yield from (weighed_result(ratio, is_clip) for ratio in ratios)
        yield from (scored_result(verdict, is_clip) for verdict in verdicts)
        yield not_assessed_result(is_clip)


def test_every_result_has_three_to_five_steps_and_ends_with_what_to_write():
    for result in everything():
        steps = next_steps(result)
        assert 3 <= len(steps) <= MOST_STEPS
        assert (steps[-1].place, str(steps[-1].title)) == ("quote", "Write what was found, no more")
        assert "Find the first posting" in titles(result)


def test_alarm_of_a_clip_begins_with_the_frames_to_look_at_and_offers_the_comparison():
    assert titles(weighed_result(1.3, is_clip=True)) == [
        "Look at the frames named",
        "Find the first posting",
        "Compare with known-real footage",
        "Ask the source for the original file",
        "Write what was found, no more",
    ]
    assert "Face 1 at 0.0 s" in texts(weighed_result(1.3, is_clip=True))


def test_photo_is_never_asked_for_frames_or_sound():
    for result in everything():
        if result.file.duration_s is None:
            said = " ".join(titles(result)) + texts(result)
            assert "frames named" not in said and "lips" not in said and "clip" not in said


@pytest.mark.parametrize(("has_sound", "begins"), [(True, "Play it slowly"), (None, "If the clip has sound")])
def test_cleared_clip_is_listened_to(has_sound, begins):
    result = weighed_result(-0.7, is_clip=True)
    step = next(step for step in next_steps(result, has_sound) if str(step.title).startswith("Check voice and lips"))
    assert str(step.text).startswith(begins)
    assert "Check place, date and occasion" in titles(result)


def test_silent_clip_is_not_listened_to():
    assert not any("voice" in title for title in titles(weighed_result(-0.7, is_clip=True), has_sound=False))


@pytest.mark.parametrize(
    ("log10_ratio", "words"),
    [
        (1.3, "do not write “fake” on this result alone"),
        (0.5, "this is no alarm"),
        (0.0, "never a percentage"),
        (-0.7, "Do not write “real” or “verified”"),
    ],
)
def test_what_to_write_differs_by_band(log10_ratio, words):
    assert words in str(next_steps(weighed_result(log10_ratio, is_clip=False))[-1].text)


def test_comparison_that_decided_is_not_offered_again_and_one_with_few_files_asks_for_more():
    result = weighed_result(1.3, is_clip=True)
    decided = replace(result, known_real=KnownRealComparison((), Count(5, 5), 1.0, result.evidence, 0.1))
    few = replace(result, known_real=KnownRealComparison((), Count(2, 2), 1.0))
    assert not any("known-real" in title for title in titles(decided))
    assert "Add more known-real files" in titles(few) and "From 5 comparable files on" in texts(few)


def test_faces_that_were_left_out_are_named():
    left_out = (NotAssessed(0.0, BOX, "hidden"),)
    alarm = replace(weighed_result(1.3, is_clip=False), not_assessed=left_out)
    assert "Judge the faces that were not assessed by eye as well." in texts(alarm)
    cleared = replace(weighed_result(-0.7, is_clip=False), not_assessed=left_out)
    assert titles(cleared)[1] == "Look at the faces that were left out"


def test_small_face_is_told_by_its_size():
    small = weighed_result(0.0, is_clip=False)
    track = replace(small.faces[0], frames=(FrameScore(0.0, 0.7, (0, 0, 60, 70)),))
    assert "The face is only 60 pixels wide here." in texts(replace(small, faces=(track,)))


def track_of(scores, spans=()) -> FaceTrack:
    frames = tuple(FrameScore(float(number), score, BOX) for number, score in enumerate(scores))
    return FaceTrack(1, BOX, 0.5, "inconclusive", frames, suspicious_spans=spans)


def test_instants_to_look_at_have_the_highest_scores_and_lie_apart():
    scores = [0.1] * 60
    scores[10], scores[11], scores[30], scores[50] = 0.9, 0.89, 0.7, 0.8
    assert times_to_look_at(track_of(scores)) == [10.0, 30.0, 50.0]


def test_instants_lie_in_the_suspicious_parts_where_there_are_some():
    scores = [0.9] + [0.1] * 39
    assert all(20 <= time_s <= 30 for time_s in times_to_look_at(track_of(scores, (SuspiciousSpan(20, 30, 0.1),))))
