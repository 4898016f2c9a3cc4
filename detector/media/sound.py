"""The sound of a clip, made ready to be encoded beside its pictures."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av

from detector.media.container import DECODER_OPTIONS, SOUND_DECODERS, open_container

logger = logging.getLogger(__name__)

SAMPLE_RATE_HZ = 48_000
LAYOUT = "stereo"


def sound_frames(path: Path, start_s: float, end_s: float) -> Iterator[av.AudioFrame]:
    """Decodes the first sound track, gaps filled with silence; nothing where there is none that can be decoded.

    Args:
        path: The file.
        start_s: Instant on the clock of the container from which the frames count their time; what comes
            earlier is cut off, what starts later begins with silence.
        end_s: Seconds from there at which they end.

    Yields:
        Frames in order of time, at `SAMPLE_RATE_HZ` and `LAYOUT`.
    """
    kind, resampler, position = None, None, 0
    for frame in _decoded(path):
        if (new_kind := (frame.format.name, frame.layout.name, frame.sample_rate)) != kind:
            if resampler:
                position = yield from _counted(resampler, None, position)
            # without stretching: silence is put in, or sound cut off, where time stamps jump
            options = {"async": "1", "first_pts": str(position)}
            kind, resampler = new_kind, av.AudioResampler("fltp", LAYOUT, SAMPLE_RATE_HZ, options=options)
        frame.pts -= round(start_s / frame.time_base)
        if frame.pts * frame.time_base >= end_s:
            break
        position = yield from _counted(resampler, frame, position)
    if resampler:
        yield from _counted(resampler, None, position)


def _counted(resampler: av.AudioResampler, frame: av.AudioFrame | None, position: int) -> Iterator[av.AudioFrame]:
    """What the resampler gives; returns the number of samples so far."""
    for made in resampler.resample(frame):
        made.pts, made.time_base = position, Fraction(1, SAMPLE_RATE_HZ)
        position += made.samples
        yield made
    return position


def _decoded(path: Path) -> Iterator[av.AudioFrame]:
    with open_container(path) as container:
        streams = [
            stream
            for stream in container.streams.audio
            if stream.codec_context is not None and stream.codec_context.codec.name in SOUND_DECODERS
        ]
        if not streams:
            return
        streams[0].codec_context.options = DECODER_OPTIONS
        packets, expected = container.demux(streams[0]), 0
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.error.FFmpegError) as error:
                logger.debug("sound ends: %s", error)
                return
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                logger.info("sound: %s", error)
                continue
            for frame in frames:
                if frame.pts is None:
                    frame.pts = expected
                expected = frame.pts + round(Fraction(frame.samples, frame.sample_rate) / frame.time_base)
                yield frame
