"""Decodes one picture track from a keyframe on, whatever its container can be searched by."""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import TypeAlias
from zlib import crc32

import av

from detector.limits import MAX_LOST_PACKETS
from detector.media.videos.container import DECODER_OPTIONS
from detector.media.videos.frame_index import FrameIndex, PacketOrder

logger = logging.getLogger(__name__)

# After a search by bytes a programme stream may give pieces of the frames before; the keyframe is among the next few packets.
_MAX_PIECES = 16
Packets: TypeAlias = "Iterator[av.Packet[av.VideoStream]]"


class Decoder:
    """Decodes frames, with the stamps of an index.

    Attributes:
        damaged_frames: Frames left out so far because the decoder marked or found them damaged.

    Times of frames are those of the container. AVI stores none; there the frames are counted from the keyframe on, which is
    exact unless frames before a keyframe refer to it (an open group). In broadcasts the packets are counted, as their clock
    may be set anew.
    """

    def __init__(
        self,
        open_container: Callable[[], av.container.InputContainer],
        container: av.container.InputContainer,
        stream: av.VideoStream,
        index: FrameIndex,
    ):
        """Takes an open track.

        Args:
            open_container: Opens the file once more, for containers that cannot be searched.
            container: The file, open.
            stream: The track.
            index: When its frames are shown.
        """
        self._open_container, self._index = open_container, index
        self.damaged_frames = 0
        self._use(container, stream)

    def _use(self, container: av.container.InputContainer, stream: av.VideoStream) -> None:
        self._container, self._stream = container, stream
        context = stream.codec_context
        context.thread_type = "AUTO"
        context.options = DECODER_OPTIONS
        self._counts_frames = self._container.format.name == "avi" and context.has_b_frames

    def close(self) -> None:
        """Closes the file."""
        self._container.close()

    def frames_from(self, stamp: int, wanted: frozenset[int] = frozenset()) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decodes from the keyframe with this stamp on, and gives each frame with its stamp; damaged frames are counted and left out.

        Of the frames that no other frame refers to, only the wanted ones are decoded.
        """
        number, lost = None, 0
        packets = self._packets_from(stamp)
        while lost < MAX_LOST_PACKETS:
            try:
                packet = next(packets)
            except (StopIteration, av.error.FFmpegError):
                return
            if number is None and packet.pts is not None:
                number = bisect_left(self._index.times, packet.pts)
            is_needed = not wanted or self._counts_frames or packet.pts is None or packet.pts in wanted
            self._stream.codec_context.skip_frame = "DEFAULT" if is_needed else "NONREF"
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                self.damaged_frames += 1
                lost += 1
                number = None if number is None else number + 1
                continue
            for frame in frames:
                lost = 0
                if self._counts_frames and number is not None:
                    frame.pts = self._index.times[min(number, len(self._index.times) - 1)]
                    number += 1
                elif frame.pts is None:
                    frame.pts = frame.dts
                if frame.is_corrupt or frame.pts is None:
                    self.damaged_frames += 1
                    continue
                yield frame.pts, frame

    def _packets_from(self, stamp: int) -> Packets:
        """Gives the packets of the track from the keyframe with this stamp on."""
        if self._index.order:
            return self._counted_from(self._index.order, stamp)
        # MP4 is searched by when a frame is shown, transport streams by when it is decoded, which comes before: there the
        # first way lands behind the keyframe, while in MP4 the second would land at the keyframe before
        for target in sorted({stamp, self._index.seek_stamps.get(stamp, stamp)}, reverse=True):
            try:
                self._container.seek(target, stream=self._stream)
                packets = self._container.demux(self._stream)
                first = next(packets)
            except (StopIteration, av.error.FFmpegError) as error:
                logger.info("cannot seek to %s: %s", target, error)
                continue
            reached = first.pts if first.pts is not None else first.dts
            if reached is not None and reached <= stamp:
                return chain([first], packets)
        return self._from_the_start()

    def _from_the_start(self) -> Packets:
        """Gives all packets, for what lies where no search leads."""
        number = self._stream.index  # gone with the container
        self._container.close()
        self._container = self._open_container()
        stream = self._container.streams[number]
        if not isinstance(stream, av.VideoStream):
            return iter(())
        self._use(self._container, stream)
        return self._container.demux(stream)

    def _counted_from(self, order: PacketOrder, stamp: int) -> Packets:
        """Gives packets whose stamps are those of the index, from a keyframe on; in files without one, from the start."""
        number = order.keyframes.get(stamp, 0)
        packets = self._found_by_bytes(order, number)
        if packets is None:
            packets, number = self._from_the_start(), 0
        for place, packet in enumerate(packets, number):
            if place < len(order.shown) and packet.size:
                packet.dts, packet.pts = order.decoded[place], order.shown[place]
            yield packet

    def _found_by_bytes(self, order: PacketOrder, number: int) -> Packets | None:
        """Searches a keyframe by its number; None where it does not come."""
        begin = number
        while begin and order.positions[begin] is None:
            begin -= 1
        try:
            self._container.seek(order.positions[begin] or 0, stream=self._stream, unsupported_byte_offset=True)
            packets = self._container.demux(self._stream)
            for packet in islice(packets, number - begin + _MAX_PIECES):
                if packet.is_keyframe and crc32(packet) == order.checksums.get(number):
                    return chain([packet], packets)
        except av.error.FFmpegError as error:
            logger.info("cannot seek to byte %s: %s", order.positions[begin], error)
        return None

    def refuses_size(self) -> bool:
        """Tells whether the decoder refuses the first picture because it is larger than is decoded; to be asked where it decodes none."""
        level = av.logging.get_level()
        av.logging.set_level(av.logging.ERROR)
        try:
            packets = self._from_the_start()
            self._stream.codec_context.thread_type = "SLICE"  # other threads keep the reason to themselves
            for packet in islice(packets, _MAX_PIECES):
                packet.decode()
        except av.error.FFmpegError as error:
            return "max pixel count" in str(error.log)
        finally:
            av.logging.set_level(level)
        return False
