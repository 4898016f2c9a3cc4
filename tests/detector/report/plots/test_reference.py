"""The reference files as a picture."""

import re

import numpy as np
import pytest

from detector.evidence_scale import EvidenceScales
from detector.report.plots.reference import reference_plot_svg
from tests.redness_model import evidence_scales

SCALES = evidence_scales()


def percent(statistic: float, others: tuple[float, ...]) -> float:
    """Where a statistic lies on an axis that holds it and all reference files, with 3 % beyond both ends."""
    low, high = min(*others, statistic), max(*others, statistic)
    margin = 0.03 * (high - low)
    return 100 * (statistic - low + margin) / (high - low + 2 * margin)


def lines(svg: str, kind: str) -> set[float]:
    return {float(x) for x in re.findall(rf'<line class="{kind}" x1="([\d.]+)%"', svg)}


def labels(svg: str, kind: str) -> list[str]:
    return re.findall(rf'<text class="{kind}"[^>]*>([^<]+)<', svg)


@pytest.mark.parametrize("statistic", [-6.0, -1.0, 2.5, 7.0])
def test_line_of_the_file_lies_at_its_statistic(statistic):
    svg = reference_plot_svg(SCALES.photo.weigh(statistic), SCALES)
    (x,) = lines(svg, "file")
    assert x == pytest.approx(percent(statistic, SCALES.photo.real + SCALES.photo.fake), abs=0.01)


def test_dashed_lines_lie_where_the_bands_begin():
    svg = reference_plot_svg(SCALES.photo.weigh(0.0), SCALES)
    wanted = [np.interp(np.log10(ratio), (-1.3, 2.0), (-3.25, 5.0)) for ratio in (0.1, 0.5, 2, 10)]
    places = [percent(at, SCALES.photo.real + SCALES.photo.fake + (0.0,)) for at in wanted]
    assert sorted(lines(svg, "border")) == pytest.approx(places, abs=0.01)  # 100 begins beyond the highest file
    assert {"1/2", "10"} <= set(labels(svg, "ratio")) <= {"1/10", "1/2", "2", "10"}


def test_bands_that_the_scale_never_reaches_have_no_line():
    assert SCALES.span.bounds == (-0.8, 1.2)
    svg = reference_plot_svg(SCALES.span.weigh(0.0), SCALES)
    assert not {"1/10", "100"} & set(labels(svg, "ratio"))


def test_counts_are_told_and_drawn():
    evidence = SCALES.photo.weigh(0.42)
    svg = reference_plot_svg(evidence, SCALES)
    high, low = evidence.real_as_high, evidence.fake_as_low
    assert f"{high.count} of {high.of} as high or higher" in svg and f"{low.count} of {low.of} as low or lower" in svg
    real, fake = (path.count("M") for path in re.findall(r'<path class="counted" d="([^"]*)"', svg))
    assert (real, fake) == (high.count, low.count) == (11, 23)


def test_labels_on_one_line_keep_apart_in_a_narrow_column():
    for statistic in np.linspace(-9, 9, 13):
        svg = reference_plot_svg(SCALES.clip.weigh(float(statistic)), SCALES)
        for kind in ("ratio", "score"):
            found = re.findall(rf'<text class="{kind}" x="([\d.]+)%"[^>]*text-anchor="(\w+)"[^>]*>([^<]+)<', svg)
            end_before = -1.0
            for x, anchor, text in found:
                width = 8 * len(text)  # pixels, of a column of 235
                start = 2.35 * float(x) - {"start": 0, "middle": width / 2, "end": width}[anchor]
                assert start >= end_before
                end_before = start + width


def test_picture_draws_in_the_colour_of_the_text_and_has_words_instead():
    svg = reference_plot_svg(SCALES.photo.weigh(1.0), SCALES, "es")
    assert set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg)) == {"currentColor"}
    assert 'role="img" aria-label="Dónde se sitúa este archivo' in svg and "13px" in svg


def test_without_the_scale_nothing_is_drawn():
    assert reference_plot_svg(SCALES.photo.weigh(1.0), None) == ""
    assert reference_plot_svg(SCALES.span.weigh(1.0), EvidenceScales(SCALES.photo, SCALES.clip)) == ""
