"""Makes pseudo-fakes with a linear autoencoder: a face rebuilt from eigenfaces and put back in its place, and its mask.

The nearest to FaceForensics++ 'Deepfakes' (Roessler et al., ICCV 2019) that needs no generator to be trained: there, too, an
autoencoder gives back an aligned face without the detail that it did not learn, and its colours are matched and its edge
blended. Eigenfaces after Turk and Pentland, "Eigenfaces for Recognition", Journal of Cognitive Neuroscience 1991.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property

import cv2
import numpy as np

from dataset_builder.pixels import to_uint8
from dataset_builder.pseudo_fakes.blending import blend, clone, face_size, match_colours, soft_mask
from dataset_builder.pseudo_fakes.kind import PseudoFake, PseudoFakeKind, PseudoFakeMaker
from dataset_builder.pseudo_fakes.landmarks import FACE_POINTS

# Odds of the parts that are put back.
PARTS = {"face": 3, "without_forehead": 3, "inner": 2}
# Faces to learn from; more take longer and change little.
MAX_FACES = 600
# Eigenfaces that a face is rebuilt from, by the number of faces that they were learned from.
KEPT_SHARE = (0.1, 0.4)
_SIDE_PX = 128
# Longer side of the mean shape over the side of the aligned picture.
_FACE_SHARE = 0.9
_FADE_PX = 10


class Eigenfaces:
    """Holds what many aligned faces have in common, and the directions in which they differ most."""

    def __init__(self, shape: np.ndarray, mean: np.ndarray, basis: np.ndarray):
        """Takes what `learn` found.

        Args:
            shape: ``(468,)`` complex, the landmarks of the mean face in the aligned picture.
            mean: ``(D,)`` float32, the mean aligned picture.
            basis: ``(K, D)`` float32, orthonormal, the direction of the largest differences first.
        """
        self._shape, self._mean, self._basis = shape, mean, basis

    @property
    def count(self) -> int:
        """Counts the faces they were learned from."""
        return len(self._basis) + 1

    @classmethod
    def learn(cls, images: Iterable[np.ndarray], landmarks: Sequence[np.ndarray]) -> Eigenfaces:
        """Learns from faces.

        Args:
            images: ``(H, W, 3)`` uint8 RGB each; one is held at a time.
            landmarks: Of each, ``(478, 2)`` in its pixels.
        """
        shape = _mean_shape(landmarks)
        aligned = (
            _aligned(image, _to_aligned(points, shape)).ravel() for image, points in zip(images, landmarks, strict=True)
        )
        pictures = np.stack(list(aligned))
        mean = pictures.mean(axis=0)
        pictures -= mean
        with _the_same_sums():
            # of N pictures with D values, N much smaller: the eigenvectors of the small matrix give those of the large one
            values, vectors = np.linalg.eigh(pictures @ pictures.T)
            largest = np.argsort(values)[::-1][: len(pictures) - 1]
            basis = vectors[:, largest].T @ pictures
        return cls(shape, mean, basis / np.maximum(np.linalg.norm(basis, axis=1, keepdims=True), 1e-6))

    def rebuild(self, image: np.ndarray, landmarks: np.ndarray, kept: int) -> tuple[np.ndarray, np.ndarray]:
        """Rebuilds a face from so many eigenfaces, back at its place.

        Args:
            image: ``(H, W, 3)`` uint8 RGB.
            landmarks: ``(478, 2)`` in its pixels.
            kept: How many eigenfaces.

        Returns:
            An image of the same shape, and where it holds something, ``(H, W)`` float32 0..1.
        """
        matrix = _to_aligned(landmarks, self._shape)
        basis = self._basis[:kept]
        difference = _aligned(image, matrix).ravel() - self._mean
        with _the_same_sums():
            rebuilt = (self._mean + (basis @ difference) @ basis).reshape(_SIDE_PX, _SIDE_PX, 3)
        size, back = image.shape[1::-1], cv2.WARP_INVERSE_MAP
        # fades towards the border, which a face that looks aside may cross
        steps = np.minimum(np.arange(_SIDE_PX), np.arange(_SIDE_PX)[::-1]) / _FADE_PX
        window = np.minimum.outer(steps, steps).clip(0, 1).astype(np.float32)
        covered = cv2.warpAffine(window, matrix, size, flags=cv2.INTER_LINEAR | back)
        placed = cv2.warpAffine(rebuilt, matrix, size, flags=cv2.INTER_CUBIC | back, borderMode=cv2.BORDER_REPLICATE)
        return to_uint8(placed), covered


def rebuild_face(
    image: np.ndarray, landmarks: np.ndarray, eigenfaces: Eigenfaces, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Replaces a face by what some eigenfaces make of it.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        landmarks: ``(478, 2)`` in its pixels.
        eigenfaces: Learned from any faces.
        random: Source of all randomness.

    Returns:
        The fake, ``(H, W, 3)`` uint8 RGB, unchanged where the mask is 0, and the mask, ``(H, W)`` float32 0..1.
    """
    kept = max(round(random.uniform(*KEPT_SHARE) * eigenfaces.count), 1)
    rebuilt, covered = eigenfaces.rebuild(image, landmarks, kept)
    mask = soft_mask(image.shape[:2], landmarks, PARTS, random, max_bend=0.03) * covered
    rebuilt = match_colours(rebuilt, image, mask, strength=1.0)
    if random.random() < 0.3:
        rebuilt = clone(rebuilt, image, mask, face_size(landmarks))
    return blend(rebuilt, image, mask), mask


