import random
import re
from dataclasses import replace
from itertools import combinations

import pytest

from detector.facts import MediaFile, ModelInfo, Thresholds
from detector.report.plots.labels import Lines, Words
from detector.report.plots.timeline import MAX_TRACKS, timeline_key, timeline_svg
from detector.report.plots.timeline_layout import NARROW, WIDE
from detector.report.wording.verdicts import VERDICT_TITLE
from detector.results import SCHEMA_VERSION, Cut, FaceTrack, FrameScore, Result, SuspiciousSpan

TITLES = [str(title) for verdict, title in VERDICT_TITLE.items() if verdict != "no_face"]
BOX = (0, 0, 9, 9)


def clip_result(*scores: float, thresholds=(0.165, 0.998)) -> Result:
    """A clip of ten seconds with a face for each score, which never changes."""
    curves = [[(float(second), score) for second in range(10)] for score in scores]
    return result_of(curves, thresholds)


def result_of(curves, thresholds=(0.165, 0.998), duration_s=10.0, cuts=()) -> Result:
    model = ModelInfo("m", "1", ("real", "fake"), Thresholds(*thresholds))
    tracks = tuple(
        FaceTrack(number, BOX, 0.5, "inconclusive", tuple(FrameScore(time_s, score, BOX) for time_s, score in points))
        for number, points in enumerate(curves, start=1)
    )
    file = MediaFile("a.mp4", "0" * 64, 1, "video/mp4", 99, 99, duration_s)
    return Result(SCHEMA_VERSION, file, model, "inconclusive", 0.5, tracks, (), decided_by=1, cuts=tuple(cuts))


def words_of(svg: str) -> list[Words]:
    font = float(re.search(r"font:(\d+)px", svg)[1])
    return [
        Words(
            text,
            float(x),
            float(y),
            font,
            (re.search(r'text-anchor="(\w+)"', rest) or ["", "start"])[1],
            is_bold="bold" in rest,
        )
        for x, y, rest, text in re.findall(r'<text x="([-\d.]+)" y="([-\d.]+)"([^>]*)>([^<]*)</text>', svg)
    ]


def lines_of(svg: str) -> list[list[tuple[float, float]]]:
    curves = [points.split() for points in re.findall(r'<polyline points="([^"]+)"', svg)]
    curves += [[start, end] for start, end in re.findall(r'class="leader" d="M([^L]+)L([^"]+)"', svg)]
    return [[tuple(map(float, point.split(","))) for point in curve] for curve in curves]


def title_heights(svg: str) -> list[float]:
    return sorted(words.y for words in words_of(svg) if words.text.startswith(tuple(TITLES)))


def random_result(seed: int) -> Result:
    """Faces that come and go, with scores that lie together or anywhere, and thresholds that may nearly meet."""
    chance = random.Random(seed)
    duration_s = chance.choice([1.0, 4.0, 37.5, 600.0, 7000.0])
    samples = chance.choice([1, 3, 32, 64])
    low = chance.random()
    high = chance.choice([min(low + 0.01, 1.0), low + (1 - low) * chance.random()])
    curves = []
    for _ in range(chance.choice([1, 2, 5, MAX_TRACKS])):
        first, last = sorted(chance.sample(range(samples + 1), 2))
        level, swing = chance.choice([0.19, 0.5, chance.random()]), chance.choice([0.0, 0.05, 0.5])
        curves.append(
            [
                (number * duration_s / samples, min(max(level + swing * chance.uniform(-1, 1), 0.0), 1.0))
                for number in range(first, last)
            ]
        )
    instants = sorted(chance.uniform(0, duration_s) for _ in range(chance.choice([0, 2, 6])))
    cuts = [Cut(time_s, min(time_s + duration_s / samples, duration_s)) for time_s in instants]
    return result_of(curves, (low, high), duration_s, cuts)


