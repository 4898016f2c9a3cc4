"""Reads the segments of a JPEG, ITU-T T.81, as far as they tell where its data end and what is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

# More than any picture has, so that a file made for it costs no time.
_MAX_SEGMENTS = 1000
_HUFFMAN_TABLES, _START_OF_SCAN, _END_OF_IMAGE = 0xC4, 0xDA, 0xD9
_BASELINE_FRAMES = {0xC0, 0xC1}
# 0xC4, 0xC8 and 0xCC are other segments
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
# In compressed data a byte of 255 is followed by 0; restarts may stand anywhere.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_CODE_LENGTHS = 16
_COEFFICIENTS = 64


@dataclass
class JpegData:
    """What was found of the main picture.

    Attributes:
        first_scan: Where compressed data begin; None where none does.
        end: Where the marker of its end stands; None where it has none.
        zeros_are_flat: Whether many zero bytes in a row may be a plain surface. The code of zeros alone stands for what is most
            frequent, in tables made for one picture; in those that most encoders use, for what no picture repeats.
    """

    first_scan: int | None = None
    end: int | None = None
    zeros_are_flat: bool = True
    # for each component, how many bits each coefficient lacks; None for a coefficient that was never sent
    _lacking: dict[int, list[int | None]] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether the scans that were begun give all coefficients to the last bit."""
        return bool(self._lacking) and all(bits == 0 for sent in self._lacking.values() for bits in sent)

    def add_frame(self, segment: bytes) -> None:
        """Takes the body of a frame header."""
        count = segment[5] if len(segment) > 5 else 0
        self._lacking = {component: [None] * _COEFFICIENTS for component in segment[6 : 6 + 3 * count : 3]}

    def add_tables(self, segment: bytes) -> None:
        """Takes the body of Huffman tables: each a class and number, how many codes have each length, and their symbols."""
        while len(segment) > 1 + _CODE_LENGTHS:
            # class 0 is of brightness changes between blocks, 1 of details; symbol 0 is "no change" and "no more details"
            if segment[1 + _CODE_LENGTHS] != 0:
                self.zeros_are_flat = False
            segment = segment[1 + _CODE_LENGTHS + sum(segment[1 : 1 + _CODE_LENGTHS]) :]

    def add_scan(self, segment: bytes) -> None:
        """Takes the body of a scan header."""
        count = segment[0] if segment else 0
        if len(segment) < 4 + 2 * count:
            return
        first, last, precision = segment[1 + 2 * count : 4 + 2 * count]
        for component in segment[1 : 1 + 2 * count : 2]:
            sent = self._lacking.get(component, [])
            for coefficient in range(first, min(last + 1, len(sent))):
                sent[coefficient] = precision & 15


def read_segments(data: bytes) -> JpegData:
    """Follows the segments of the first picture in a file."""
    found = JpegData()
    offset = 2
    is_baseline = True
    for _ in range(_MAX_SEGMENTS):
        marker = _MARKER.search(data, offset)
        if marker is None:
            break
        kind = data[marker.start() + 1]
        if kind == _END_OF_IMAGE:
            found.end = marker.start()
            break
        length = int.from_bytes(data[marker.end() : marker.end() + 2], "big")
        segment = data[marker.end() + 2 : marker.end() + length]
        offset = marker.end() + length
        if kind in _FRAMES:
            is_baseline = kind in _BASELINE_FRAMES
            found.add_frame(segment)
        elif kind == _HUFFMAN_TABLES:
            found.add_tables(segment)
        elif kind == _START_OF_SCAN:
            found.first_scan = found.first_scan or offset
            found.add_scan(segment)
    if not is_baseline:  # whose codes mean more
        found.zeros_are_flat = True
    return found
