import re

import pytest

from detector.facts import MediaFile, ModelInfo, Thresholds
from detector.report.known_real_section import known_real_html
from detector.report.plots.known_real import known_real_svg, shortened
from detector.report.wording.known_real import rank_text, ratio_words
from detector.results import SCHEMA_VERSION, Count, KnownRealComparison, KnownRealFile, Result

ROW_PX = 21


def compared(*statistics: float, own: float = 0.0, name: str = "questioned.jpg") -> Result:
    """A photo among known-real ones with such statistics."""
    files = tuple(
        KnownRealFile(f"known {number}.jpg", "0a" * 32, 0.5, statistic, True)
        for number, statistic in enumerate(statistics)
    )
    rank = Count(sum(own > statistic for statistic in statistics), len(statistics))
    return Result(
        SCHEMA_VERSION,
        MediaFile(name, "0" * 64, 1, "image/jpeg", 99, 99, None),
        ModelInfo("m", "1", ("real", "fake"), Thresholds(0.2, 0.8)),
        "inconclusive",
        0.5,
        (),
        (),
        known_real=KnownRealComparison(files, rank, own),
    )


@pytest.mark.parametrize("statistics", [(-3.0,), (0.0,) * 20, tuple(number / 3 for number in range(-10, 10))])
def test_every_file_has_a_line_of_its_own_and_a_mark_inside(statistics):
    svg = known_real_svg(compared(*statistics))
    lines = [float(y) for y in re.findall(r'<text x="0" y="([\d.]+)"', svg)]
    assert lines == sorted(lines) and len(lines) == len(statistics) + 1
    assert min(later - earlier for earlier, later in zip(lines, lines[1:], strict=False)) >= ROW_PX
    assert all(138 <= float(x) <= 276 for x in re.findall(r'<circle cx="([\d.]+)"', svg))
    assert svg.count('class="questioned"') == 1


def test_numbers_of_the_axis_do_not_meet():
    svg = known_real_svg(compared(-9.0, 9.0))
    places = sorted(float(x) for x in re.findall(r'<text x="([\d.]+)" y="[\d.]+" text-anchor="middle"', svg))
    assert len(places) >= 3
    assert min(later - earlier for earlier, later in zip(places, places[1:], strict=False)) >= 38


def test_picture_is_told_in_words_the_highest_first():
    svg = known_real_svg(compared(-1.0, 2.0))
    words = re.search('aria-label="([^"]+)"', svg)[1]
    assert (
        words
        == "Scores, the highest first. known 1.jpg: 0.88; questioned.jpg (the questioned file): 0.50; known 0.jpg: 0.27."
    )


def test_picture_has_the_colour_of_the_text_only():
    assert set(re.findall(r'(?:fill|stroke)="([^"]+)"', known_real_svg(compared(0.0, 1.0)))) == {"none", "currentColor"}


def test_name_is_text_wherever_it_is_shown():
    html = known_real_html(compared(1.0, name='"><script>alert(1)</script>'))
    assert "<script" not in html and "&#34;&gt;" in html


def test_long_name_keeps_its_end():
    assert shortened("IMG_0012.jpg", 126) == "IMG_0012.jpg"
    short = shortened("interview with the mayor on the market square 0012.mp4", 126)
    assert "…" in short and short.endswith("2.mp4") and len(short) <= 17
    assert len(shortened("記" * 50, 126)) <= 10


def test_nothing_is_drawn_where_nothing_is_compared():
    assert known_real_svg(compared()) == ""
    assert "It could not be compared with any" in known_real_html(compared())


@pytest.mark.parametrize(
    ("count", "of", "text"),
    [
        (12, 12, "It scores higher than all 12 known-real files."),
        (3, 12, "It scores higher than 3 of 12 known-real files."),
        (0, 12, "It scores higher than 0 of 12 known-real files."),
        (1, 1, "It scores higher than the one known-real file."),
        (0, 0, "It could not be compared with any of the known-real files."),
    ],
)
def test_rank_in_words(count, of, text):
    assert str(rank_text(Count(count, of))) == text


@pytest.mark.parametrize(
    ("log10_ratio", "words"), [(0.0, "1"), (0.5, "3.2"), (-0.7, "1/5"), (1.322, "21"), (2.5, "316"), (-0.004, "1")]
)
def test_ratio_has_two_figures(log10_ratio, words):
    assert ratio_words(log10_ratio) == words
