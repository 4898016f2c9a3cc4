"""Scores over time as a picture of lines: every face track, the thresholds, and in words what lies between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from detector.facts import Thresholds
from detector.messages import Message, counted
from detector.report.html import fragment
from detector.report.plots.labels import text_width
from detector.report.plots.timeline_layout import WIDE, Band, Layout, Scales
from detector.report.plots.timeline_words import NAME_GAP_PX, axis_words, cut_words, name_words, title_words
from detector.report.translation import ENGLISH, translate
from detector.report.wording.verdicts import VERDICT_TITLE, score_text
from detector.results import Cut, FaceTrack, Result, Verdict

# Told apart by dashes, marks and the number at each end; colours (Okabe and Ito, 2008) are for those who see them.
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#b0578d")
_DASHES = ("none", "9 4", "3 3", "12 4 3 4")
_MARKS = ("M-3,0a3,3 0 1,0 6,0a3,3 0 1,0 -6,0", "M-3,-3h6v6h-6z", "M0,-4L4,3H-4z", "M-4,0L0,-4L4,0L0,4z")
_SPAN_ROWS, _SPAN_ROW_PX = 3, 7  # bars above the plot, of which those of different faces must not hide each other
# What the bands of verdicts stand for on an evidence scale, as the score of a whole clip.
_SUPPORT: dict[Verdict, Message] = {
    "manipulated": Message("Moderate or strong support for manipulation"),
    "inconclusive": Message("Weak support for manipulation, or none either way"),
    "no_manipulation_found": Message("Support for no manipulation"),
}
MAX_TRACKS = 12  # more would hide each other; all are in the table and the JSON


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
    on_axes = axis_words(scales, layout, said)
    cut_lines = [round((scales.x(cut.after_s) + scales.x(cut.before_s)) / 2, 1) for cut in result.cuts]
    bands = _bands(result, scales)
    points = [curve.points for curve in curves]
    limits_y = [bands[0].bottom, bands[2].top]
    named, leaders = name_words(names, points, limits_y, scales, layout)
    titles = title_words(bands, [*points, *leaders], cut_lines, named, scales, layout, said)
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
        words=[*on_axes, *cut_words(cut_lines, on_axes[-1], scales, layout, said), *named, *titles],
        leaders=leaders,
        curves=curves,
        hit_areas=_hit_areas(instants_s, scales),
    )


def timeline_key(result: Result) -> list[Message]:
    """Names the bands of the plot, from top to bottom, for the layout that has no room for it; empty without a face."""
    return [band.full_title for band in _bands(result, Scales(1, 0, 1, 0, 1))] if result.faces else []


def _scales(result: Result, layout: Layout, name_width: float) -> Scales:
    """Gives the right margin to the longest name, as most faces are there to the end."""
    times = [frame.time_s for track in result.faces[:MAX_TRACKS] for frame in track.frames]
    right = layout.width - name_width - NAME_GAP_PX - 2
    duration_s = max([result.file.duration_s or 0.0, *times])
    return Scales(duration_s, layout.left, round(right, 1), layout.top, layout.height - layout.bottom)


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


def _bands(result: Result, scales: Scales) -> list[Band]:
    """Gives the bands of the verdicts, the highest scores first."""
    thresholds: Thresholds = result.model.thresholds
    titles: Mapping[Verdict, Message] = _SUPPORT if any(track.evidence for track in result.faces) else VERDICT_TITLE
    low, high = thresholds.no_manipulation_found, thresholds.manipulated
    never = Message("no score is enough")
    begins = Message("from {score}", {"score": score_text(high)}) if high < 1 else never
    ends = Message("below {score}", {"score": score_text(low)}) if low > 0 else never
    top, upper, lower, bottom = (scales.y(score) for score in (1.0, high, low, 0.0))
    return [
        Band(titles["manipulated"], begins, top, upper),
        Band(titles["inconclusive"], None, upper, lower),
        Band(titles["no_manipulation_found"], ends, lower, bottom),
    ]


def _curve(number: int, track: FaceTrack, scales: Scales) -> _Curve:
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


def _hit_areas(instants_s: Sequence[float], scales: Scales) -> list[_HitArea]:
    """Returns strips, each nearer to its instant than to any other."""
    if not instants_s:
        return []
    edges = [0.0, *((a + b) / 2 for a, b in pairwise(instants_s)), scales.duration_s]
    return [
        _HitArea(number, scales.x(start), max(scales.x(end) - scales.x(start), 1))
        for number, (start, end) in enumerate(pairwise(edges))
    ]
