"""Makes pseudo-fakes of two real people: the source's face on the target's head, and its mask.

The family of FaceForensics++ 'FaceSwap' (Roessler et al., ICCV 2019): landmarks carry the source's
face over, its colours are matched, the edge is blended.
"""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np

from dataset_builder.pseudo_fakes.blending import blend, change_frequency, clone, face_size, match_colours, soft_mask
from dataset_builder.pseudo_fakes.kind import PseudoFake, PseudoFakeKind, PseudoFakeMaker
from dataset_builder.pseudo_fakes.landmarks import FACE_POINTS

# Odds of the parts that are replaced.
PARTS = {"face": 2, "without_forehead": 4, "inner": 2}
# Faces further apart differ in pose or expression so much that the warp tears them.
MAX_SHAPE_DISTANCE = 0.007
# Least correlation of brightness over the face: sunglasses, fringes and hard shadows fit nobody without them.
MIN_LIGHT_CORRELATION = 0.6
# Of the people that are left, the most alike; one of them is drawn.
_CHOICES = 12
# The nose divides a face that looks into the camera in halves; beyond this the warp has to invent a cheek.
_MIN_HALVES_RATIO = 0.2
_NOSE_TIP, _RIGHT_EDGE, _LEFT_EDGE = 4, 234, 454
# Of the face's height: a mouth that has to open further smears its teeth over the gap.
MAX_MOUTH_STRETCH = 0.045
_FOREHEAD, _CHIN, _UPPER_LIP, _LOWER_LIP = 10, 152, 13, 14