def _the_same_sums() -> AbstractContextManager[object]:
    """Keeps linear algebra to one thread: more of them sum in another order, and a pixel here and there would differ."""
    # not at the top: it may be missing where only the names of the kinds are wanted, for a help
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api="blas")


def _points(landmarks: np.ndarray) -> np.ndarray:
    """Gives the face's points, ``(468,)`` complex: a turn and a change of size are one factor."""
    return landmarks[:FACE_POINTS, 0].astype(np.float64) + 1j * landmarks[:FACE_POINTS, 1]


def _mean_shape(faces: Sequence[np.ndarray]) -> np.ndarray:
    """Averages landmarks, each turned and scaled to fit the first one, in the middle of the aligned picture."""
    shapes = [points - points.mean() for points in map(_points, faces)]
    mean = np.mean([shape * np.vdot(shape, shapes[0]) / np.vdot(shape, shape).real for shape in shapes], axis=0)
    scale = _FACE_SHARE * _SIDE_PX / max(np.ptp(mean.real), np.ptp(mean.imag))
    middle = complex(np.ptp(mean.real) / 2 + mean.real.min(), np.ptp(mean.imag) / 2 + mean.imag.min())
    return (mean - middle) * scale + complex(_SIDE_PX, _SIDE_PX) / 2


def _to_aligned(landmarks: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Finds the shift, turn and change of size, ``(2, 3)``, that bring landmarks nearest to a shape (least squares)."""
    points = _points(landmarks)
    centred, target = points - points.mean(), shape - shape.mean()
    factor = np.vdot(centred, target) / np.vdot(centred, centred).real
    shift = shape.mean() - factor * points.mean()
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])


def _aligned(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Warps a face to the picture in which all are compared, ``(128, 128, 3)`` float32."""
    scale = float(np.hypot(*matrix[:, 0]))
    if scale < 1:  # a warp alone would skip pixels
        image = cv2.GaussianBlur(image, (0, 0), 0.4 / scale)
    size = (_SIDE_PX, _SIDE_PX)
    return cv2.warpAffine(image.astype(np.float32), matrix, size, borderMode=cv2.BORDER_REFLECT_101)


class EigenfaceMaker(PseudoFakeMaker):
    """Rebuilds faces from what the faces of the pool have in common."""

    @cached_property
    def _eigenfaces(self) -> Eigenfaces:
        """Learns from the pool when first asked, some seconds."""
        rows = self._faces.examples(MAX_FACES)
        return Eigenfaces.learn((self._faces.crop(int(row)) for row in rows), self._faces.landmarks[rows])

    def make(self, row: int, random: np.random.Generator) -> PseudoFake | None:
        """See `PseudoFakeMaker`."""
        eigenfaces, target = self._eigenfaces, self._faces.crop(row)
        fake, mask = rebuild_face(target, self._faces.landmarks[row], eigenfaces, random)
        return PseudoFake(fake, mask, target, row)


KIND = PseudoFakeKind("eigenface", "real crops rebuilt from eigenfaces", EigenfaceMaker, faces_per_fake=3)
