"""Counts time on where the clock of a broadcast is set anew, as players do."""

from __future__ import annotations

from fractions import Fraction

# Transport and programme streams, whose clocks jump where recordings are joined or a sender is restarted. FFmpeg can also search
# them by bytes, which needs no clock.
BROADCAST_FORMATS = ("mpegts", "mpeg")
# A longer gap is a clock that was set anew, not a signal that was lost: FFmpeg's own dts_delta_threshold.
MAX_GAP_S = 10


class Clock:
    """Gives packets of one stream, read in order of decoding, times that go on where their stamps do not."""

    def __init__(self, time_base: Fraction):
        self._max_gap = round(MAX_GAP_S / time_base)
        self._offset = 0
        self._last: int | None = None
        self._duration = 1

    def read(self, decoded: int | None, shown: int | None, duration: int | None) -> tuple[int, int]:
        """Gives the times at which a packet is decoded and shown.

        Args:
            decoded: Its stamp for that, in units of the time base; None where it has none.
            shown: Likewise.
            duration: How long it is shown; None or 0 where that is not stated.
        """
        if decoded is None:
            decoded = shown
        if self._last is None:
            now = decoded or 0
        else:
            expected = self._last + self._duration
            now = expected if decoded is None else decoded + self._offset
            if not self._last < now <= expected + self._max_gap:
                self._offset += expected - now
                now = expected
        self._last, self._duration = now, duration or self._duration
        if shown is None or decoded is None:
            return now, now
        return now, now + shown - decoded
