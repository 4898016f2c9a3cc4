"""Scores over time as a picture of lines: every face track, the thresholds, and in words what lies between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from markupsafe import Markup

from detector.facts import Thresholds
from detector.messages import Message, counted, joined
from detector.report.html import fragment
from detector.report.plots.labels import Lines, Words, first_free, spread, text_width
from detector.report.translation import ENGLISH, translate
from detector.report.wording.verdicts import VERDICT_TITLE, score_text
from detector.results import Cut, FaceTrack, Result, Verdict

# Told apart by dashes, marks and the number at each end; colours (Okabe and Ito, 2008) are for those who see them.
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#b0578d")
_DASHES = ("none", "9 4", "3 3", "12 4 3 4")
_MARKS = ("M-3,0a3,3 0 1,0 6,0a3,3 0 1,0 -6,0", "M-3,-3h6v6h-6z", "M0,-4L4,3H-4z", "M-4,0L0,-4L4,0L0,4z")
_MARK_PX = 4
_NAME_GAP_PX = 9  # from the end of a curve to its name
_SPAN_ROWS, _SPAN_ROW_PX = 3, 7  # bars above the plot, of which those of different faces must not hide each other
# What the bands of verdicts stand for on an evidence scale, as the score of a whole clip.
_SUPPORT: dict[Verdict, Message] = {
    "manipulated": Message("Moderate or strong support for manipulation"),
    "inconclusive": Message("Weak support for manipulation, or none either way"),
    "no_manipulation_found": Message("Support for no manipulation"),
}
_TICKS_S = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800)
MAX_TRACKS = 12  # more would hide each other; all are in the table and the JSON


@dataclass(frozen=True)
class Layout:
    """The room of a picture, in its units.

    Attributes:
        width: Of the whole picture.
        height: Likewise; grows by a line for each title that finds no room among the curves.
        left: Left of the plot, for the values of its axis.
        top: Above it, for the spans.
        bottom: Below it, for the times.
        font: Size of all words.
        max_ticks: Of the axis of time.
        has_titles: Whether the verdicts are named inside; else only the scores at which they begin, see `timeline_key`.
    """

    width: int
    height: int
    left: int
    top: int
    bottom: int
    font: int
    max_ticks: int
    has_titles: bool


# Shown 730 units wide and more, words have 12 px at least; so has the narrow one on the smallest phones, 290 wide.
WIDE = Layout(width=760, height=320, left=44, top=26, bottom=42, font=13, max_ticks=12, has_titles=True)
NARROW = Layout(width=330, height=290, left=36, top=26, bottom=46, font=14, max_ticks=5, has_titles=False)


@dataclass(frozen=True)
class _Scales:
    """Where times and scores lie in the picture, in its units."""

    duration_s: float
    left: float
    right: float
    top: float
    bottom: float

    def x(self, time_s: float) -> float:
        return round(self.left + (self.right - self.left) * time_s / max(self.duration_s, 1e-6), 1)

    def y(self, score: float) -> float:
        return round(self.top + (self.bottom - self.top) * (1 - score), 1)


@dataclass(frozen=True)
class _Band:
    """The scores of one verdict: its title, in words at which score it begins or ends, and where it lies."""

    title: Message
    limit: Message | None
    top: float
    bottom: float

    @property
    def full_title(self) -> Message:
        return joined([self.title, " (", self.limit, ")"], "") if self.limit else self.title


@dataclass(frozen=True)
class _Curve:
    """One face track: its points, the spans in which it shows signs of manipulation, and how it is told from others.

    Attributes:
        number: Of the face.
        color: Of line and marks.
        dashes: Of the line.
        mark: Shape of the marks.
        points: Of the line.
        spans: Start, end and height of the bars.
    """

    number: int
    color: str
    dashes: str
    mark: str
    points: list[tuple[float, float]]
    spans: list[tuple[float, float, float]]


@dataclass(frozen=True)
class _HitArea:
    """An invisible strip around an instant, which chooses its frame."""

    number: int
    x: float
    width: float


def timeline_svg(
    result: Result, instants_s: Sequence[float] = (), language: str = ENGLISH, layout: Layout = WIDE
) -> Markup:
    """Draws the scores of a video over its time as one SVG element; empty without a face.

    It draws in the colour of the text around it, so it serves light, dark and print.

    Args:
        result: Result of a video.
        instants_s: Times of the frames that can be shown; a click near one of them chooses it.
        language: Language of its words.
        layout: `WIDE`, or `NARROW` for phones, which needs `timeline_key` beside it.
    """
    if not result.faces:
        return Markup()
    tracks = result.faces[:MAX_TRACKS]

    def said(message: Message) -> str:
        return translate(message, language)

    names = [
        said(Message("face {number}", {"number": track.track_id})) if layout.has_titles else str(track.track_id)
        for track in tracks
    ]
    scales = _scales(result, layout, max(text_width(name, layout.font, is_bold=True) for name in names))
    curves = [_curve(number, track, scales) for number, track in enumerate(tracks)]
    axis_words = _axis_words(scales, layout, said)
    cut_lines = [round((scales.x(cut.after_s) + scales.x(cut.before_s)) / 2, 1) for cut in result.cuts]
    bands = _bands(result, scales)
    limits_y = [bands[0].bottom, bands[2].top]
    named, leaders = _names(names, curves, limits_y, scales, layout)
    titles = _titles(bands, [*(curve.points for curve in curves), *leaders], cut_lines, named, scales, layout, said)
    below = max([words.y for words in titles] + [0.0])
    return fragment(
        "timeline.svg",
        language,
        layout=layout,
        height=max(layout.height, round(below + layout.font / 2)),
        scales=scales,
        sentences=_in_words(scales.duration_s, tracks, result.cuts),
        lines_y=limits_y,
        cuts=cut_lines,
        words=[*axis_words, *_cut_words(cut_lines, axis_words[-1], scales, layout, said), *named, *titles],
        leaders=leaders,
        curves=curves,
        hit_areas=_hit_areas(instants_s, scales),
    )


def timeline_key(result: Result) -> list[Message]:
    """Names the bands of the plot, from top to bottom, for the layout that has no room for it; empty without a face."""
    return [band.full_title for band in _bands(result, _Scales(1, 0, 1, 0, 1))] if result.faces else []


def _scales(result: Result, layout: Layout, name_width: float) -> _Scales:
    """Gives the right margin to the longest name, as most faces are there to the end."""
    times = [frame.time_s for track in result.faces[:MAX_TRACKS] for frame in track.frames]
    right = layout.width - name_width - _NAME_GAP_PX - 2
    duration_s = max([result.file.duration_s or 0.0, *times])
    return _Scales(duration_s, layout.left, round(right, 1), layout.top, layout.height - layout.bottom)


def _in_words(duration_s: float, tracks: Sequence[FaceTrack], cuts: Sequence[Cut]) -> list[Message]:
    sentences = [Message("Score over {seconds} seconds.", {"seconds": f"{duration_s:.1f}"})]
    for track in tracks:
        scores = [frame.score for frame in track.frames]
        sentences.append(
            counted(
                "Face {number}: {count} frame, {lowest} to {highest}.",
                "Face {number}: {count} frames, {lowest} to {highest}.",
                len(scores),
                number=track.track_id,
                lowest=score_text(min(scores)),
                highest=score_text(max(scores)),
            )
        )
    for cut in cuts:
        arguments = {"after_s": f"{cut.after_s:.1f}", "before_s": f"{cut.before_s:.1f}"}
        sentences.append(Message("Cut between {after_s} and {before_s} s.", arguments))
    return sentences


def _axis_words(scales: _Scales, layout: Layout, said: Callable[[Message], str]) -> list[Words]:
    """Places the values of both axes, and last the unit of time."""
    font, base = layout.font, scales.bottom
    step = next((step for step in _TICKS_S if scales.duration_s / step <= layout.max_ticks), 3600)
    times = [number * step for number in range(int(scales.duration_s / step) + 1)]
    return [
        *(Words(f"{time:g}", scales.x(time), base + font + 3, font, "middle") for time in times),
        *(Words(f"{value:g}", scales.left - 8, scales.y(value) + 4, font, "end") for value in (0, 0.5, 1)),
        Words(said(Message("seconds")), scales.right, base + 2 * font + 6, font, "end"),
    ]


def _cut_words(
    lines: Sequence[float], unit: Words, scales: _Scales, layout: Layout, said: Callable[[Message], str]
) -> list[Words]:
    """Writes a word under each cut, where there is room beside that of the cut before and the unit of time."""
    placed = [unit]
    for x in lines:
        words = Words(said(Message("cut")), x, scales.bottom + 2 * layout.font + 6, layout.font, "middle")
        if not any(words.meets(other) for other in placed):
            placed.append(words)
    return placed[1:]


def _bands(result: Result, scales: _Scales) -> list[_Band]:
    """Gives the bands of the verdicts, the highest scores first."""
    thresholds: Thresholds = result.model.thresholds
    titles: Mapping[Verdict, Message] = _SUPPORT if any(track.evidence for track in result.faces) else VERDICT_TITLE
    low, high = thresholds.no_manipulation_found, thresholds.manipulated
    never = Message("no score is enough")
    begins = Message("from {score}", {"score": score_text(high)}) if high < 1 else never
    ends = Message("below {score}", {"score": score_text(low)}) if low > 0 else never
    top, upper, lower, bottom = (scales.y(score) for score in (1.0, high, low, 0.0))
    return [
        _Band(titles["manipulated"], begins, top, upper),
        _Band(titles["inconclusive"], None, upper, lower),
        _Band(titles["no_manipulation_found"], ends, lower, bottom),
    ]


def _titles(
    bands: Sequence[_Band],
    curves: Sequence[Sequence[tuple[float, float]]],
    cut_lines: Sequence[float],
    taken: Sequence[Words],
    scales: _Scales,
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


def _places(text: str, band: _Band, scales: _Scales, layout: Layout) -> Iterator[Words]:
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


def _names(
    names: Sequence[str], curves: Sequence[_Curve], limits_y: Sequence[float], scales: _Scales, layout: Layout
) -> tuple[list[Words], list[list[tuple[float, float]]]]:
    """Writes the name of each face at the end of its curve; beside the plot where that is taken, with a line to the end.

    Returns:
        The names, and the lines.
    """
    limits = [[(scales.left, y), (scales.right, y)] for y in limits_y]
    lines = Lines([*(curve.points for curve in curves), *limits])
    inside: list[Words] = []
    beside: list[tuple[str, tuple[float, float]]] = []
    for name, curve in zip(names, curves, strict=True):
        words = first_free(_places_of_name(name, curve.points[-1], scales, layout), lines, inside)
        if words:
            inside.append(words)
        else:
            beside.append((name, curve.points[-1]))
    outside, leaders = _names_beside(beside, scales, layout)
    if not all(Lines(leaders).leave_free(words) for words in inside):
        every = [(name, curve.points[-1]) for name, curve in zip(names, curves, strict=True)]
        return _names_beside(every, scales, layout)
    return [*inside, *outside], leaders


def _places_of_name(name: str, end: tuple[float, float], scales: _Scales, layout: Layout) -> Iterator[Words]:
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
    names: Sequence[tuple[str, tuple[float, float]]], scales: _Scales, layout: Layout
) -> tuple[list[Words], list[list[tuple[float, float]]]]:
    """Writes names in a column beside the plot, as near to the height of their ends as the others allow."""
    heights = spread([y for _, (_, y) in names], layout.font + 2, scales.top, scales.bottom - 4)
    column = scales.right + _NAME_GAP_PX
    words, leaders = [], []
    for (name, (x, y)), height in zip(names, heights, strict=True):
        words.append(Words(name, column, round(height + layout.font / 3, 1), layout.font, is_bold=True))
        if abs(height - y) > 2 or x < scales.right - 2 * layout.font:
            leaders.append([(x + _MARK_PX, y), (column - 2, round(height, 1))])
    return words, leaders


def _curve(number: int, track: FaceTrack, scales: _Scales) -> _Curve:
    row_y = scales.y(1) - 5 - number % _SPAN_ROWS * _SPAN_ROW_PX
    return _Curve(
        track.track_id,
        _COLORS[number % len(_COLORS)],
        _DASHES[number % len(_DASHES)],
        _MARKS[number % len(_MARKS)],
        [(scales.x(frame.time_s), scales.y(frame.score)) for frame in track.frames],
        [
            (scales.x(span.start_s), max(scales.x(span.end_s), scales.x(span.start_s) + 2), row_y)
            for span in track.suspicious_spans
        ],
    )


def _hit_areas(instants_s: Sequence[float], scales: _Scales) -> list[_HitArea]:
    """Returns strips, each nearer to its instant than to any other."""
    if not instants_s:
        return []
    edges = [0.0, *((a + b) / 2 for a, b in pairwise(instants_s)), scales.duration_s]
    return [
        _HitArea(number, scales.x(start), max(scales.x(end) - scales.x(start), 1))
        for number, (start, end) in enumerate(pairwise(edges))
    ]
