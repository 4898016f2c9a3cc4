"""Scores over time as a picture of lines: every face track, the thresholds, and in words what lies between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from itertools import pairwise

from detector.report.translation import ENGLISH, translate
from detector.report.wording import VERDICT_TITLE, score_text
from detector.results import Cut, FaceTrack, Result

_WIDTH, _HEIGHT = 760, 306
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 72, 14, 46  # the right margin takes the name of a face that is there to the end
# Told apart by dashes, marks and the number at each end; colours (Okabe and Ito, 2008) are for those who see them.
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#b0578d")
_DASHES = ("none", "9 4", "3 3", "12 4 3 4")
_MARKS = ("M-3,0a3,3 0 1,0 6,0a3,3 0 1,0 -6,0", "M-3,-3h6v6h-6z", "M0,-4L4,3H-4z", "M-4,0L0,-4L4,0L0,4z")
_CUT_WORD_PX = 26  # room that the word under a cut takes
_WORDS_PX, _WORDS_WIDTH_PX = 8, 270  # half the height of a line of words, and the length of the longest
# From a time or a score to pixels.
Scale = Callable[[float], float]
MAX_TRACKS = 12  # more would hide each other; all are in the table and the JSON


def timeline_svg(result: Result, instants_s: Sequence[float] = (), language: str = ENGLISH) -> str:
    """The scores of a video over its time as one SVG element; empty without a face.

    It draws in the colour of the text around it, so it serves light, dark and print.

    Args:
        result: Of a video.
        instants_s: Times of the frames that can be shown; a click near one of them chooses it.
        language: Of its words.
    """
    if not result.faces:
        return ""
    tracks = result.faces[:MAX_TRACKS]
    duration_s = max([result.file.duration_s or 0.0] + [frame.time_s for track in tracks for frame in track.frames])
    thresholds = result.model.thresholds

    def x(time_s: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * time_s / max(duration_s, 1e-6), 1)

    def y(score: float) -> float:
        return round(_TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - score), 1)

    def say(sentence: str) -> str:
        return escape(translate(sentence, language))

    parts = [_axes(duration_s, say("seconds"), x, y)]
    words_end = _LEFT + _WORDS_WIDTH_PX
    heights = [y(frame.score) for track in tracks for frame in track.frames if x(frame.time_s) <= words_end]
    for words, edge, low, high in (
        (VERDICT_TITLE["manipulated"], thresholds.manipulated, thresholds.manipulated, 1.0),
        (VERDICT_TITLE["inconclusive"], None, thresholds.no_manipulation_found, thresholds.manipulated),
        (
            VERDICT_TITLE["no_manipulation_found"],
            thresholds.no_manipulation_found,
            0.0,
            thresholds.no_manipulation_found,
        ),
    ):
        if edge is not None:
            parts.append(
                f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(edge)}" y2="{y(edge)}" stroke="currentColor" '
                'stroke-dasharray="6 5" stroke-opacity=".75"/>'
            )
        top, center, bottom = y(high) + 10, (y(low) + y(high)) / 2, y(low) - _WORDS_PX
        places = [top, center, bottom]
        if edge is None:
            places = [center, bottom, y(high) + 2 * _WORDS_PX]  # the last one below the words of the band above
        elif y(low) - y(high) <= 2 * _WORDS_PX:
            places = [y(low) + 9]
        middle = _freest(places, heights)
        limit = "" if edge is None else f" ({say(('from ' if low else 'below ') + score_text(edge))})"
        parts.append(
            f'<text x="{_LEFT + 6}" y="{middle + 4:.1f}" fill="currentColor" fill-opacity=".8">{say(words)}{limit}</text>'
        )
    parts.append(_cuts(result.cuts, say("cut"), x, y))
    parts += [_line(number, track, say(f"face {track.track_id}"), x, y) for number, track in enumerate(tracks)]
    parts += _hit_areas(instants_s, duration_s, x)
    sentences = [f"Score over {duration_s:.1f} seconds.", *map(_in_words, tracks)]
    sentences += [f"Cut between {cut.after_s:.1f} and {cut.before_s:.1f} s." for cut in result.cuts]
    label = " ".join(map(say, sentences))
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}" '
        'style="width:100%;height:auto;font:12px sans-serif" xmlns="http://www.w3.org/2000/svg">'
        + "".join(parts)
        + "</svg>"
    )


def _freest(places: Sequence[float], heights: Sequence[float]) -> float:
    """The place for words that is farthest from all curves; the first one of those that are free."""

    def room(place: float) -> float:
        return min([abs(place - height) for height in heights] + [2 * _WORDS_PX])

    return max(places, key=room)


def _in_words(track: FaceTrack) -> str:
    scores = [frame.score for frame in track.frames]
    return f"Face {track.track_id}: {len(scores)} frames, {score_text(min(scores))} to {score_text(max(scores))}."


def _hit_areas(instants_s: Sequence[float], duration_s: float, x: Scale) -> list[str]:
    """Invisible strips, each nearer to its instant than to any other."""
    edges = [0.0, *((a + b) / 2 for a, b in pairwise(instants_s)), duration_s]
    return [
        f'<rect data-show="{number}" x="{x(start)}" y="{_TOP}" width="{max(x(end) - x(start), 1):.1f}" '
        f'height="{_HEIGHT - _TOP - _BOTTOM}" fill="transparent"/>'
        for number, (start, end) in enumerate(pairwise(edges))
        if instants_s
    ]


def _axes(duration_s: float, unit: str, x: Scale, y: Scale) -> str:
    """Both axes with numbers; every second, or as many seconds as keep it legible."""
    step = next((step for step in (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600) if duration_s / step <= 12), 1200)
    ticks = [number * step for number in range(int(duration_s / step) + 1)]
    words = [
        f'<text x="{x(tick)}" y="{y(0) + 16}" text-anchor="middle" fill="currentColor">{tick:g}</text>'
        for tick in ticks
    ]
    words += [
        f'<text x="{_LEFT - 8}" y="{y(value) + 4}" text-anchor="end" fill="currentColor">{value:g}</text>'
        for value in (0, 0.5, 1)
    ]
    words.append(f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 6}" text-anchor="end" fill="currentColor">{unit}</text>')
    frame = f'<path d="M{_LEFT},{y(1)}V{y(0)}H{_WIDTH - _RIGHT}" fill="none" stroke="currentColor"/>'
    return frame + "".join(words)


def _cuts(cuts: Sequence[Cut], word: str, x: Scale, y: Scale) -> str:
    """A dotted line a cut, in the middle between the samples around it."""
    parts, free_from = [], 0.0
    for cut in cuts:
        place = round((x(cut.after_s) + x(cut.before_s)) / 2, 1)
        parts.append(
            f'<line class="cut" x1="{place}" x2="{place}" y1="{y(1)}" y2="{y(0) + 20}" stroke="currentColor" '
            'stroke-dasharray="1 4" stroke-opacity=".75"/>'
        )
        if place - _CUT_WORD_PX / 2 >= free_from:
            parts.append(f'<text x="{place}" y="{y(0) + 29}" text-anchor="middle" fill="currentColor">{word}</text>')
            free_from = place + _CUT_WORD_PX / 2
    return "".join(parts)


def _line(number: int, track: FaceTrack, name: str, x: Scale, y: Scale) -> str:
    color, dashes, mark = (options[number % len(options)] for options in (_COLORS, _DASHES, _MARKS))
    points = [(x(frame.time_s), y(frame.score)) for frame in track.frames]
    line = " ".join(f"{left},{top}" for left, top in points)
    marks = "".join(f'<path d="{mark}" transform="translate({left},{top})"/>' for left, top in points)
    spans = "".join(
        f'<path d="M{x(span.start_s)},{y(1) - 5}H{max(x(span.end_s), x(span.start_s) + 2)}" stroke="{color}" stroke-width="5"/>'
        for span in track.suspicious_spans
    )
    left, top = points[-1]
    return (
        f'<g stroke="{color}" fill="none" stroke-width="2"><polyline points="{line}" stroke-dasharray="{dashes}"/>'
        f'<g fill="{color}" stroke="none">{marks}</g>{spans}</g>'
        f'<text x="{left + 9}" y="{top + 4}" '
        f'fill="currentColor" font-weight="bold">{name}</text>'
    )