def swap_face(
    source: np.ndarray,
    source_landmarks: np.ndarray,
    target: np.ndarray,
    target_landmarks: np.ndarray,
    random: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Puts the face of one image on the head in another.

    Args:
        source: ``(h, w, 3)`` uint8 RGB, gives the face.
        source_landmarks: ``(478, 2)`` in its pixels.
        target: ``(H, W, 3)`` uint8 RGB, gives all else.
        target_landmarks: ``(478, 2)`` in its pixels.
        random: Source of all randomness.

    Returns:
        The swap, ``(H, W, 3)`` uint8 RGB, unchanged where the mask is 0, and the mask, ``(H, W)`` float32 0..1.
    """
    size = face_size(target_landmarks)
    if random.random() < 0.6:
        source = change_frequency(source, face_size(source_landmarks), random)
    mask = soft_mask(target.shape[:2], target_landmarks, PARTS, random, max_bend=0.03)
    warped, covered = warp_face(source, source_landmarks, target_landmarks, target.shape[:2])
    mask = mask * covered
    strength = 1.0 if random.random() < 0.7 else random.uniform(0.4, 1.0)
    warped = match_colours(warped, target, mask, strength)
    if random.random() < 0.5:
        warped = clone(warped, target, mask, size)
    return blend(warped, target, mask), mask


def warp_face(
    source: np.ndarray, source_landmarks: np.ndarray, target_landmarks: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Moves a face to other landmarks, affine within each triangle of their Delaunay triangulation.

    Returns:
        The warped face, ``(H, W, 3)`` uint8 RGB, and where it is valid, ``(H, W)`` float32 0 or 1.
    """
    source_points = source_landmarks[:FACE_POINTS].astype(np.float64)
    target_points = target_landmarks[:FACE_POINTS].astype(np.float64)
    factor = face_size(target_points) / face_size(source_points)
    if factor < 0.7:  # remap alone would skip pixels
        width, height = (max(round(length * factor), 1) for length in source.shape[1::-1])
        source_points = source_points * [width / source.shape[1], height / source.shape[0]]
        source = cv2.resize(source, (width, height), interpolation=cv2.INTER_AREA)
    # not at the top: it may be missing where only the names of the kinds are wanted, for a help
    from scipy.spatial import Delaunay

    triangles = Delaunay(target_points).simplices  # (T, 3)
    owner = np.full(shape, -1, np.int32)  # number of the triangle over each pixel
    corners = (target_points[triangles] * 16).round().astype(np.int32)
    for number, triangle in enumerate(corners):
        cv2.fillConvexPoly(owner, triangle, number, shift=4)
    ones = np.ones((len(triangles), 3, 1))
    maps = np.linalg.solve(np.concatenate([target_points[triangles], ones], axis=2), source_points[triangles])
    rows, columns = np.nonzero(owner >= 0)
    places = np.stack([columns, rows, np.ones_like(rows)], axis=1).astype(np.float64)  # (N, 3)
    found = np.einsum("ni,nij->nj", places, maps[owner[rows, columns]])
    lookup = np.zeros((*shape, 2), np.float32)
    lookup[rows, columns] = found
    warped = cv2.remap(source, lookup[:, :, 0], lookup[:, :, 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return warped, (owner >= 0).astype(np.float32)


class Partners:
    """Finds people of about the same pose, expression and light, never of the same group."""

    def __init__(self, landmarks: np.ndarray, light: np.ndarray, groups: list[str]):
        """Remembers the faces to choose from.

        Args:
            landmarks: ``(N, 478, 2)`` in pixels; NaN for a face without landmarks, which is no one's partner.
            light: ``(N, 468)`` from `face_light`.
            groups: What the faces belong to, by which the same person is ruled out; N names.
        """
        self._shapes = _shapes(landmarks)
        self._mouths = _mouth_openings(landmarks)
        self._light = light
        self._groups = np.asarray(groups)

    def distances(self, row: int) -> np.ndarray:
        """Measures the Procrustes distance of a face to every face, ``(N,)``: 0 for one shape, at most 1; NaN without shape."""
        return 1 - np.abs(self._shapes @ self._shapes[row].conj()) ** 2

    def choose(self, row: int, random: np.random.Generator) -> int | None:
        """Draws one of the people most like a face; None where nobody is like enough."""
        near = (self.distances(row) < MAX_SHAPE_DISTANCE) & (self._groups != self._groups[row])
        near &= self._mouths[row] - self._mouths < MAX_MOUTH_STRETCH
        rows = np.flatnonzero(near)
        alike = self._light[rows] @ self._light[row] / FACE_POINTS
        order = np.argsort(-alike, kind="stable")[:_CHOICES]
        rows = rows[order[alike[order] > MIN_LIGHT_CORRELATION]]
        return int(random.choice(rows)) if len(rows) else None


def face_light(image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Measures brightness around each landmark, with mean 0 and spread 1, ``(468,)`` float32.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        landmarks: ``(478, 2)`` in its pixels.
    """
    points = landmarks[:FACE_POINTS]
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (0, 0), max(0.03 * face_size(points), 0.5))
    columns, rows = (np.rint(points[:, axis]).astype(int).clip(0, image.shape[1 - axis] - 1) for axis in (0, 1))
    values = grey[rows, columns].astype(np.float32)
    return (values - values.mean()) / max(float(values.std()), 1.0)


def _mouth_openings(landmarks: np.ndarray) -> np.ndarray:
    """Measures the gap between the lips over the height of the face, ``(N,)``; NaN without landmarks."""
    gaps = np.linalg.norm(landmarks[:, _UPPER_LIP] - landmarks[:, _LOWER_LIP], axis=1)
    return gaps / np.linalg.norm(landmarks[:, _FOREHEAD] - landmarks[:, _CHIN], axis=1)


def _shapes(landmarks: np.ndarray) -> np.ndarray:
    """Frees landmarks of place and size, ``(N, 468)`` complex: a turn is then a factor of modulus 1.

    NaN for faces that look aside.
    """
    points = landmarks[:, :FACE_POINTS, 0] + 1j * landmarks[:, :FACE_POINTS, 1]
    right, nose, left = points[:, [_RIGHT_EDGE, _NOSE_TIP, _LEFT_EDGE]].T
    with np.errstate(invalid="ignore"):  # NaN stays NaN, and is near nothing
        # where the nose lies on the line from edge to edge, 0..1; outside when it reaches beyond an edge
        place = ((nose - right) / (left - right)).real
        shapes = points - points.mean(axis=1, keepdims=True)
        shapes = shapes / np.linalg.norm(shapes, axis=1, keepdims=True)
    aside = np.minimum(place, 1 - place) < _MIN_HALVES_RATIO * np.maximum(place, 1 - place)
    return np.where(aside[:, None], np.nan, shapes).astype(np.complex64)


class LandmarkSwapMaker(PseudoFakeMaker):
    """Puts the face of another person of the pool on each head."""

    @cached_property
    def _partners(self) -> Partners:
        return Partners(self._faces.landmarks, self._faces.light, self._faces.groups)

    def can_make(self, row: int) -> bool:
        """Tells whether anyone else has about the same pose, expression and light."""
        return self._partners.choose(row, np.random.default_rng(row)) is not None

    def make(self, row: int, random: np.random.Generator) -> PseudoFake | None:
        """See `PseudoFakeMaker`; None where nobody has the same pose."""
        partner = self._partners.choose(row, random)
        if partner is None:
            return None
        faces, target = self._faces, self._faces.crop(row)
        fake, mask = swap_face(faces.crop(partner), faces.landmarks[partner], target, faces.landmarks[row], random)
        return PseudoFake(fake, mask, target, partner)


KIND = PseudoFakeKind(
    "landmark_swap",
    "landmark swaps of two real crops",
    LandmarkSwapMaker,
    faces_per_fake=3,
    stands_for_use=True,
    aliases=("face_swap",),
)
