"""The sound files that the hostile ones are made of, in memory: NASA's portrait, public domain, as photo and clip."""

import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
import pillow_heif
from PIL import Image

from tests.media_factory import astronaut

pillow_heif.register_heif_opener()

FIXTURES = Path(__file__).parent.parent / "fixtures"
SIDE_PX = 160
CLIP_FRAMES = 10
CLIP_FPS = 10

# A format and codec for each way that clips come in.
CONTAINERS: dict[str, tuple[str, str, dict[str, str]]] = {
    "moov_last.mp4": ("mp4", "libx264", {}),
    "moov_first.mp4": ("mp4", "libx264", {"movflags": "faststart"}),
    "fragments.mp4": ("mp4", "libx264", {"movflags": "frag_keyframe+empty_moov"}),
    "clip.mov": ("mov", "libx264", {}),
    "clip.mkv": ("matroska", "libx264", {}),
    "clip.webm": ("webm", "libvpx-vp9", {}),
    "clip.avi": ("avi", "mpeg4", {}),
    "clip.ts": ("mpegts", "libx264", {}),
    "clip.flv": ("flv", "libx264", {}),
    "clip.mpg": ("mpeg", "mpeg2video", {}),
}
_ENCODERS = {
    "libx264": {"preset": "ultrafast", "crf": "24", "g": "4"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:pools=1:frame-threads=1"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "g": "4"},
}


def portrait(side: int = SIDE_PX) -> np.ndarray:
    """Head and shoulders, ``(side, side, 3)``; one face."""
    return np.asarray(Image.fromarray(astronaut()[20:220, 120:320]).resize((side, side), Image.Resampling.LANCZOS))


def clip_frames(count: int = CLIP_FRAMES, width: int = SIDE_PX, height: int = SIDE_PX) -> list[np.ndarray]:
    """A head that moves to the right."""
    picture = astronaut()[20:220, 100:340]
    crops = [picture[:, 2 * (number % 20) :][:, :200] for number in range(count)]
    return [np.asarray(Image.fromarray(crop).resize((width, height))) for crop in crops]


def photo(format: str, image: Image.Image | None = None, **options) -> bytes:
    """The portrait, or another picture, in a format of Pillow."""
    stream = io.BytesIO()
    (image or Image.fromarray(portrait())).save(stream, format=format, **options)
    return stream.getvalue()


def video(
    format: str,
    codec: str,
    frames: Sequence[np.ndarray] | None = None,
    *,
    fps: Fraction | int = CLIP_FPS,
    times_s: Sequence[float] | None = None,
    pixel_format: str = "yuv420p",
    muxer: dict[str, str] | None = None,
    encoder: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
    sound: bool = False,
) -> bytes:
    """A clip with some codec in some container.

    Args:
        format: Name of FFmpeg's muxer.
        codec: Name of FFmpeg's encoder.
        frames: ``(H, W, 3)`` uint8 RGB each.
        fps: Frames a second that the header states.
        times_s: When each frame is shown; evenly by default.
        pixel_format: Of FFmpeg.
        muxer: Options.
        encoder: Options.
        metadata: Tags.
        sound: Adds a second of a tone.
    """
    frames = clip_frames() if frames is None else frames
    with _container(format, muxer) as (container, path):
        container.metadata.update(metadata or {})
        pictures = container.add_stream(codec, rate=fps)
        pictures.height, pictures.width = frames[0].shape[:2]
        pictures.pix_fmt = pixel_format
        pictures.options = {"threads": "1", **_ENCODERS.get(codec, {}), **(encoder or {})}
        base = Fraction(1, 1000) if times_s else 1 / Fraction(fps)
        pictures.codec_context.time_base = base
        # programme streams know no AAC
        sound_codec, rate = ("mp2", 16000) if format in ("mpeg", "vob") else ("aac", 8000)
        track = container.add_stream(sound_codec, rate=rate, layout="mono") if sound else None
        for number, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24").reformat(
                format=pixel_format
            )
            frame.time_base, frame.pts = base, round(1000 * times_s[number]) if times_s else number
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode())
        if track:
            container.mux(track.encode(_tone(rate)))
            container.mux(track.encode())
        container.close()
        return path.read_bytes()


def sound_alone(format: str = "mp4", codec: str = "aac") -> bytes:
    """A second of a tone."""
    with _container(format) as (container, path):
        track = container.add_stream(codec, rate=8000, layout="mono")
        container.mux(track.encode(_tone()))
        container.mux(track.encode())
        container.close()
        return path.read_bytes()


@contextmanager
def _container(format: str, muxer: dict[str, str] | None = None) -> Iterator[tuple[av.container.OutputContainer, Path]]:
    """A container to write to and where it lies until then: some muxers read what they wrote once more."""
    # without bitexact a muxer writes random numbers and its own version
    options = {"fflags": "+bitexact", **(muxer or {})}
    with (
        tempfile.TemporaryDirectory() as folder,
        av.open(f"{folder}/clip", "w", format=format, options=options) as made,
    ):
        yield made, Path(folder, "clip")


def _tone(rate: int = 8000) -> av.AudioFrame:
    samples = np.sin(np.arange(rate) / 8).astype(np.float32)[None]
    frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
    frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
    return frame


@cache
def sound_photos() -> dict[str, bytes]:
    """The portrait in every format that is read, by file name."""
    return {
        "photo.jpg": photo("JPEG", quality=88),
        "progressive.jpg": photo("JPEG", quality=88, progressive=True),
        "photo.png": photo("PNG"),
        "photo.webp": photo("WEBP", quality=85),
        "photo.gif": photo("GIF"),
        "photo.bmp": photo("BMP"),
        "photo.tif": photo("TIFF", compression="tiff_lzw"),
        "photo.avif": photo("AVIF", quality=70, speed=10),
        "photo.heic": (FIXTURES / "astronaut.heic").read_bytes(),
    }


@cache
def sound_videos() -> dict[str, bytes]:
    """The clip in the containers that people send, by file name."""
    return {name: video(format, codec, muxer=muxer) for name, (format, codec, muxer) in CONTAINERS.items()}


def sound_files() -> dict[str, bytes]:
    """All of them."""
    return sound_photos() | sound_videos()
