"""Makes the media that the tests analyse. The one face is NASA's portrait of Eileen Collins, public domain."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import skimage.data


def astronaut() -> np.ndarray:
    """The portrait, ``(512, 512, 3)`` uint8 RGB; its face lies at about x 179..269, y 63..175."""
    return skimage.data.astronaut()


def texture(width: int, height: int, seed: int = 0) -> np.ndarray:
    """A smooth random background, ``(height, width, 3)``."""
    coarse = np.random.default_rng(seed).integers(60, 200, (6, 8, 3)).astype(np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def face_frame(width: int, height: int, face_height: int, x: int, y: int, seed: int = 0) -> np.ndarray:
    """A background with the astronaut's head at (x, y); the face itself is about `face_height` high."""
    head = astronaut()[15:215, 130:330]
    side = round(face_height * 200 / 112)
    frame = texture(width, height, seed)
    frame[y : y + side, x : x + side] = cv2.resize(head, (side, side), interpolation=cv2.INTER_AREA)
    return frame


def write_video(
    path: Path,
    frames: list[np.ndarray],
    fps: int = 25,
    times_s: list[float] | None = None,
    faststart: bool = False,
    **codec: str,
) -> Path:
    """Writes H.264, yuv420p; `times_s` gives a variable frame rate; further options go to the encoder."""
    height, width = frames[0].shape[:2]
    options = {"movflags": "faststart"} if faststart else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "18", **codec}
        base = Fraction(1, 1000)
        stream.codec_context.time_base = base
        for index, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.time_base = base
            frame.pts = round(1000 * (times_s[index] if times_s else index / fps))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def numbered_frames(count: int, width: int = 64, height: int = 48) -> list[np.ndarray]:
    """Grey frames whose level is 5 times their number."""
    return [np.full((height, width, 3), 5 * number, np.uint8) for number in range(count)]


def faceforensics_tree(root: Path, pairs: list[tuple[str, str]], manipulation: str = "Deepfakes") -> Path:
    """A tiny FaceForensics++ folder at c23: each pair in both directions, and its originals."""
    real = root / "original_sequences" / "youtube" / "c23" / "videos"
    fake = root / "manipulated_sequences" / manipulation / "c23" / "videos"
    real.mkdir(parents=True, exist_ok=True)
    fake.mkdir(parents=True, exist_ok=True)
    for pair in pairs:
        for target, source in (pair, pair[::-1]):
            seed = int(target)
            frames = [face_frame(320, 240, 90, 60 + 4 * step, 30, seed) for step in range(10)]
            write_video(real / f"{target}.mp4", frames, fps=10)
            write_video(
                fake / f"{target}_{source}.mp4", [cv2.GaussianBlur(image, (0, 0), 2) for image in frames], fps=10
            )
    return root
