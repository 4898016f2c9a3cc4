"""Which words stand where in the picture of scores over time: axes, cuts, names of faces, titles of bands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

from detector.messages import Message
from detector.report.plots.labels import Lines, Words, first_free, spread, text_width
from detector.report.plots.timeline_layout import Band, Layout, Scales

NAME_GAP_PX = 9  # from the end of a curve to its name
_MARK_PX = 4
_TICKS_S = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800)
Points = Sequence[tuple[float, float]]


def axis_words(scales: Scales, layout: Layout, said: Callable[[Message], str]) -> list[Words]:
    """Places the values of both axes, and last the unit of time."""
    font, base = layout.font, scales.bottom
    step = next((step for step in _TICKS_S if scales.duration_s / step <= layout.max_ticks), 3600)
    times = [number * step for number in range(int(scales.duration_s / step) + 1)]
    return [
        *(Words(f"{time:g}", scales.x(time), base + font + 3, font, "middle") for time in times),
        *(Words(f"{value:g}", scales.left - 8, scales.y(value) + 4, font, "end") for value in (0, 0.5, 1)),
        Words(said(Message("seconds")), scales.right, base + 2 * font + 6, font, "end"),
    ]


def cut_words(
    lines: Sequence[float], unit: Words, scales: Scales, layout: Layout, said: Callable[[Message], str]
) -> list[Words]:
    """Writes a word under each cut, where there is room beside that of the cut before and the unit of time."""
    placed = [unit]
    for x in lines:
        words = Words(said(Message("cut")), x, scales.bottom + 2 * layout.font + 6, layout.font, "middle")
        if not any(words.meets(other) for other in placed):
            placed.append(words)
    return placed[1:]


def title_words(
    bands: Sequence[Band],
    curves: Sequence[Points],
    cut_lines: Sequence[float],
    taken: Sequence[Words],
    scales: Scales,
    layout: Layout,
    said: Callable[[Message], str],
) -> list[Words]:
    """Writes the title of each band inside it, where no curve crosses it; under the plot where there is no such place."""
    lines = Lines(curves)
    lines_with_cuts = Lines([*curves, *([(x, scales.top), (x, scales.bottom)] for x in cut_lines)])
    placed: list[Words] = []
    line_y = scales.bottom + 2 * layout.font + 6
    for band in bands:
        message = band.full_title if layout.has_titles else band.limit
        if message is None:
            continue
        text = said(message)
        others = [*taken, *placed]
        words = first_free(_places(text, band, scales, layout), lines_with_cuts, others)
        words = words or first_free(_places(text, band, scales, layout), lines, others)
        if words is None and layout.has_titles:
            line_y += layout.font + 4
            words = Words(text, scales.left, line_y, layout.font)
        placed += [words] if words else []
    return placed


def _places(text: str, band: Band, scales: Scales, layout: Layout) -> Iterator[Words]:
    """Gives the places for words in a band: on the left first, at its top, in its middle, at its bottom, then elsewhere."""
    highest, lowest = round(band.top + 1.15 * layout.font, 1), round(band.bottom - layout.font / 2, 1)
    if highest > lowest:
        return
    middle = (highest + lowest) / 2
    heights = [highest, middle, lowest, *range(int(highest) + 4, int(lowest), 4)]
    width = text_width(text, layout.font)
    room = scales.right - scales.left - 12 - width
    for share, y in product((0.0, 0.5, 1.0), heights):
        yield Words(text, round(scales.left + 6 + share * max(room, 0), 1), y, layout.font, is_faint=True)


def name_words(
    names: Sequence[str], curves: Sequence[Points], limits_y: Sequence[float], scales: Scales, layout: Layout
) -> tuple[list[Words], list[list[tuple[float, float]]]]:
    """Writes the name of each face at the end of its curve; beside the plot where that is taken, with a line to the end.

    Returns:
        The names, and the lines.
    """
    limits = [[(scales.left, y), (scales.right, y)] for y in limits_y]
    lines = Lines([*curves, *limits])
    inside: list[Words] = []
    beside: list[tuple[str, tuple[float, float]]] = []
    for name, curve in zip(names, curves, strict=True):
        words = first_free(_places_of_name(name, curve[-1], scales, layout), lines, inside)
        if words:
            inside.append(words)
        else:
            beside.append((name, curve[-1]))
    outside, leaders = _names_beside(beside, scales, layout)
    if not all(Lines(leaders).leave_free(words) for words in inside):
        every = [(name, curve[-1]) for name, curve in zip(names, curves, strict=True)]
        return _names_beside(every, scales, layout)
    return [*inside, *outside], leaders


def _places_of_name(name: str, end: tuple[float, float], scales: Scales, layout: Layout) -> Iterator[Words]:
    """Gives the places for a name at an end inside the plot: behind, above and below it."""
    (x, y), font = end, layout.font
    if x > scales.right - 2 * font:
        return
    for words in (
        Words(name, x + _MARK_PX + 6, y + font / 3, font, is_bold=True),
        Words(name, x, y - font, font, "middle", is_bold=True),
        Words(name, x, y + 1.8 * font, font, "middle", is_bold=True),
    ):
        left, top, right, bottom = words.box
        if left > scales.left and right < scales.right and top > scales.top and bottom < scales.bottom:
            yield words


def _names_beside(
    names: Sequence[tuple[str, tuple[float, float]]], scales: Scales, layout: Layout
) -> tuple[list[Words], list[list[tuple[float, float]]]]:
    """Writes names in a column beside the plot, as near to the height of their ends as the others allow."""
    heights = spread([y for _, (_, y) in names], layout.font + 2, scales.top, scales.bottom - 4)
    column = scales.right + NAME_GAP_PX
    words, leaders = [], []
    for (name, (x, y)), height in zip(names, heights, strict=True):
        words.append(Words(name, column, round(height + layout.font / 3, 1), layout.font, is_bold=True))
        if abs(height - y) > 2 or x < scales.right - 2 * layout.font:
            leaders.append([(x + _MARK_PX, y), (column - 2, round(height, 1))])
    return words, leaders
