"""Clips in every container and with every oddity that real files have, each with what a player would show of it.

All clips have numbered frames, see `tests.media_factory.numbered_frames`, 25 a second.
"""

import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import numpy as np
from PIL import Image

from tests.hostile.originals import video
from tests.media_factory import numbered_frames

FPS = 25
# By file ending: format of FFmpeg, encoder, and whether frames may refer to later ones.
FILMS = {
    "mp4": ("mp4", "libx264"),
    "mov": ("mov", "libx264"),
    "mkv": ("matroska", "libx264"),
    "webm": ("webm", "libvpx-vp9"),
    "avi": ("avi", "mpeg4"),
    "ts": ("mpegts", "libx264"),
    "m2ts": ("mpegts", "libx264"),
    "mpg": ("mpeg", "mpeg2video"),
    "vob": ("vob", "mpeg2video"),
    "m1v.mpg": ("mpeg", "mpeg1video"),
    "flv": ("flv", "libx264"),
}
BROADCASTS = ("ts", "m2ts", "mpg", "vob", "m1v.mpg")
ANIMATIONS = ("gif", "apng", "webp", "avif")
_ENCODERS = {
    "libx264": {"preset": "ultrafast", "crf": "10", "g": "8", "bf": "2"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "g": "8", "crf": "10", "b": "0"},
    "mpeg4": {"g": "8", "q": "2"},
    "mpeg2video": {"g": "8", "bf": "2", "q": "2"},
    "mpeg1video": {"g": "8", "bf": "2", "q": "2"},
}


@dataclass(frozen=True)
class Clip:
    """A clip, and how many frames playing it shows."""

    name: str
    data: bytes
    frames: int

    def played(self) -> list[float]:
        """The level of each frame, as decoding from the first packet to the last gives them."""
        with av.open(io.BytesIO(self.data)) as container:
            return [level_of(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def film(ending: str, first: int = 0, count: int = 24, late_s: float = 0, sound: bool = False) -> bytes:
    """A film of the frames from `first` on; its clock begins `late_s` late."""
    container, codec = FILMS[ending]
    times_s = [late_s + number / FPS for number in range(count)] if late_s else None
    return video(
        container,
        codec,
        numbered_frames(first + count)[first:],
        fps=FPS,
        times_s=times_s,
        encoder=_ENCODERS[codec],
        muxer={"mpegts_m2ts_mode": "1"} if ending == "m2ts" else None,
        sound=sound,
    )


def animation(ending: str, folder: Path, count: int = 24) -> bytes:
    """An animated picture of numbered frames."""
    frames = [Image.fromarray(frame) for frame in numbered_frames(count)]
    path = folder / f"animation.{ending}"
    options = {"lossless": True} if ending == "webp" else {"quality": 95, "speed": 10} if ending == "avif" else {}
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=1000 // FPS, **options)
    return path.read_bytes()


@cache
def clips() -> list[Clip]:
    """Every film as it is, with sound, with a late clock, and those of broadcasts joined and cut."""
    made = [Clip(f"{ending}", film(ending), 24) for ending in FILMS]
    made += [Clip(f"sound.{ending}", film(ending, sound=True), 24) for ending in ("mp4", "mkv", "ts", "mpg")]
    made += [Clip(f"late.{ending}", film(ending, late_s=5), 24) for ending in ("mp4", "mkv", "ts", "flv")]
    for ending in BROADCASTS:
        joined = film(ending, count=16) + film(ending, first=16, count=16)
        made.append(Clip(f"joined.{ending}", joined, 32))
    for hours in (1, 3):  # the second is longer than what is read at most
        joined = film("ts", count=16) + film("ts", first=16, count=16, late_s=3600 * hours)
        made.append(Clip(f"{hours}-hours-on.ts", joined, 32))
    return made


def level_of(picture: np.ndarray) -> float:
    """The mean of a picture; 5 times its number, give or take what the encoder loses."""
    return float(picture.mean())
