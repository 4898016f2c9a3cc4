"""Chooses which of the picture tracks of a video is looked at: not always the first is the film."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import av

from detector.errors import MediaError
from detector.facts import MediaItem
from detector.media.files import no_such_item
from detector.media.videos.container import VIDEO_DECODERS, pixel_aspect, square_size, stated
from detector.media.videos.frame_index import TrackStamps
from detector.messages import Message, counted

# Tracks of one film in several sizes differ by a frame or two; then the largest picture counts.
_ABOUT_AS_LONG = 0.9


@dataclass(frozen=True)
class TrackChoice:
    """The track that is looked at, among all picture tracks of a file.

    Attributes:
        stream: The track.
        others: How many others hold pictures.
        number: From 1, among all picture tracks.
    """

    stream: av.VideoStream
    others: int
    number: int

    def problems(self) -> list[Message]:
        """Names what was not looked at."""
        if not self.others:
            return []
        return [
            counted(
                "The file holds {count} further picture track, which was not assessed.",
                "The file holds {count} further picture tracks, which were not assessed.",
                self.others,
            )
        ]


def picture_tracks(container: av.container.InputContainer) -> list[av.VideoStream]:
    """Gives the picture tracks of a file; cover art of a sound file is none, though FFmpeg calls it a video stream.

    Raises:
        MediaError: There is none.
    """
    hidden = av.stream.Disposition.attached_pic
    tracks = [stream for stream in container.streams.video if not stream.disposition & hidden and stream.codec_context]
    if not tracks:
        raise MediaError("The file holds no moving picture (no video stream); please send a video.")
    return tracks


def choose_track(streams: Sequence[av.VideoStream], stamps: Mapping[int, TrackStamps], item: int) -> TrackChoice:
    """Takes the track that is asked for, or that with the most frames and the longest duration.

    Args:
        streams: The picture tracks.
        stamps: What their packets say, by their numbers in the file.
        item: Number of the track, from 1; 0 leaves the choice to this function.

    Raises:
        MediaError: There is no such track, or it cannot be decoded.
    """
    held = [stream for stream in streams if stamps[stream.index].times] or list(streams[:1])
    if item > len(held) or item < 0:
        raise no_such_item(len(held), item)
    stream = held[item - 1] if item else _main(held, stamps)
    name = stream.codec_context.codec.name
    if name not in VIDEO_DECODERS:
        raise MediaError(
            "The pictures of the video are coded as {codec}, which is not read here; "
            "please send it as an MP4 with H.264.",
            codec=name,
        )
    return TrackChoice(stream, len(held) - 1, held.index(stream) + 1)


def _main(streams: Sequence[av.VideoStream], stamps: Mapping[int, TrackStamps]) -> av.VideoStream:
    readable = [stream for stream in streams if stream.codec_context.codec.name in VIDEO_DECODERS] or streams

    def weight(stream: av.VideoStream) -> float:
        track = stamps[stream.index]
        return len(track.times) * float(track.duration() * stated(stream.time_base))

    most = max(weight(stream) for stream in readable)
    longest = [stream for stream in readable if weight(stream) >= _ABOUT_AS_LONG * most]
    return max(longest, key=lambda stream: stream.codec_context.width * stream.codec_context.height)


def track_items(streams: Sequence[av.VideoStream], stamps: Mapping[int, TrackStamps], chosen: int) -> list[MediaItem]:
    """Lists the picture tracks of a file that has several, their size as coded. Before decoding: that may close the streams.

    Args:
        streams: The picture tracks.
        stamps: What their packets say, by their numbers in the file.
        chosen: Number of the one that is looked at, from 1.
    """
    held = [stream for stream in streams if stamps[stream.index].times]
    if len(held) < 2:
        return []
    items = []
    for number, stream in enumerate(held, start=1):
        context, track = stream.codec_context, stamps[stream.index]
        size_px = square_size(context.width, context.height, pixel_aspect(stream))
        duration_s = float(track.duration() * stated(stream.time_base))
        items.append(track_item(number, size_px, len(track.times), duration_s, is_assessed=number == chosen))
    return items


def track_item(
    number: int, size_px: tuple[int, int], frames: int, duration_s: float, *, is_assessed: bool
) -> MediaItem:
    """Makes the item of a track: a film, or a photo where it has one frame."""
    if frames == 1:
        return MediaItem(number, "photo", *size_px, None, is_assessed)
    return MediaItem(number, "film", *size_px, duration_s, is_assessed)
