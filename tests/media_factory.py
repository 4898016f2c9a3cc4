"""Makes the media that the tests analyse. The one face is NASA's portrait of Eileen Collins, public domain."""

from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
import skimage.data

# Of sequences, as FaceForensics++ numbers them.
PAIRS = [(f"{2 * number:03d}", f"{2 * number + 1:03d}") for number in range(6)]


def astronaut() -> np.ndarray:
    """The portrait, ``(512, 512, 3)`` uint8 RGB; its face lies at about x 179..269, y 63..175."""
    return _portrait().copy()


@cache
def _portrait() -> np.ndarray:
    # scikit-image decodes it and checks its hash at every call
    return skimage.data.astronaut()


def turned_by(degrees: float) -> np.ndarray:
    """The portrait turned clockwise around its face, which lies in the middle, ``(320, 320, 3)``; mirrored at its border."""
    middle = (224, 119)
    matrix = cv2.getRotationMatrix2D(middle, -degrees, 1)
    matrix[:, 2] += 160 - np.array(middle)
    flags = cv2.INTER_CUBIC if degrees else cv2.INTER_NEAREST
    return cv2.warpAffine(astronaut(), matrix, (320, 320), flags=flags, borderMode=cv2.BORDER_REFLECT_101)


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


def clip(path: Path, seed: int, blur: float = 0, length: int = 10, faces: int = 1) -> Path:
    """A second of video, 10 frames, in which the astronaut's face moves right; a second, smaller one may stand left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = []
    for step in range(length):
        frame = face_frame(320, 240, 90, 130 + 2 * step, 30, seed)
        if faces == 2:
            frame[60:200, 0:140] = face_frame(140, 140, 72, 5, 5, seed)
        frames.append(cv2.GaussianBlur(frame, (0, 0), blur) if blur else frame)
    return write_video(path, frames, fps=10)


def mask_clip(path: Path, box: tuple[int, int, int, int], length: int = 10) -> Path:
    """A mask video: white within ``(x0, y0, x1, y1)``, black around it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = np.zeros((240, 320, 3), np.uint8)
    frame[box[1] : box[3], box[0] : box[2]] = 255
    return write_video(path, [frame] * length, fps=10)


def faceforensics_tree(
    root: Path, pairs: list[tuple[str, str]], manipulation: str = "Deepfakes", compression: str = "c23"
) -> Path:
    """A tiny FaceForensics++ folder: each pair in both directions, and its originals."""
    for pair in pairs:
        for target, source in (pair, pair[::-1]):
            original = faceforensics_video(root, "youtube", target, compression)
            if not original.exists():
                clip(original, int(target))
            clip(faceforensics_video(root, manipulation, f"{target}_{source}", compression), int(target), blur=2)
    return root


def deepfakedetection_tree(root: Path, pairs: list[tuple[str, str]]) -> Path:
    """Adds DeepFakeDetection at c23: one scene of each actor, and a fake for each pair of actors."""
    for number, (target, source) in enumerate(pairs):
        for actor in (target, source):
            clip(faceforensics_video(root, "actors", f"{actor}__talking_against_wall"), 50 + int(actor))
        name = f"{target}_{source}__talking_against_wall__ABCD{number:04d}"
        clip(faceforensics_video(root, "DeepFakeDetection", name), 50 + int(target), blur=2)
    return root


def faceforensics_video(root: Path, folder: str, name: str, compression: str = "c23") -> Path:
    """Where a video lies; `folder` is a manipulation, ``youtube`` or ``actors``."""
    kind = "original_sequences" if folder in ("youtube", "actors") else "manipulated_sequences"
    return root / kind / folder / compression / "videos" / f"{name}.mp4"
