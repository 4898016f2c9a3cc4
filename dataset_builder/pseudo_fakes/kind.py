"""Defines what every kind of pseudo-fake provides."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np


class PseudoFake(NamedTuple):
    """A fake made of a real face.

    Attributes:
        fake: The manipulated image, ``(H, W, 3)`` uint8 RGB.
        mask: Where and how much it was manipulated, ``(H, W)`` float32 0..1.
        target: What the fake equals outside the mask, and what to show beside it as real: the image, or of some
            self-blended images a copy of it with other colours and sharpness.
        source: The row that gave the face.
    """

    fake: np.ndarray
    mask: np.ndarray
    target: np.ndarray
    source: int


class FacePool(Protocol):
    """Real faces to make pseudo-fakes of, by row."""

    @property
    def landmarks(self) -> np.ndarray:
        """Gives landmarks in pixels of each image, ``(N, 478, 2)`` float32; NaN where none were found."""

    @property
    def light(self) -> np.ndarray:
        """Gives brightness around the landmarks, ``(N, 468)`` float32; see `landmark_swap.face_light`."""

    @property
    def groups(self) -> list[str]:
        """Names what each face belongs to, by which the same person is ruled out."""

    def crop(self, row: int) -> np.ndarray:
        """Reads an image, ``(H, W, 3)`` uint8 RGB."""

    def examples(self, limit: int) -> np.ndarray:
        """Chooses at most `limit` rows with landmarks to learn from."""


class PseudoFakeMaker(ABC):
    """Makes one kind of pseudo-fake of the faces of a pool."""

    def __init__(self, faces: FacePool):
        """Remembers the faces; makers learn from them when they are first asked."""
        self._faces = faces

    def can_make(self, row: int) -> bool:
        """Tells whether a pseudo-fake can be made of a face that has landmarks."""
        return True

    @abstractmethod
    def make(self, row: int, random: np.random.Generator) -> PseudoFake | None:
        """Makes a pseudo-fake of a face that has landmarks; None where it cannot.

        Args:
            row: The face.
            random: Source of all randomness.
        """


@dataclass(frozen=True)
class PseudoFakeKind:
    """A kind of pseudo-fake.

    Attributes:
        name: In the ``manipulation`` column and in options.
        plural: What its fakes are, for help and card.
        maker: Makes them of a pool of faces.
        faces_per_fake: Real faces to gather for each fake that is wanted.
        stands_for_use: Whether thresholds may be fitted on it, because people would report such fakes.
        aliases: Earlier spellings in options.
    """

    name: str
    plural: str
    maker: Callable[[FacePool], PseudoFakeMaker]
    faces_per_fake: int = 1
    stands_for_use: bool = False
    aliases: tuple[str, ...] = ()
