"""Opens the container of an untrusted video, and what its header says of the shape of its pictures."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import av

from detector.limits import MAX_VIDEO_PIXELS
from detector.media.videos.window import Span, Window

# FFmpeg demuxers that read one self-contained file. Playlists and "concat" scripts are left out:
# they would make the server open other files. So are raw H.264 and HEVC: they carry no time stamps.
VIDEO_DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mp3,wav,flac,aac,ivf,mxf"
# What cameras, phones, sites and studios write. FFmpeg has hundreds more, old and rarely looked at, and tries them on whatever a
# file names, subtitles included: of the holes found in it in 2026, most lie there.
VIDEO_DECODERS = tuple(
    [
        "h264",
        "hevc",
        "av1",
        "libdav1d",
        "vp8",
        "vp9",
        "mpeg1video",
        "mpeg2video",
        "mpeg4",
        "mjpeg",
        "prores",
        "dnxhd",
        "dvvideo",
        "theora",
        "h263",
        "flv",
        "msmpeg4v2",
        "msmpeg4",
        "wmv1",
        "wmv2",
        "wmv3",
        "vc1",
        "vp6",
        "vp6f",
        "ffv1",
        "huffyuv",
        "rawvideo",
        "v210",
        "png",
        "qtrle",
    ]
)
SOUND_DECODERS = tuple(
    [
        "aac",
        "mp3float",
        "mp3",
        "mp2float",
        "mp2",
        "ac3",
        "eac3",
        "opus",
        "libopus",
        "vorbis",
        "flac",
        "alac",
        "wmav1",
        "wmav2",
        "wmapro",
        "amrnb",
        "amrwb",
        "adpcm_ms",
        "adpcm_ima_wav",
        "pcm_u8",
        "pcm_mulaw",
        "pcm_alaw",
        "pcm_s16le",
        "pcm_s16be",
        "pcm_s24le",
        "pcm_s24be",
        "pcm_s32le",
        "pcm_s32be",
        "pcm_f32le",
        "pcm_f32be",
    ]
)
# Both bind the decoders: those that FFmpeg starts to look at a file, and those of the streams, which are given them once more. The
# pictures in a file can be larger than its header says.
DECODER_OPTIONS = {
    "codec_whitelist": ",".join(VIDEO_DECODERS + SOUND_DECODERS),
    "max_pixels": str(MAX_VIDEO_PIXELS),
}
# Tags that are not UTF-8 come as surrogates. From av 19 on they always do, and the option is gone.
_TAGS: dict[str, Any] = {"metadata_errors": "surrogateescape"} if int(av.__version__.split(".")[0]) < 19 else {}
OPEN_OPTIONS = {"format_whitelist": VIDEO_DEMUXERS, "protocol_whitelist": "file", **DECODER_OPTIONS}
# A part of a file is a film of a phone, and comes as a stream: FFmpeg has nothing to open.
_PART_OPTIONS = OPEN_OPTIONS | {"format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2", "protocol_whitelist": "none"}
Stated = TypeVar("Stated")
_MEDIA_TYPES = {
    "avi": "video/x-msvideo",
    "mpegts": "video/mp2t",
    "mpeg": "video/mpeg",
    "flv": "video/x-flv",
    "asf": "video/x-ms-asf",
    "ogg": "video/ogg",
    "mxf": "application/mxf",
}


def stated(value: Stated | None) -> Stated:
    """Gives what FFmpeg always states of a stream or frame that it read, which PyAV's types cannot promise.

    Raises:
        ValueError: It did not.
    """
    if value is None:
        raise ValueError("FFmpeg states no such value")
    return value


def open_container(path: str | Path, span: Span | None = None) -> av.container.InputContainer:
    """Opens a file that may be hostile, or the film that is a part of it; it cannot make FFmpeg read another one."""
    opened: av.container.InputContainer
    if span is None:
        opened = av.open(str(path), options=OPEN_OPTIONS, **_TAGS)
    else:
        opened = av.open(Window(path, span), options=_PART_OPTIONS, **_TAGS)
    return opened


def media_type(container: av.container.InputContainer, path: Path) -> str:
    """Tells the media type of an open file, by its content."""
    names = container.format.name
    if "mp4" in names:
        is_quicktime = container.metadata.get("major_brand", "").strip() == "qt"
        return "video/quicktime" if is_quicktime else "video/mp4"
    if "matroska" in names:
        with open(path, "rb") as stream:
            return "video/webm" if b"webm" in stream.read(64) else "video/x-matroska"
    return _MEDIA_TYPES.get(names, f"video/{names.split(',')[0]}")


def pixel_aspect(stream: av.VideoStream) -> Fraction:
    """Gives the width of a pixel over its height; 1 where the file states none, or nonsense."""
    aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or Fraction(1)
    return aspect if Fraction(1, 4) <= aspect <= 4 else Fraction(1)


def square_size(width: int, height: int, pixel_aspect: Fraction) -> tuple[int, int]:
    """Gives width and height of a frame in square pixels: the longer side of a pixel decides, so no detail is lost."""
    if pixel_aspect >= 1:
        return round(width * pixel_aspect), height
    return width, round(height / pixel_aspect)
