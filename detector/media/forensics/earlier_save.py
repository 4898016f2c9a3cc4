"""Finds out whether a JPEG was saved before, at a lower quality, and lies on the same grid of blocks as then.

Saving rounds each frequency of a block of 8 x 8 pixels to multiples of a step; the lower the quality, the larger the step. A
second save with smaller steps keeps the values near multiples of the first ones (Popescu and Farid, "Statistical Tools for
Digital Forensics", 2004). How near is compared with the same picture on a grid that is shifted by half a block, where nothing is
left of the first save (the calibration of Fridrich, Goljan and Hogea, 2002).

Measured on 93 photos of .06 to 2 megapixels that were cropped to lose the grid of their source. Saved once with the tables of
libjpeg (558 files, qualities 70 to 99) or of Photoshop (424 files): none passed `MIN_LIKENESS`; the highest likeness was .09. Saved
twice with libjpeg, the later save 9 or more points better (1953 files): all were found. With 5 points between, all were found where
the later save had 90 or 95, none where it had 70, 80 or 85. A crop or a change of size between the two saves hides the first.
"""

from __future__ import annotations

import numpy as np

MIN_LIKENESS = 0.3
_BLOCK = 8
_SHIFT = _BLOCK // 2
# A part from the middle is enough, and costs a tenth of a second.
_MAX_SIDE_PX = 1536
_QUALITIES = range(30, 97)
# The lowest ones of the frequencies (row, column): those above are mostly rounded to nothing.
_FREQUENCIES = ((0, 1), (1, 0), (2, 0), (1, 1), (0, 2), (0, 3), (1, 2), (2, 1), (3, 0))
_MIN_FREQUENCIES = 3
_MIN_VALUES = 50
# Half of a step fits its multiples as well, and even a little better; so a table of double steps wins if it fits about as well.
_DOUBLE = (1.7, 2.4)
_ABOUT_AS_LIKE = 0.65
# JPEG standard (ITU-T T.81), table K.1, in rows.
_STANDARD_TABLE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
Histogram = tuple[np.ndarray, np.ndarray]


def standard_table(quality: int) -> np.ndarray:
    """Gives the steps of brightness, ``(8, 8)``, that libjpeg uses at a quality of 1..100."""
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    steps: np.ndarray = np.clip((_STANDARD_TABLE * percent + 50) // 100, 1, 255)
    return steps


def standard_quality(table: np.ndarray) -> int | None:
    """Gives the quality, 1..100, at which libjpeg uses just this table, ``(8, 8)``; None where it never does."""
    found = [quality for quality in range(1, 101) if np.array_equal(standard_table(quality), table)]
    return found[-1] if found else None


def earlier_quality(grey: np.ndarray, table: np.ndarray) -> int | None:
    """Gives about which quality, 1..100 by libjpeg's scale, a JPEG was saved at before.

    Args:
        grey: ``(H, W)`` uint8, its brightness as stored, not turned.
        table: ``(8, 8)``, the steps of brightness that it is stored with.

    Returns:
        None where no trace of an earlier save at a lower quality is found.
    """
    part = _middle(grey)
    if min(part.shape) < 4 * _BLOCK:
        return None
    ours, others = _histograms(part, table), _histograms(part[_SHIFT:-_SHIFT, _SHIFT:-_SHIFT], table)
    likeness = {quality: _likeness(standard_table(quality), table, ours, others) for quality in _QUALITIES}
    best = max(likeness, key=likeness.__getitem__)
    if likeness[best] < MIN_LIKENESS:
        return None
    doubled = [quality for quality in likeness if _DOUBLE[0] <= _mean_step(quality) / _mean_step(best) <= _DOUBLE[1]]
    coarse = max(doubled, key=likeness.__getitem__, default=best)
    return coarse if likeness[coarse] >= _ABOUT_AS_LIKE * likeness[best] else best


def _mean_step(quality: int) -> float:
    table = standard_table(quality)
    return float(np.mean([table[frequency] for frequency in _FREQUENCIES]))


def _middle(grey: np.ndarray) -> np.ndarray:
    """Cuts out whole blocks from the middle."""
    places = []
    for length in grey.shape:
        taken = min(length, _MAX_SIDE_PX) // _BLOCK * _BLOCK
        start = (length - taken) // 2 // _BLOCK * _BLOCK
        places.append(slice(start, start + taken))
    return grey[tuple(places)]


def _histograms(grey: np.ndarray, table: np.ndarray) -> list[Histogram]:
    """Counts the absolute values of each of `_FREQUENCIES`, rounded to the steps of a table, without zeros."""
    rows, columns = (length // _BLOCK for length in grey.shape)
    blocks = grey[: rows * _BLOCK, : columns * _BLOCK].astype(np.float32).reshape(rows, _BLOCK, columns, _BLOCK)
    cosines = _cosines()
    values = np.einsum("ui,ricj,vj->uvrc", cosines, blocks, cosines, optimize=True)
    found = []
    for row, column in _FREQUENCIES:
        step = int(table[row, column])
        levels, counts = np.unique(np.abs(np.rint(values[row, column] / step)), return_counts=True)
        found.append((levels[levels > 0] * step, counts[levels > 0]))
    return found


def _cosines() -> np.ndarray:
    """The discrete cosine transform of one row of a block, ``(8, 8)``: frequencies in rows."""
    places = np.arange(_BLOCK)
    matrix: np.ndarray = np.sqrt(2 / _BLOCK) * np.cos((2 * places[None] + 1) * places[:, None] * np.pi / (2 * _BLOCK))
    matrix[0] /= np.sqrt(2)
    return np.asarray(matrix, np.float32)


def _likeness(earlier: np.ndarray, table: np.ndarray, ours: list[Histogram], others: list[Histogram]) -> float:
    """Tells how much nearer the values lie to multiples of earlier steps than those of the shifted grid do, -2..2."""
    differences = []
    for frequency, our, other in zip(_FREQUENCIES, ours, others, strict=True):
        step = int(earlier[frequency])
        if step <= table[frequency]:  # of which the later save leaves nothing
            continue
        near, far = _nearness(our, step), _nearness(other, step)
        if near is not None and far is not None:
            differences.append(near - far)
    return float(np.mean(differences)) if len(differences) >= _MIN_FREQUENCIES else -2.0


def _nearness(histogram: Histogram, step: int) -> float | None:
    """Tells how near values lie to multiples of a step: 1 on them, -1 between; None where they are too few."""
    values, counts = histogram
    is_large = values > step / 2
    total = counts[is_large].sum()
    if total < _MIN_VALUES:
        return None
    return float((np.cos(2 * np.pi * values[is_large] / step) * counts[is_large]).sum() / total)
