"""The reference files of an evidence scale as a picture: real and manipulated ones, and where a file lies among them.

Places across are percentages and text has a fixed size, so the words stay legible in a narrow column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from detector.evidence_scale import EvidenceScale, EvidenceScales
from detector.messages import Message
from detector.report.html import fragment
from detector.report.plots.score_axis import SCORE_MARKS
from detector.report.translation import ENGLISH
from detector.results import Evidence, ScaleName

WIDTH, HEIGHT = 1000, 40  # of a distribution, in units of its own; it is stretched to the column
_MARGIN = 0.03  # of the axis, left and right of the outermost file
_POINTS = 160
_CHARACTER, _GAP = 3.6, 2.0  # percent of the width of a column of 235 px, that of the page on a phone
# The borders of the bands; where there is no room for all labels, the first ones stay.
_BORDERS: tuple[tuple[float, str], ...] = ((10, "10"), (0.5, "1/2"), (2, "2"), (100, "100"), (0.1, "1/10"))
_KINDS: dict[ScaleName, tuple[Message, Message]] = {
    "photo": (Message("Real reference photos"), Message("Manipulated reference photos")),
    "clip": (Message("Real clips and frames"), Message("Manipulated clips and frames")),
    "span": (
        Message("Real clips, top part"),
        Message("Manipulated clips, top part"),
    ),
}


@dataclass(frozen=True)
class _Axis:
    """The statistics at both ends of the picture, in log odds."""

    low: float
    high: float

    def percent(self, statistic: float) -> float:
        return round(100 * (statistic - self.low) / (self.high - self.low), 2)

    def unit(self, statistic: float) -> float:
        return round(WIDTH / 100 * self.percent(statistic), 1)


@dataclass(frozen=True)
class _Label:
    """A word under the axis: where it stands in percent, and which end of it stands there."""

    text: str
    x: float
    anchor: str

    @property
    def extent(self) -> tuple[float, float]:
        """Where it begins and ends in a narrow column, in percent, with a gap around it."""
        width = _CHARACTER * len(self.text) + _GAP
        start = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return start, start + width


@dataclass(frozen=True)
class _Row:
    """One kind of reference files: words, density, and a tick for each file; those that are counted a second time."""

    title: Message
    count: Message
    area: str
    counted_area: str
    ticks: str
    counted_ticks: str


def reference_plot_svg(evidence: Evidence, scales: EvidenceScales | None, language: str = ENGLISH) -> Markup:
    """Draws the reference files of the scale that a file was weighed on, and the file among them, as one SVG element.

    It draws in the colour of the text around it, so it serves light, dark and print. Empty without the scale.

    Args:
        evidence: Weight of the file.
        scales: Those of the model that answered.
        language: Language of its words.
    """
    scale = scales.named(evidence.scale) if scales else None
    if scale is None:
        return Markup()
    axis = _axis(scale, evidence.statistic)
    borders = [(label, scale.statistic_from(ratio)) for ratio, label in _BORDERS]
    placed = [(label, statistic) for label, statistic in borders if statistic is not None]
    visible = [(label, axis.percent(statistic)) for label, statistic in placed if axis.low < statistic < axis.high]
    scores = [(score, axis.percent(log_odds)) for score, log_odds in SCORE_MARKS]
    rows = _rows(scale, evidence, axis)
    return fragment(
        "reference.svg",
        language,
        size=(WIDTH, HEIGHT),
        rows=rows,
        file=_label("", axis.percent(evidence.statistic)),
        border_lines=[x for _, x in visible],
        borders=_without_overprint(visible),
        scores=_without_overprint([(text, x) for text, x in scores if 0 <= x <= 100]),
    )


def _axis(scale: EvidenceScale, statistic: float) -> _Axis:
    low, high = min(scale.real[0], scale.fake[0], statistic), max(scale.real[-1], scale.fake[-1], statistic)
    margin = max((high - low) * _MARGIN, 1e-3)
    return _Axis(low - margin, high + margin)


def _rows(scale: EvidenceScale, evidence: Evidence, axis: _Axis) -> list[_Row]:
    grid = np.linspace(axis.low, axis.high, _POINTS)
    densities = [_density(scale.real, grid), _density(scale.fake, grid)]
    highest = max(density.max() for density in densities)
    high, low = evidence.real_as_high, evidence.fake_as_low
    counts = (
        Message("{count} of {of} as high or higher", {"count": high.count, "of": high.of}),
        Message("{count} of {of} as low or lower", {"count": low.count, "of": low.of}),
    )
    files = (scale.real, scale.fake)
    rows = []
    for number, (title, count) in enumerate(zip(_KINDS[scale.name], counts, strict=True)):
        heights = densities[number] / highest
        is_counted = grid >= evidence.statistic if number == 0 else grid <= evidence.statistic
        # counted as the statistics were: before the rounding of the evidence, the last files may lie at the line itself
        split = len(files[0]) - high.count if number == 0 else low.count
        first, last = files[number][:split], files[number][split:]
        counted, others = (last, first) if number == 0 else (first, last)
        rows.append(
            _Row(
                title,
                count,
                _area(grid, heights, axis),
                _area(grid[is_counted], heights[is_counted], axis),
                _ticks(others, axis),
                _ticks(counted, axis),
            )
        )
    return rows


def _density(statistics: Sequence[float], grid: np.ndarray) -> np.ndarray:
    """Smooths the reference files with a Gaussian kernel, as wide as Silverman's rule says."""
    values = np.asarray(statistics)
    width = max(1.06 * float(np.std(values)) * len(values) ** -0.2, float(grid[-1] - grid[0]) / _POINTS)
    return np.asarray(np.exp(-0.5 * ((grid[:, None] - values) / width) ** 2).mean(axis=1) / width)


def _area(grid: np.ndarray, heights: np.ndarray, axis: _Axis) -> str:
    if len(grid) < 2:
        return ""
    points = "L".join(
        f"{axis.unit(x):g},{HEIGHT * (1 - y):.1f}" for x, y in zip(grid.tolist(), heights.tolist(), strict=True)
    )
    return f"M{axis.unit(float(grid[0])):g},{HEIGHT}L{points}L{axis.unit(float(grid[-1])):g},{HEIGHT}Z"


def _ticks(statistics: Sequence[float], axis: _Axis) -> str:
    """Draws a tick for each file; files that would cover each other share one."""
    return "".join(f"M{x},0V1" for x in sorted({round(axis.unit(statistic)) for statistic in statistics}))


def _without_overprint(labels: Sequence[tuple[str, float]]) -> list[_Label]:
    """Keeps the labels that have room beside those before them; all percent."""
    kept: list[_Label] = []
    for label in (_label(text, x) for text, x in labels):
        start, end = label.extent
        if all(end <= other.extent[0] or start >= other.extent[1] for other in kept):
            kept.append(label)
    return sorted(kept, key=lambda label: label.x)


def _label(text: str, x: float) -> _Label:
    """Places a label at its mark, at the edges beside it."""
    return _Label(text, x, "start" if x < 8 else "end" if x > 92 else "middle")
