"""Which frames of a clip are looked at, given when its frames are shown; whole numbers in the clip's own time base."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise


def near_stamps(times: Sequence[int], keyframes: Sequence[int], end: int, count: int) -> list[int]:
    """Chooses from each of `count` equal parts of a clip the frame that costs least to decode; ascending.

    Decoding starts at keyframes, so that is the keyframe next to the middle of the part. A part without one
    gives the frame in its middle, or its first one where the next part starts afresh from a keyframe: what
    lies between need not be decoded.

    Args:
        times: When each frame is shown, ascending.
        keyframes: Those that can be decoded alone, ascending.
        end: When the last frame is no longer shown.
        count: How many parts; with fewer frames than parts each frame is taken.
    """
    if count >= len(times):
        return list(times)
    shown = set(times)
    keyframes = [stamp for stamp in keyframes if stamp in shown]
    edges = [times[0] + Fraction(index, count) * (end - times[0]) for index in range(count + 1)]
    parts = [
        (start, stop, keyframes[bisect_left(keyframes, start) : bisect_left(keyframes, stop)])
        for start, stop in pairwise(edges)
    ]
    chosen = set()
    for index, (start, stop, inside) in enumerate(parts):
        middle = (start + stop) / 2
        if inside:
            chosen.add(min(inside, key=lambda stamp: abs(stamp - middle)))
            continue
        first = times[min(bisect_left(times, start), len(times) - 1)]
        starts_afresh = index + 1 == count or parts[index + 1][2]
        on_screen = times[max(bisect_right(times, middle) - 1, 0)]
        has_frame = start <= first < stop
        chosen.add(first if has_frame and (starts_afresh or on_screen < start) else on_screen)
    return sorted(chosen)
