"""Makes photos and clips to measure with, from the portrait in examples/."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

PORTRAIT = Path(__file__).parent.parent / "examples" / "astronaut.jpg"
CLIP_SIZE, CLIP_FPS, CLIP_S = (1920, 1080), 30, 30
PHOTO_SIZE = (4000, 3000)


def portrait(side: int) -> np.ndarray:
    """Reads the portrait, head and shoulders, as ``(side, side, 3)`` uint8 RGB."""
    with Image.open(PORTRAIT) as image:
        return np.asarray(image.convert("RGB").resize((side, side)))


def background(width: int, height: int, seed: int) -> np.ndarray:
    """Draws a soft scene with some fine structure, ``(height, width, 3)`` uint8 RGB."""
    random = np.random.default_rng(seed)
    coarse = cv2.resize(
        random.integers(40, 220, (9, 16, 3), dtype=np.uint8), (width, height), interpolation=cv2.INTER_CUBIC
    )
    fine = cv2.resize(random.normal(0, 8, (height // 4, width // 4, 3)), (width, height))
    return np.clip(coarse + fine, 0, 255).astype(np.uint8)


def make_photo(path: Path) -> Path:
    """Writes a JPEG of 12 megapixels with one face; gives its path."""
    image = background(*PHOTO_SIZE, seed=0)
    image[600:2400, 1100:2900] = portrait(1800)
    Image.fromarray(image).save(path, quality=92)
    return path


@dataclass(frozen=True)
class ClipKind:
    """What a clip to measure with is like; all are 1080p30 H.264.

    Attributes:
        faces: Number of faces that move in it.
        keyframe_every: Frames from one keyframe to the next.
        noise: Standard deviation of the camera's noise, of 255 levels.
        crf: Constant rate factor.
    """

    faces: int = 1
    keyframe_every: int = 60
    noise: float = 3
    crf: int = 23


# Keyframes every 2 seconds, as sites cut, every 250 frames, as x264 does unless told otherwise, and every second with
# 22 Mbit/s, as phones record.
CLIPS = {
    "3 Mbit/s, keyframe every 60, 1 face": ClipKind(),
    "3 Mbit/s, keyframe every 60, 3 faces": ClipKind(faces=3),
    "1 Mbit/s, keyframe every 250, 1 face": ClipKind(keyframe_every=250),
    "22 Mbit/s, keyframe every 30, 1 face": ClipKind(keyframe_every=30, noise=5, crf=20),
}


def make_clip(path: Path, kind: ClipKind, frames: int = CLIP_FPS * CLIP_S) -> Path:
    """Writes a clip of a kind with so many frames; gives its path."""
    width, height = CLIP_SIZE
    scene, head = background(width, height, seed=1), portrait(500)
    random = np.random.default_rng(2)
    noise = [random.normal(0, kind.noise, (height, width, 1)).astype(np.int16) for _ in range(4)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=CLIP_FPS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        every = str(kind.keyframe_every)
        stream.options = {"crf": str(kind.crf), "preset": "fast", "g": every, "keyint_min": every, "sc_threshold": "0"}
        for step in tqdm(range(frames), desc=f"making {path.name}", unit="frame", disable=None):
            frame = scene.copy()
            for number in range(kind.faces):
                left = 60 + 620 * number + round(40 * np.sin(step / 25 + number))
                frame[280:780, left : left + 500] = head
            frame = (frame + noise[step % len(noise)]).clip(0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path


def repeat_clip(clip: Path, path: Path, times: int) -> Path:
    """Writes a clip with the same pictures over and over, copied without coding them again; gives its path."""
    with av.open(str(path), "w") as output:
        target, shift = None, Fraction(0)
        for _ in range(times):
            with av.open(str(clip)) as source:
                stream = source.streams.video[0]
                target = target or output.add_stream_from_template(stream)
                for packet in source.demux(stream):
                    if packet.dts is None or packet.pts is None:
                        continue
                    ticks = round(shift / packet.time_base)
                    packet.pts, packet.dts, packet.stream = packet.pts + ticks, packet.dts + ticks, target
                    output.mux(packet)
                assert stream.average_rate is not None  # `make_clip` gave it one
                shift += Fraction(stream.frames) / stream.average_rate
    return path


def decode_all(path: Path) -> int:
    """Decodes a clip sequentially with all threads; gives the number of frames."""
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        return sum(1 for _ in container.decode(video=0))
