import re

import pytest

from detector.facts import MediaFile, ModelInfo, Thresholds
from detector.report.plots.timeline import timeline_svg
from detector.report.wording.verdicts import VERDICT_TITLE
from detector.results import SCHEMA_VERSION, FaceTrack, FrameScore, Result


def clip_result(*scores: float) -> Result:
    """A clip of ten seconds with a face for each score, which never changes."""
    model = ModelInfo("m", "1", ("real", "fake"), Thresholds(0.165, 0.998))
    tracks = tuple(
        FaceTrack(
            number,
            (0, 0, 9, 9),
            score,
            "inconclusive",
            tuple(FrameScore(float(second), score, (0, 0, 9, 9)) for second in range(10)),
        )
        for number, score in enumerate(scores, start=1)
    )
    file = MediaFile("a.mp4", "0" * 64, 1, "video/mp4", 99, 99, 10.0)
    return Result(SCHEMA_VERSION, file, model, "inconclusive", scores[0], tracks, (), decided_by=1)


def heights_of_words(svg: str) -> dict[str, float]:
    return {
        words: float(re.search(rf'y="([\d.]+)" fill="currentColor" fill-opacity=".8">{words}', svg)[1])
        for words in map(str, VERDICT_TITLE.values())
        if words in svg
    }


def heights_of_curves(svg: str) -> list[float]:
    return [float(points.split()[0].split(",")[1]) for points in re.findall(r'<polyline points="([^"]+)"', svg)]


@pytest.mark.parametrize("scores", [(0.12,), (0.02,), (0.5,), (0.9,), (0.999,), (0.55, 0.12), (0.9, 0.03)])
def test_words_between_the_thresholds_are_not_crossed_by_a_curve(scores):
    svg = timeline_svg(clip_result(*scores))
    words = heights_of_words(svg)
    assert set(words) == {str(title) for verdict, title in VERDICT_TITLE.items() if verdict != "no_face"}
    for curve in heights_of_curves(svg):
        for baseline in words.values():
            assert not baseline - 10 < curve < baseline + 2


def test_words_of_two_bands_do_not_cover_each_other():
    for score in (0.02, 0.12, 0.5, 0.9, 0.999):
        heights = sorted(heights_of_words(timeline_svg(clip_result(score))).values())
        assert min(b - a for a, b in zip(heights, heights[1:], strict=False)) >= 14


def test_name_of_a_face_stands_beyond_its_curve_and_inside_the_picture():
    svg = timeline_svg(clip_result(0.2))
    end = max(float(point.split(",")[0]) for point in re.search(r'<polyline points="([^"]+)"', svg)[1].split())
    start = float(re.search(r'<text x="([\d.]+)" y="[\d.]+" fill="currentColor" font-weight="bold">face 1<', svg)[1])
    width = float(re.search(r'viewBox="0 0 (\d+)', svg)[1])
    assert end + 5 < start < width - 48  # "face 12" in bold is 47 wide
