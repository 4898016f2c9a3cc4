"""Opens the container of an untrusted video, and what its header says of the shape of its pictures."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av

from detector.limits import MAX_VIDEO_PIXELS

# FFmpeg demuxers that read one self-contained file. Playlists and "concat" scripts are left out:
# they would make the server open other files. So are raw H.264 and HEVC: they carry no time stamps.
VIDEO_DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mp3,wav,flac,aac,ivf,mxf"
# The last one binds the decoders, too: the pictures in a file can be larger than its header says.
OPEN_OPTIONS = {
    "format_whitelist": VIDEO_DEMUXERS,
    "protocol_whitelist": "file",
    "max_pixels": str(MAX_VIDEO_PIXELS),
}
_MEDIA_TYPES = {
    "avi": "video/x-msvideo",
    "mpegts": "video/mp2t",
    "mpeg": "video/mpeg",
    "flv": "video/x-flv",
    "asf": "video/x-ms-asf",
    "ogg": "video/ogg",
    "mxf": "application/mxf",
}


def open_container(path: Path) -> av.container.InputContainer:
    """Opens a file that may be hostile; it cannot make FFmpeg read another one."""
    return av.open(str(path), options=OPEN_OPTIONS)


def media_type(container: av.container.InputContainer, path: Path) -> str:
    """The media type of an open file, by its content."""
    names = container.format.name
    if "mp4" in names:
        is_quicktime = container.metadata.get("major_brand", "").strip() == "qt"
        return "video/quicktime" if is_quicktime else "video/mp4"
    if "matroska" in names:
        with open(path, "rb") as stream:
            return "video/webm" if b"webm" in stream.read(64) else "video/x-matroska"
    return _MEDIA_TYPES.get(names, f"video/{names.split(',')[0]}")


def pixel_aspect(stream: av.VideoStream) -> Fraction:
    """Width over height of a pixel; 1 where the file states none, or nonsense."""
    aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or Fraction(1)
    return aspect if Fraction(1, 4) <= aspect <= 4 else Fraction(1)


def square_size(width: int, height: int, pixel_aspect: Fraction) -> tuple[int, int]:
    """Width and height of a frame in square pixels: the longer side of a pixel decides, so no detail is lost."""
    if pixel_aspect >= 1:
        return round(width * pixel_aspect), height
    return width, round(height / pixel_aspect)
