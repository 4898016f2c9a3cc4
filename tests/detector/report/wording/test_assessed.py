from dataclasses import replace

import pytest

from detector.report.wording.verdicts import assessed_text
from detector.results import NotAssessed
from tests.detector.report.plots.test_timeline import clip_result

BOX = (0, 0, 9, 9)


def missed(*times_s: float) -> tuple[NotAssessed, ...]:
    return tuple(NotAssessed(time_s, BOX, "too_small") for time_s in times_s)


@pytest.mark.parametrize(
    ("scores", "count", "said"),
    [((0.5,), 1, "1 of 2 faces assessed"), ((), 1, "0 of 1 face assessed"), ((0.5, 0.5), 3, "2 of 5 faces assessed")],
)
def test_faces_of_a_photo_are_counted(scores, count, said):
    result = clip_result(*scores) if scores else replace(clip_result(0.5), faces=())
    photo = replace(result, file=replace(result.file, duration_s=None), not_assessed=missed(*[0.0] * count))
    assert str(assessed_text(photo)) == said


def test_of_a_clip_the_frames_with_other_faces_are_counted():
    clip = replace(clip_result(0.5), not_assessed=missed(1.0, 1.0, 2.0))
    assert str(assessed_text(clip)) == "1 face assessed; in 2 frames there is a face that could not be"
    clip = replace(clip_result(0.5, 0.5), not_assessed=missed(1.0))
    assert str(assessed_text(clip)) == "2 faces assessed; in 1 frame there is a face that could not be"


def test_nothing_is_said_where_all_faces_were_assessed():
    assert assessed_text(clip_result(0.5)) is None
