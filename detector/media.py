"""Decodes untrusted photos and videos into RGB arrays, and says in plain words why it cannot."""

from __future__ import annotations

import hashlib
import logging
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pi_heif
from PIL import Image, ImageOps, UnidentifiedImageError

logger = logging.getLogger(__name__)

pi_heif.register_heif_opener()  # HEIC photos of phones; Pillow itself reads AVIF

# Limits, with reasons. They protect the process, so they are checked before pixels are decoded.
MAX_FILE_BYTES = 500 * 1024**2  # an hour of 1 Mbit/s video, several minutes from a phone
MAX_IMAGE_PIXELS = 120_000_000  # above the largest medium-format cameras; 360 MB as RGB
MIN_IMAGE_SIDE_PX = 32  # smaller than any face that could be assessed
MAX_VIDEO_PIXELS = 8192 * 4320  # 8K
MAX_VIDEO_DURATION_S = 2 * 3600

# FFmpeg demuxers that read one self-contained file. Playlists and "concat" scripts are left out:
# they would make the server open other files. So are raw H.264 and HEVC: they carry no time stamps.
VIDEO_DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mp3,wav,flac,aac,ivf,mxf"
_MEDIA_TYPES = {
    "avi": "video/x-msvideo",
    "mpegts": "video/mp2t",
    "mpeg": "video/mpeg",
    "flv": "video/x-flv",
    "asf": "video/x-ms-asf",
    "ogg": "video/ogg",
    "mxf": "application/mxf",
}


class MediaError(ValueError):
    """The file cannot be analysed. The message is one plain sentence for the person who sent it."""


@dataclass(frozen=True)
class MediaFile:
    """Facts about a file as it was received.

    Attributes:
        name: File name without folders.
        sha256: Hex digest of the original bytes.
        bytes: Size of the file.
        media_type: From the content, not from the name, such as ``image/jpeg``.
        width_px: Width after the stored orientation is applied.
        height_px: Height after the stored orientation is applied.
        duration_s: Seconds from the first frame to the end of the last; None for a photo.
    """

    name: str
    sha256: str
    bytes: int
    media_type: str
    width_px: int
    height_px: int
    duration_s: float | None


@dataclass(frozen=True)
class VideoFrame:
    """One decoded frame.

    Attributes:
        time_s: Seconds since the first frame of the clip.
        image: ``(H, W, 3)`` uint8 RGB, rotation metadata applied.
    """

    time_s: float
    image: np.ndarray


