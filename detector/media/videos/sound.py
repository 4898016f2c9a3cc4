"""The sound of a clip, made ready to be encoded beside its pictures."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av

from detector.media.videos.clock import BROADCAST_FORMATS, Clock
from detector.media.videos.container import DECODER_OPTIONS, SOUND_DECODERS, open_container, stated
from detector.media.videos.window import Span

logger = logging.getLogger(__name__)

SAMPLE_RATE_HZ = 48_000
LAYOUT = "stereo"


def sound_frames(path: Path, start_s: float, end_s: float, span: Span | None = None) -> Iterator[av.AudioFrame]:
    """Decodes the first sound track, gaps filled with silence; nothing where there is none that can be decoded.

    Args:
        path: The file.
        start_s: Instant on the clock of the container from which the frames count their time; what comes
            earlier is cut off, what starts later begins with silence.
        end_s: Seconds from there at which they end.
        span: Where the film lies in the file, where it is only a part.

    Yields:
        Frames in order of time, at `SAMPLE_RATE_HZ` and `LAYOUT`.
    """
    resampling = _Resampling()
    for frame in _decoded(path, span):
        time_base = stated(frame.time_base)
        frame.pts = stated(frame.pts) - round(start_s / time_base)
        if frame.pts * time_base >= end_s:
            break
        yield from resampling.take(frame)
    yield from resampling.finish()


class _Resampling:
    """Brings frames to one rate and layout, and counts their samples."""

    def __init__(self) -> None:
        self._kind: tuple[str, str, int] | None = None
        self._resampler: av.AudioResampler | None = None
        self._position = 0

    def take(self, frame: av.AudioFrame) -> Iterator[av.AudioFrame]:
        """Gives what is ready once the next frame is there."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or kind != self._kind:
            yield from self.finish()
            # without stretching: silence is put in, or sound cut off, where time stamps jump
            options = {"async": "1", "first_pts": str(self._position)}
            self._kind = kind
            self._resampler = av.AudioResampler("fltp", LAYOUT, SAMPLE_RATE_HZ, options=options)
        yield from self._counted(self._resampler.resample(frame))

    def finish(self) -> Iterator[av.AudioFrame]:
        """Gives what is left."""
        if self._resampler:
            yield from self._counted(self._resampler.resample(None))

    def _counted(self, frames: Iterable[av.AudioFrame]) -> Iterator[av.AudioFrame]:
        for frame in frames:
            frame.pts, frame.time_base = self._position, Fraction(1, SAMPLE_RATE_HZ)
            self._position += frame.samples
            yield frame


def _decoded(path: Path, span: Span | None) -> Iterator[av.AudioFrame]:
    with open_container(path, span) as container:
        streams = [
            stream
            for stream in container.streams.audio
            if stream.codec_context is not None and stream.codec_context.codec.name in SOUND_DECODERS
        ]
        if not streams:
            return
        streams[0].codec_context.options = DECODER_OPTIONS
        packets, expected = container.demux(streams[0]), 0
        clock = Clock(stated(streams[0].time_base)) if container.format.name in BROADCAST_FORMATS else None
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.error.FFmpegError) as error:
                logger.debug("sound ends: %s", error)
                return
            if clock and packet.size:
                packet.dts, packet.pts = clock.read(packet.dts, packet.pts, packet.duration)
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                logger.info("sound: %s", error)
                continue
            for frame in frames:
                if frame.pts is None:
                    frame.pts = expected
                expected = frame.pts + round(Fraction(frame.samples, frame.sample_rate) / stated(frame.time_base))
                yield frame
