"""Scores over time as a picture of lines: every face track, the thresholds, and in words what lies between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from markupsafe import Markup

from detector.facts import Thresholds
from detector.messages import Message, counted
from detector.report.html import fragment
from detector.report.translation import ENGLISH
from detector.report.wording.verdicts import VERDICT_TITLE, score_text
from detector.results import Cut, FaceTrack, Result, Verdict

_WIDTH, _HEIGHT = 760, 306
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 72, 14, 46  # the right margin takes the name of a face that is there to the end
# Told apart by dashes, marks and the number at each end; colours (Okabe and Ito, 2008) are for those who see them.
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#b0578d")
_DASHES = ("none", "9 4", "3 3", "12 4 3 4")
_MARKS = ("M-3,0a3,3 0 1,0 6,0a3,3 0 1,0 -6,0", "M-3,-3h6v6h-6z", "M0,-4L4,3H-4z", "M-4,0L0,-4L4,0L0,4z")
_CUT_WORD_PX = 26  # room that the word under a cut takes
_WORDS_PX, _WORDS_WIDTH_PX = 8, 330  # half the height of a line of words, and the length of the longest
# What the bands of verdicts stand for on an evidence scale, as the score of a whole clip.
_SUPPORT: dict[Verdict, Message] = {
    "manipulated": Message("Moderate or strong support for manipulation"),
    "inconclusive": Message("Weak support for manipulation, or none either way"),
    "no_manipulation_found": Message("Support for no manipulation"),
}
_TICKS_S = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600)
MAX_TRACKS = 12  # more would hide each other; all are in the table and the JSON


@dataclass(frozen=True)
class _Scales:
    """Where times and scores lie in the picture, in pixels."""

    duration_s: float

    left: ClassVar[int] = _LEFT
    right: ClassVar[int] = _WIDTH - _RIGHT
    top: ClassVar[int] = _TOP
    bottom: ClassVar[int] = _HEIGHT - _BOTTOM

    def x(self, time_s: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * time_s / max(self.duration_s, 1e-6), 1)

    def y(self, score: float) -> float:
        return round(_TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - score), 1)


@dataclass(frozen=True)
class _Band:
    """The scores of one verdict: its title, where that stands, and the threshold at which the band begins or ends.

    Attributes:
        title: Of the verdict.
        limit: The threshold in words; None for the band in the middle.
        line_y: Where the line of the threshold lies; None for the band in the middle.
        words_y: Base line of the title.
    """

    title: Message
    limit: Message | None
    line_y: float | None
    words_y: float


@dataclass(frozen=True)
class _Curve:
    """One face track: its points, the spans in which it shows signs of manipulation, and how it is told from others."""

    number: int
    color: str
    dashes: str
    mark: str
    points: tuple[tuple[float, float], ...]
    spans: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class _CutLine:
    """A cut: where its line lies, and whether there is room for the word under it."""

    x: float
    has_word: bool


@dataclass(frozen=True)
class _HitArea:
    """An invisible strip around an instant, which chooses its frame."""

    number: int
    x: float
    width: float


def timeline_svg(result: Result, instants_s: Sequence[float] = (), language: str = ENGLISH) -> Markup:
    """Draws the scores of a video over its time as one SVG element; empty without a face.

    It draws in the colour of the text around it, so it serves light, dark and print.

    Args:
        result: Result of a video.
        instants_s: Times of the frames that can be shown; a click near one of them chooses it.
        language: Language of its words.
    """
    if not result.faces:
        return Markup()
    tracks = result.faces[:MAX_TRACKS]
    scales = _Scales(
        max([result.file.duration_s or 0.0] + [frame.time_s for track in tracks for frame in track.frames])
    )
    return fragment(
        "timeline.svg",
        language,
        size=(_WIDTH, _HEIGHT),
        scales=scales,
        sentences=_in_words(scales.duration_s, tracks, result.cuts),
        ticks_s=_ticks_s(scales.duration_s),
        bands=_bands(
            result.model.thresholds,
            _SUPPORT if any(track.evidence for track in tracks) else VERDICT_TITLE,
            tracks,
            scales,
        ),
        cuts=_cut_lines(result.cuts, scales),
        curves=[_curve(number, track, scales) for number, track in enumerate(tracks)],
        hit_areas=_hit_areas(instants_s, scales),
    )


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


def _ticks_s(duration_s: float) -> list[float]:
    """Returns every second, or as many seconds as keep the axis legible."""
    step = next((step for step in _TICKS_S if duration_s / step <= 12), 1200)
    return [number * step for number in range(int(duration_s / step) + 1)]


def _bands(
    thresholds: Thresholds, titles: Mapping[Verdict, Message], tracks: Sequence[FaceTrack], scales: _Scales
) -> list[_Band]:
    """Places the title of each verdict where no curve crosses it."""
    low, high = thresholds.no_manipulation_found, thresholds.manipulated
    words_end = _LEFT + _WORDS_WIDTH_PX
    heights = [
        scales.y(frame.score) for track in tracks for frame in track.frames if scales.x(frame.time_s) <= words_end
    ]
    top, upper, lower, bottom = scales.y(1.0), scales.y(high), scales.y(low), scales.y(0.0)
    return [
        _Band(
            titles["manipulated"],
            Message("from {score}", {"score": score_text(high)}) if high < 1 else Message("no score is enough"),
            upper,
            _freest(_places(top, upper), heights) + 4,
        ),
        # the last place stands below the words of the band above
        _Band(
            titles["inconclusive"],
            None,
            None,
            _freest([(upper + lower) / 2, lower - _WORDS_PX, upper + 2 * _WORDS_PX], heights) + 4,
        ),
        _Band(
            titles["no_manipulation_found"],
            Message("below {score}", {"score": score_text(low)}) if low > 0 else Message("no score is enough"),
            lower,
            _freest(_places(lower, bottom), heights) + 4,
        ),
    ]


def _places(top: float, bottom: float) -> list[float]:
    """Returns where words may stand in a band; below it where it is too narrow."""
    if bottom - top <= 2 * _WORDS_PX:
        return [bottom + 9]
    return [top + 10, (top + bottom) / 2, bottom - _WORDS_PX]


def _freest(places: Sequence[float], heights: Sequence[float]) -> float:
    """Returns the place for words that is farthest from all curves; the first one of those that are free."""

    def room(place: float) -> float:
        return min([abs(place - height) for height in heights] + [2 * _WORDS_PX])

    return max(places, key=room)


def _cut_lines(cuts: Sequence[Cut], scales: _Scales) -> list[_CutLine]:
    """Places a line for each cut, in the middle between the samples around it."""
    lines, free_from = [], 0.0
    for cut in cuts:
        x = round((scales.x(cut.after_s) + scales.x(cut.before_s)) / 2, 1)
        has_word = x - _CUT_WORD_PX / 2 >= free_from
        if has_word:
            free_from = x + _CUT_WORD_PX / 2
        lines.append(_CutLine(x, has_word))
    return lines


def _curve(number: int, track: FaceTrack, scales: _Scales) -> _Curve:
    return _Curve(
        track.track_id,
        _COLORS[number % len(_COLORS)],
        _DASHES[number % len(_DASHES)],
        _MARKS[number % len(_MARKS)],
        tuple((scales.x(frame.time_s), scales.y(frame.score)) for frame in track.frames),
        tuple(
            (scales.x(span.start_s), max(scales.x(span.end_s), scales.x(span.start_s) + 2))
            for span in track.suspicious_spans
        ),
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