def file_sha256(path: str | Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check_size(path: Path) -> int:
    size = path.stat().st_size
    if size == 0:
        raise MediaError("The file is empty (zero bytes); please send the file again.")
    if size > MAX_FILE_BYTES:
        raise MediaError(
            f"The file is larger than {MAX_FILE_BYTES // 1024**2} MB; please send a shorter clip or a smaller photo."
        )
    return size


def read_image(path: str | Path) -> tuple[MediaFile, np.ndarray]:
    """Reads a photo; of an animated picture, its first frame.

    Returns:
        The facts about the file and its pixels, ``(H, W, 3)`` uint8 RGB with the EXIF orientation
        applied, transparency laid on white, greys of more bits scaled to 8.

    Raises:
        MediaError: The file is empty, too large, truncated, or not a photo.
    """
    path = Path(path)
    size = _check_size(path)
    try:
        with Image.open(path) as image:
            width, height = image.size
            if width * height > MAX_IMAGE_PIXELS:
                raise MediaError(
                    f"The photo has {width} x {height} pixels; the limit is {MAX_IMAGE_PIXELS // 10**6} megapixels, "
                    "so please send a smaller copy."
                )
            if min(width, height) < MIN_IMAGE_SIDE_PX:
                raise MediaError(
                    f"The photo has only {width} x {height} pixels; "
                    f"it needs at least {MIN_IMAGE_SIDE_PX} on each side to show a face."
                )
            media_type = Image.MIME.get(image.format, "application/octet-stream")
            image.load()
            pixels = np.asarray(_to_rgb(ImageOps.exif_transpose(image)))
    except UnidentifiedImageError as error:
        raise MediaError(
            "The file is not a photo that can be read; please send a JPEG, PNG, WebP, GIF or HEIC."
        ) from error
    except Image.DecompressionBombError as error:
        raise MediaError(
            f"The photo has more than {MAX_IMAGE_PIXELS // 10**6} megapixels, so please send a smaller copy."
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
        if isinstance(error, MediaError):
            raise
        raise MediaError(
            "The photo is damaged or cut off and cannot be decoded; please send the original file."
        ) from error
    facts = MediaFile(path.name, file_sha256(path), size, media_type, pixels.shape[1], pixels.shape[0], None)
    return facts, pixels


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode[0] in "IF":  # grey of 16 bit and more: Pillow would clip it, not scale it
        values = np.nan_to_num(np.asarray(image).astype(np.float32))
        # 32-bit files state no white, so theirs is the brightest pixel
        white = 65535.0 if image.mode.startswith("I;16") else max(float(values.max()), 1e-9)
        return Image.fromarray((values * (255 / white)).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


class Video:
    """A video file opened for sampling; use as a context manager.

    The packets are read once without decoding, because headers lie: truncated files keep their
    full duration, and MKV and WebM often state none.

    Attributes:
        facts: The `MediaFile` of this video.
        frame_count: Number of video packets found.
        damaged_frames: Frames skipped so far because the decoder marked or found them damaged.

    Raises:
        MediaError: Empty, too large, too long, not a video, or without a video stream.
    """

    def __init__(self, path: str | Path):
        path = Path(path)
        size = _check_size(path)
        self.damaged_frames = 0
        try:
            self._container = av.open(
                str(path), options={"format_whitelist": VIDEO_DEMUXERS, "protocol_whitelist": "file"}
            )
        except (av.error.FFmpegError, ValueError) as error:
            raise MediaError(
                "The file is not a video that can be read, or it is cut off; please send an MP4, MOV, WebM, MKV or AVI."
            ) from error
        try:
            self._open_stream()
            self.facts = self._read_facts(path, size)
        except BaseException:
            self._container.close()
            raise

    def __enter__(self) -> Video:
        return self

    def __exit__(self, *exc_info) -> None:
        self._container.close()

    def _open_stream(self) -> None:
        streams = [
            stream
            for stream in self._container.streams.video
            # cover art of a sound file is a "video stream" with this disposition
            if not stream.disposition & av.stream.Disposition.attached_pic
        ]
        if not streams or streams[0].codec_context is None:
            raise MediaError("The file holds no moving picture (no video stream); please send a video.")
        self._stream = streams[0]
        context = self._stream.codec_context
        if context.width * context.height > MAX_VIDEO_PIXELS:
            raise MediaError(
                f"The video has {context.width} x {context.height} pixels a frame; please send a version up to 8K."
            )
        context.thread_type = "AUTO"

        times, keyframes, last_duration = [], {}, 0
        try:
            for packet in self._container.demux(self._stream):
                stamp = packet.pts if packet.pts is not None else packet.dts
                if stamp is None:
                    continue
                times.append(stamp)
                last_duration = packet.duration or last_duration
                if packet.is_keyframe:
                    keyframes[stamp] = stamp if packet.dts is None else min(packet.dts, stamp)
        except av.error.FFmpegError as error:
            logger.info("packets end early: %s", error)
        if not times:
            raise MediaError("The video holds no frames; please send the original file.")
        self.frame_count = len(times)
        self._times = sorted(times)
        self._keyframes = sorted(keyframes)
        self._seek_stamps = keyframes
        if not last_duration and len(times) > 1:  # AVI states none
            last_duration = (self._times[-1] - self._times[0]) // (len(times) - 1)
        self._end = self._times[-1] + last_duration
        duration_s = float((self._end - self._times[0]) * self._stream.time_base)
        if duration_s > MAX_VIDEO_DURATION_S:
            raise MediaError(
                f"The video is longer than {MAX_VIDEO_DURATION_S // 3600} hours; please cut out the part in question."
            )
        self._duration_s = duration_s

    def _read_facts(self, path: Path, size: int) -> MediaFile:
        first = next(self._decode_from(self._times[0]), None)
        if first is None:
            raise MediaError("No frame of the video can be decoded; please send the original file.")
        height, width = _upright(first).shape[:2]
        return MediaFile(path.name, file_sha256(path), size, self._media_type(path), width, height, self._duration_s)

    def _media_type(self, path: Path) -> str:
        names = self._container.format.name
        if "mp4" in names:
            is_quicktime = self._container.metadata.get("major_brand", "").strip() == "qt"
            return "video/quicktime" if is_quicktime else "video/mp4"
        if "matroska" in names:
            with open(path, "rb") as stream:
                return "video/webm" if b"webm" in stream.read(64) else "video/x-matroska"
        return _MEDIA_TYPES.get(names, f"video/{names.split(',')[0]}")

    def sample_times(self, count: int) -> list[float]:
        """The instants, in seconds since the first frame, of up to `count` evenly spaced frames.

        The clip is cut into `count` equal parts and the frame on screen in the middle of each part
        is taken, so a variable frame rate does not shift the samples. A clip with fewer frames
        gives each frame once.
        """
        return [float((stamp - self._times[0]) * self._stream.time_base) for stamp in self._sample_stamps(count)]

    def _sample_stamps(self, count: int) -> list[int]:
        if count >= len(self._times):
            return sorted(set(self._times))
        first, span = self._times[0], self._end - self._times[0]
        stamps = set()
        for index in range(count):
            instant = first + span * (2 * index + 1) / (2 * count)
            stamps.add(self._times[max(bisect_right(self._times, instant) - 1, 0)])
        return sorted(stamps)

    def sample_frames(self, count: int) -> Iterator[VideoFrame]:
        """Decodes the frames at `sample_times(count)`, one at a time, so memory stays flat.

        A frame that is damaged is replaced by the next good one; where none follows, it is left
        out, so a truncated clip gives fewer frames.
        """
        stamps = self._sample_stamps(count)
        index = 0
        while index < len(stamps):
            keyframe = bisect_right(self._keyframes, stamps[index]) - 1
            found = False
            for frame in self._decode_from(self._keyframes[keyframe] if keyframe >= 0 else self._times[0]):
                if frame.pts < stamps[index]:
                    continue
                yield VideoFrame(float((frame.pts - self._times[0]) * self._stream.time_base), _upright(frame))
                found = True
                while index < len(stamps) and stamps[index] <= frame.pts:
                    index += 1
                if index == len(stamps):
                    return
                # Stay in this run of frames while no keyframe lies between here and the next wanted one.
                next_keyframe = bisect_right(self._keyframes, stamps[index]) - 1
                if next_keyframe >= 0 and self._keyframes[next_keyframe] > frame.pts:
                    break
            if not found:
                return

    def _decode_from(self, stamp: int) -> Iterator[av.VideoFrame]:
        self._container.seek(self._seek_stamps.get(stamp, stamp), stream=self._stream)
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.error.FFmpegError):
                return
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                self.damaged_frames += 1
                continue
            for frame in frames:
                if frame.pts is None:
                    frame.pts = frame.dts
                if frame.is_corrupt or frame.pts is None:
                    self.damaged_frames += 1
                    continue
                yield frame


def _upright(frame: av.VideoFrame) -> np.ndarray:
    # FFmpeg leaves display rotation to the player.
    return np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), k=(frame.rotation // 90) % 4))