@pytest.mark.parametrize("layout", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_words_are_printed_over_no_other_words_and_over_no_curve(layout, language):
    for seed in range(25):
        svg = timeline_svg(random_result(seed), language=language, layout=layout)
        words, lines = words_of(svg), Lines(lines_of(svg))
        for one, other in combinations(words, 2):
            assert not one.meets(other), (seed, one.text, other.text)
        for one in words:
            beyond = one.x > float(re.search(r'data-right="([\d.]+)"', svg)[1])
            assert beyond or lines.leave_free(one) or one.y > layout.height - layout.bottom, (seed, one.text)


@pytest.mark.parametrize("layout", [WIDE, NARROW], ids=["wide", "narrow"])
def test_words_lie_inside_the_picture(layout):
    for seed in range(25):
        svg = timeline_svg(random_result(seed), language="es", layout=layout)
        width, height = map(int, re.search(r'viewBox="0 0 (\d+) (\d+)"', svg).groups())
        for words in words_of(svg):
            left, top, right, bottom = words.box
            assert left >= 0 and top >= 0 and right <= width and bottom <= height, (seed, words.text)


def test_clip_at_a_threshold_has_its_title_where_no_curve_is():
    svg = timeline_svg(clip_result(0.19, thresholds=(0.17, 0.62)))
    assert len(title_heights(svg)) == 3 and len({round(height) for height in title_heights(svg)}) == 3
    assert all(Lines(lines_of(svg)).leave_free(words) for words in words_of(svg) if words.text.startswith("Incon"))


@pytest.mark.parametrize("thresholds", [(0.165, 0.998), (0.5, 0.505), (0.0, 0.01), (0.99, 1.0)])
def test_title_of_a_band_too_narrow_for_it_stands_under_the_plot(thresholds):
    svg = timeline_svg(clip_result(0.19, thresholds=thresholds))
    heights = title_heights(svg)
    assert len(heights) == 3 and heights[-1] > WIDE.height - WIDE.bottom
    assert min(b - a for a, b in zip(heights, heights[1:], strict=False)) >= WIDE.font


def test_name_of_a_face_stands_beyond_its_curve_and_inside_the_picture():
    svg = timeline_svg(clip_result(0.4))
    end = max(x for x, _ in lines_of(svg)[0])
    (name,) = (words for words in words_of(svg) if words.text == "face 1")
    assert end + 5 < name.box[0] and name.box[2] < WIDE.width


def test_names_of_faces_with_the_same_score_stand_apart_and_are_tied_to_their_curves():
    svg = timeline_svg(result_of([[(0.0, 0.5), (10.0, 0.5)]] * 3))
    heights = sorted(words.y for words in words_of(svg) if words.text.startswith("face"))
    assert min(b - a for a, b in zip(heights, heights[1:], strict=False)) >= WIDE.font
    assert svg.count('class="leader"') == 2  # the third stands at its end


def test_narrow_plot_numbers_the_faces_and_leaves_the_titles_to_its_key():
    result = clip_result(0.3, 0.6)
    svg = timeline_svg(result, layout=NARROW)
    assert not title_heights(svg)
    assert {words.text for words in words_of(svg) if words.is_bold} == {"1", "2"}
    assert [str(line) for line in timeline_key(result)] == [
        "Signs of manipulation (from 0.9980)",
        "Inconclusive",
        "No manipulation found (below 0.17)",
    ]
    assert timeline_key(replace(result, faces=())) == []


def test_suspicious_spans_of_different_faces_do_not_hide_each_other():
    result = clip_result(0.9, 0.9)
    tracks = tuple(replace(track, suspicious_spans=(SuspiciousSpan(2.0, 5.0, 0.9),)) for track in result.faces)
    heights = re.findall(r'class="span" d="M[\d.]+,([\d.]+)H', timeline_svg(replace(result, faces=tracks)))
    assert len(set(heights)) == 2 and all(0 < float(height) < WIDE.top for height in heights)


def test_each_instant_has_a_strip_that_chooses_it():
    svg = timeline_svg(clip_result(0.3), [0.0, 4.0, 9.0])
    strips = re.findall(r'<rect data-show="(\d)" x="([\d.]+)"', svg)
    assert [number for number, _ in strips] == ["0", "1", "2"]
    assert 'class="playhead"' in svg and "playhead" not in timeline_svg(clip_result(0.3))
