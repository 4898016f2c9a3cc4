"""Where a clip cuts to another shot, seen from its sampled frames alone, and whether two faces look like one person."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import cv2
import numpy as np

from detector.faces.detection import crop_face
from detector.facts import DetectedFace

# PySceneDetect's detectors can be fed single frames, but compare them pixel by pixel, as frames 1/25 s apart need it:
# between samples seconds apart its measure gave 42 for a moving camera, 40 for a flash, and 43 for real cuts.
# Measured on four real clips and on photos (moved, zoomed, brightened, compressed): a shot stays under .19 or a movement
# of the camera explains more, unless something large passes close by; of real cuts none lies under, of pairs of press
# photos .3 %, of official portraits, which share pose and background, one pair in five.
CUT_FROM = 0.2  # 1 - correlation
# Share of small blocks that are where they were: .32 and more before a static camera with a man who fills the picture,
# up to .15 across cuts, and .2 where a line of news stays.
STILL_FROM = 0.3
_STILL_CORRELATION = 0.9
# Points of one picture found in the other where one movement of the camera puts them; fewer are mostly chance.
MIN_MOVED_POINTS = 11
# Colours of face, head and clothes: one person in one take gave .88 and more; of pairs of official portraits, which
# share pose, light and dark suits, 1 % reach .84, of pairs of press photos .66.
ALIKE_FROM = 0.87

_BLOCKS = 4
_REACH_PX = 10  # how far a block may have moved, in the small picture
_SMALL_PX = (96, 72)
_POINTS_SIDE_PX = 320
_TOLERANCE_PX = 1.5  # how far a point may lie from where the movement puts it, in the small picture
_MIN_STRUCTURE = 3.0  # standard deviation in grey levels; flatter blocks look like any other
_MIN_BLOCKS = 4
_APPEARANCE_SCALE = 3.0  # side of the crop over the longer side of the face
# Rows and columns of that crop, in shares: the face, the head with its hair, the clothes under the chin.
_PARTS = ((0.33, 0.67, 0.37, 0.63), (0.22, 0.67, 0.29, 0.71), (0.73, 1.0, 0.25, 0.75))


class _View:
    """What is compared of a picture.

    Attributes:
        grey: Small, ``(H, W)`` float32.
        has_structure: Whether it shows anything.
    """

    def __init__(self, image: np.ndarray):
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        small = cv2.resize(grey, _SMALL_PX, interpolation=cv2.INTER_AREA).astype(np.float32)
        self.grey = cv2.GaussianBlur(small, (0, 0), 1.0)
        self.has_structure = sum(self.grey[place].std() >= _MIN_STRUCTURE for place in _blocks()) >= _MIN_BLOCKS
        self._full_size = grey

    @cached_property
    def points(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Places ``(N, 2)`` in pixels of `grey`, and their ORB descriptors; most pictures are compared without them."""
        orb = cv2.ORB.create(400, scaleFactor=1.3, nlevels=5, fastThreshold=8)
        scale = _POINTS_SIDE_PX / max(self._full_size.shape)
        reduced = cv2.resize(self._full_size, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        found, descriptors = orb.detectAndCompute(reduced, None)
        places = np.array([point.pt for point in found], np.float32).reshape(-1, 2)
        return places * (np.array(_SMALL_PX, np.float32) / reduced.shape[1::-1]), descriptors


def find_cuts(images: Iterable[np.ndarray]) -> list[tuple[int, int]]:
    """Finds the samples between which a clip cuts to another shot.

    A cut is reported where hardly any part of a picture is found near its place in the other, and no movement of the
    camera explains that. A camera that swings so far that nothing stays in view, or something large that hides the scene,
    reads as a cut; an insert between two samples that come from one shot is not seen. Black and other empty pictures are
    looked across.

    Args:
        images: ``(H, W, 3)`` uint8 RGB, in order of time.

    Returns:
        Pairs ``(before, after)`` of the numbers of the pictures around each cut.
    """
    cuts: list[tuple[int, int]] = []
    last: tuple[int, _View] | None = None
    for number, image in enumerate(images):
        view = _View(image)
        if not view.has_structure:
            continue
        if last is not None and _is_another_shot(last[1], view):
            cuts.append((last[0], number))
        last = number, view
    return cuts


def appearance(image: np.ndarray, face: DetectedFace) -> np.ndarray:
    """Gives the colours of a face, its head and the clothes below it, one normalised histogram a row.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        face: A face of this image.
    """
    crop = cv2.cvtColor(crop_face(image, face, _APPEARANCE_SCALE), cv2.COLOR_RGB2LAB)
    side = crop.shape[0]
    rows = []
    for top, bottom, left, right in _PARTS:
        part = np.ascontiguousarray(
            crop[round(top * side) : round(bottom * side), round(left * side) : round(right * side)]
        )
        counts = cv2.calcHist([part], [0, 1, 2], None, [6, 12, 12], [0, 256, 80, 176, 80, 176]).ravel()
        rows.append(counts / max(counts.sum(), 1))
    return np.array(rows)


def appearance_similarity(a: np.ndarray, b: np.ndarray) -> float:
    """Measures how alike two appearances are, 0..1: the mean Bhattacharyya coefficient of their rows."""
    return float(np.sqrt(a * b).sum(axis=1).mean())


def _is_another_shot(a: _View, b: _View) -> bool:
    if min(_share_still(a.grey, b.grey), _share_still(b.grey, a.grey)) >= STILL_FROM:
        return False
    # what comes into view or goes is missing in one direction only
    if min(_blocks_lost(a.grey, b.grey), _blocks_lost(b.grey, a.grey)) < CUT_FROM:
        return False
    movement = _movement(a, b)
    if movement is None:
        return True
    # a logo or a line of news that stays makes a movement too, but not one that brings the rest along
    back = cv2.invertAffineTransform(movement)
    return min(_blocks_lost(*_moved(a.grey, movement, b.grey)), _blocks_lost(*_moved(b.grey, back, a.grey))) >= CUT_FROM


def _blocks(count: int = _BLOCKS) -> list[tuple[slice, slice]]:
    """Divides the small picture into `count` rows of `count` blocks."""
    width, height = _SMALL_PX[0] // count, _SMALL_PX[1] // count
    return [
        (slice(row * height, (row + 1) * height), slice(column * width, (column + 1) * width))
        for row in range(count)
        for column in range(count)
    ]


def _blocks_lost(a: np.ndarray, b: np.ndarray, known: np.ndarray | None = None) -> float:
    """Gives 1 - the correlation of the median block of `a` with the place near its own in `b` where it fits best.

    Correlation leaves light and contrast out, the median a person who moves.

    Args:
        a: A small grey picture.
        b: Another.
        known: Where `a` shows anything; default: everywhere.
    """
    best = []
    for rows, columns in _blocks():
        block = a[rows, columns]
        if block.std() < _MIN_STRUCTURE or (known is not None and not known[rows, columns].all()):
            continue
        around = b[
            max(rows.start - _REACH_PX, 0) : rows.stop + _REACH_PX,
            max(columns.start - _REACH_PX, 0) : columns.stop + _REACH_PX,
        ]
        best.append(cv2.matchTemplate(around, block, cv2.TM_CCOEFF_NORMED).max())
    return 1 - float(np.median(best)) if len(best) >= _MIN_BLOCKS else 1.0


def _share_still(a: np.ndarray, b: np.ndarray) -> float:
    """Gives the share of small blocks of `a` that `b` shows at the same place: furniture behind a person who moves."""
    still = [
        cv2.matchTemplate(
            b[max(rows.start - 1, 0) : rows.stop + 1, max(columns.start - 1, 0) : columns.stop + 1],
            a[rows, columns],
            cv2.TM_CCOEFF_NORMED,
        ).max()
        >= _STILL_CORRELATION
        for rows, columns in _blocks(2 * _BLOCKS)
        if a[rows, columns].std() >= _MIN_STRUCTURE
    ]
    return float(np.mean(still)) if len(still) >= 2 * _MIN_BLOCKS else 0.0


def _moved(a: np.ndarray, movement: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gives the arguments of `_blocks_lost`: the moved picture, the other one, and where the moved one is known."""
    known = cv2.warpAffine(np.ones_like(a), movement, _SMALL_PX, flags=cv2.INTER_NEAREST)
    return cv2.warpAffine(a, movement, _SMALL_PX), b, known > 0


def _movement(a: _View, b: _View) -> np.ndarray | None:
    """Finds the shift, turn and zoom of the camera that brings most points of `a` to `b`, ``(2, 3)`` in small pixels."""
    (before, descriptors), (after, others) = a.points, b.points
    if descriptors is None or others is None or min(len(descriptors), len(others)) < 2:
        return None
    nearest = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(descriptors, others, k=2)
    clear = [first for first, second in nearest if first.distance < 0.8 * second.distance]
    if len(clear) < MIN_MOVED_POINTS:
        return None
    before = before[[match.queryIdx for match in clear]]
    after = after[[match.trainIdx for match in clear]]
    cv2.setRNGSeed(0)  # the same file must give the same result
    movement, inside = cv2.estimateAffinePartial2D(before, after, ransacReprojThreshold=_TOLERANCE_PX)
    return None if movement is None or inside.sum() < MIN_MOVED_POINTS else movement
