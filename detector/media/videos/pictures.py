"""Turns decoded frames into the pictures that a player would show: upright, square pixels, SDR, without combing."""

from __future__ import annotations

import logging
from fractions import Fraction
from typing import Any, TypeAlias, cast

import av
import cv2
import numpy as np
from av.sidedata.sidedata import SideDataContainer, Type

from detector.media.colour import needs_conversion, to_standard_range
from detector.media.videos.container import square_size
from detector.messages import Message

logger = logging.getLogger(__name__)

# From so many lines on players take a video that names no matrix for BT.709, below for BT.601.
HD_LINES = 720
HD_COLUMNS = 1280
_UNSPECIFIED = 2  # of ITU-T H.273
_BT2020 = 9
# Weston's three-field filter of the BBC. Fed with single frames it keeps the detail of a face that stands still: scores of 14
# portraits (Congress, not test data) moved by -.010 in the mean, still and moving, and by .10 at most; estdif moved them by .045
# standing still, bwdif and yadif need the frames before and after, and as they are moving faces rise by .47.
_DEINTERLACER = ("w3fdif", "mode=frame:deint=interlaced")
# Share of the pixels whose lines alternate between two pictures. Of 106 FaceForensics++ clips none reaches .00002; of portraits
# that move by one pixel between two fields none lies under .0011.
MIN_COMBED_SHARE = 0.001
# Fewer frames than this share of those looked at can be a pattern of stripes.
MIN_COMBED_FRAMES = 0.1
_MIN_COMB_LEVELS = 12
# The smallest of television, half of 576 and 480 lines; below, the strokes of small letters look like combing.
MIN_INTERLACED_LINES = 240


# a, b, c, d of a display matrix
Matrix: TypeAlias = tuple[int, int, int, int]
_AS_STORED = (1, 0, 0, 0, 1)


class Pictures:
    """Makes pictures of one size, and notes what a reader must know of them.

    Attributes:
        size_px: Width and height of all pictures: those of the first frame.
    """

    def __init__(self, pixel_aspect: Fraction):
        self._pixel_aspect = pixel_aspect
        self.size_px: tuple[int, int] | None = None
        self._looked_at = self._combed = self._fitted = 0
        self._matrices: dict[int, Matrix] = {}

    def take(self, frame: av.VideoFrame) -> np.ndarray:
        """Gives ``(H, W, 3)`` uint8 RGB of a frame; one of another size is fitted into the first, with black beside it."""
        self._looked_at += 1
        if frame.interlaced_frame:
            frame = _deinterlaced(frame)
        elif combed_share(frame) >= MIN_COMBED_SHARE:
            self._combed += 1
        picture = _oriented(self._rgb(frame), self._display_matrix(frame))
        height, width = picture.shape[:2]
        if self.size_px is None:
            self.size_px = width, height
        if self.size_px != (width, height):
            self._fitted += 1
            picture = _fitted(picture, self.size_px)
        return np.ascontiguousarray(picture)

    def problems(self) -> list[Message]:
        """Tells what a reader must know of the pictures so far."""
        problems = []
        if self._fitted:
            width, height = self.size_px or (0, 0)
            problems.append(
                Message(
                    "The size of the picture changes within the video; frames of another size were fitted into "
                    "{width} x {height} pixels, to which all places refer.",
                    {"width": width, "height": height},
                )
            )
        if self._combed > MIN_COMBED_FRAMES * self._looked_at:
            problems.append(
                Message(
                    "Lines of two instants alternate in the picture (combing of interlaced video), and the file does not say "
                    "so: scores of moving faces are too high; please send the original, or a deinterlaced copy."
                )
            )
        return problems

    def _display_matrix(self, frame: av.VideoFrame) -> Matrix:
        # once for each rotation: PyAV keeps a frame whose side data were looked at until the garbage is collected
        if frame.rotation not in self._matrices:
            stated = cast(SideDataContainer, frame.side_data).get(Type.DISPLAYMATRIX)
            values = np.frombuffer(memoryview(stated), np.int32) if stated is not None else _AS_STORED
            self._matrices[frame.rotation] = values[0], values[1], values[3], values[4]
        return self._matrices[frame.rotation]

    def _rgb(self, frame: av.VideoFrame) -> np.ndarray:
        # FFmpeg leaves the shape of pixels, the matrix of untagged video and the conversion of HDR to the player
        options: dict[str, Any] = {}
        width, height = square_size(frame.width, frame.height, self._pixel_aspect)
        if (width, height) != (frame.width, frame.height):
            options = {"width": width, "height": height, "interpolation": "BICUBIC"}
        transfer, primaries = int(frame.color_trc), int(frame.color_primaries)
        is_converted = needs_conversion(transfer, primaries)
        if frame.colorspace == _UNSPECIFIED:
            if is_converted and primaries == _BT2020:
                options["src_colorspace"] = "BT2020"
            elif frame.height >= HD_LINES or frame.width >= HD_COLUMNS:
                options["src_colorspace"] = "ITU709"
        if not is_converted:
            return frame.to_ndarray(format="rgb24", **options)
        return to_standard_range(frame.to_ndarray(format="rgb48le", **options), transfer, primaries, "bt1886")


def combed_share(frame: av.VideoFrame) -> float:
    """Measures the share of pixels, 0..1, at which even lines are alike and odd lines are alike, but not each other."""
    if frame.format.is_rgb or frame.format.components[0].bits != 8 or not frame.format.is_planar:
        return 0.0
    plane = frame.planes[0]
    # some columns tell enough
    lines = (
        np.frombuffer(memoryview(plane), np.uint8)
        .reshape(-1, plane.line_size)[: frame.height, : frame.width : max(frame.width // 240, 1)]
        .astype(np.int16)
    )
    if len(lines) < MIN_INTERLACED_LINES:
        return 0.0
    first, second, third, fourth, fifth, sixth = (lines[start : len(lines) - 5 + start] for start in range(6))
    step = np.abs(first - second)
    alike = (np.abs(a - b) for a, b in ((first, third), (third, fifth), (second, fourth), (fourth, sixth)))
    is_combed = step > _MIN_COMB_LEVELS
    for difference in alike:
        is_combed &= 3 * difference < step
    return float(is_combed.mean())


def _deinterlaced(frame: av.VideoFrame) -> av.VideoFrame:
    graph = av.filter.Graph()
    source = graph.add(
        "buffer",
        video_size=f"{frame.width}x{frame.height}",
        pix_fmt=frame.format.name,
        time_base=str(frame.time_base or Fraction(1, 25)),
        pixel_aspect="1/1",
        colorspace=str(frame.colorspace),
        range=str(frame.color_range),
    )
    graph.link_nodes(source, graph.add(*_DEINTERLACER), graph.add("buffersink")).configure()
    try:
        graph.vpush(frame)
        graph.vpush(None)
        return graph.vpull()
    except av.error.FFmpegError as error:
        logger.info("a frame cannot be deinterlaced: %s", error)
        return frame


def _oriented(picture: np.ndarray, matrix: Matrix) -> np.ndarray:
    """Mirrors and turns a picture by quarter turns: x' = ax + cy, y' = bx + dy."""
    a, b, c, d = map(int, matrix)
    if abs(b) + abs(c) > abs(a) + abs(d):
        picture, a, d = picture.transpose(1, 0, 2), c, b
    return picture[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]


def _fitted(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    height, width = picture.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    inner = max(round(width * scale), 1), max(round(height * scale), 1)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    canvas[top : top + inner[1], left : left + inner[0]] = cv2.resize(picture, inner, interpolation=way)
    return canvas
