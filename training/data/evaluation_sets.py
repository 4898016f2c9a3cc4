"""Sets of crops that a model is measured on: labelled ones, and pseudo-fakes beside the real crops they are made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property

import datasets
import numpy as np

from dataset_builder.pseudo_fakes.real_faces import RealFaces
from dataset_builder.pseudo_fakes.registry import KINDS
from dataset_builder.rows import read_crop
from dataset_builder.sources import REAL
from training.data.augmentation import recompress


class EvaluationSet(ABC):
    """What one row of the results is measured on.

    Attributes:
        name: Name of the data set, and of the pseudo-fakes in it.
        stands_for_use: Whether thresholds may be fitted on it, because people would report such fakes.
    """

    stands_for_use = True

    def __init__(self, name: str):
        self.name = name

    @property
    @abstractmethod
    def labels(self) -> np.ndarray:
        """0 for real, 1 for fake, ``(N,)``."""

    @property
    @abstractmethod
    def video_ids(self) -> list[str]:
        """The video or photo that each crop was cut from; fakes of a video are another video."""

    @property
    @abstractmethod
    def groups(self) -> list[str]:
        """What each crop shares with others that must not count as independent of it."""

    @property
    @abstractmethod
    def manipulations(self) -> list[str]:
        """``real`` or the manipulation of each crop."""

    @abstractmethod
    def row(self, number: int) -> int:
        """Gives the row that a crop comes from."""

    @abstractmethod
    def original_crop(self, number: int) -> np.ndarray:
        """Gives a crop as it is, ``(S, S, 3)`` uint8 RGB, the same each time.

        Args:
            number: Number of the crop, 0 .. N - 1.
        """

    def crop(self, number: int, as_posted: bool = False) -> np.ndarray:
        """Gives a crop, ``(S, S, 3)`` uint8 RGB, the same each time.

        Args:
            number: Number of the crop, 0 .. N - 1.
            as_posted: Whether every second row is re-compressed, as on its way through the net.
        """
        crop, row = self.original_crop(number), self.row(number)
        return recompress(crop, np.random.default_rng(row)) if as_posted and row % 2 else crop


class LabelledSet(EvaluationSet):
    """Crops with the labels of their data set."""

    def __init__(self, name: str, rows: datasets.Dataset):
        """Remembers the rows.

        Args:
            name: Name of the data set.
            rows: Rows of the builder, as `training.data.splits.load_splits` gives them.
        """
        super().__init__(name)
        self._rows = rows

    @cached_property
    def labels(self) -> np.ndarray:
        """See `EvaluationSet`."""
        return np.asarray(self._rows["label"])

    @cached_property
    def video_ids(self) -> list[str]:
        """See `EvaluationSet`."""
        return list(self._rows["video_id"])

    @cached_property
    def groups(self) -> list[str]:
        """See `EvaluationSet`."""
        return list(self._rows["group"])

    @cached_property
    def manipulations(self) -> list[str]:
        """See `EvaluationSet`."""
        return list(self._rows["manipulation"])

    def row(self, number: int) -> int:
        """See `EvaluationSet`."""
        return number

    def original_crop(self, number: int) -> np.ndarray:
        """See `EvaluationSet`."""
        return read_crop(self._rows[number])


class PseudoFakeSet(EvaluationSet):
    """Real crops, and a pseudo-fake of each: first all the real ones, then the fakes in the same order.

    Attributes:
        faces: Real crops of which pseudo-fakes are made.
        kind: Kind of pseudo-fake.
        real_rows: Rows of `faces` that are shown as they are and once more as fakes.
    """

    def __init__(self, name: str, faces: RealFaces, kind: str, real_rows: tuple[int, ...]):
        """Remembers what to make; nothing is made yet."""
        super().__init__(f"{name}, {kind.replace('_', ' ')}")
        self.faces, self.kind, self.real_rows = faces, kind, real_rows
        self.stands_for_use = KINDS[kind].stands_for_use

    @cached_property
    def labels(self) -> np.ndarray:
        """See `EvaluationSet`."""
        return np.repeat([0, 1], len(self.real_rows))

    @cached_property
    def video_ids(self) -> list[str]:
        """See `EvaluationSet`."""
        names = self._real_column("video_id")
        return names + [f"{self.kind}/{name}" for name in names]

    @cached_property
    def groups(self) -> list[str]:
        """See `EvaluationSet`."""
        return self._real_column("group") * 2

    @cached_property
    def manipulations(self) -> list[str]:
        """See `EvaluationSet`."""
        return [REAL] * len(self.real_rows) + [self.kind] * len(self.real_rows)

    def _real_column(self, column: str) -> list[str]:
        return list(self.faces.rows.select(self.real_rows)[column])

    def row(self, number: int) -> int:
        """See `EvaluationSet`."""
        return self.real_rows[number % len(self.real_rows)]

    def original_crop(self, number: int) -> np.ndarray:
        """See `EvaluationSet`."""
        row = self.row(number)
        made = self.pseudo_fake(row) if number >= len(self.real_rows) else None
        return made[0] if made else self.faces.crop(row)

    def pseudo_fake(self, row: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Makes the pseudo-fake of a row, the same each time: the number of the row is its seed.

        Returns:
            The fake ``(S, S, 3)`` uint8 RGB and its mask ``(S, S)`` 0..1; None where none can be made.
        """
        made = self.faces.pseudo_fake(row, self.kind, np.random.default_rng(row))
        return (made.fake, made.mask) if made else None


def pseudo_fake_set(name: str, faces: RealFaces, kind: str, limit: int) -> PseudoFakeSet | None:
    """Chooses real crops of which pseudo-fakes can be made.

    Args:
        name: Name of the data set.
        faces: Real crops to choose from.
        kind: Kind of pseudo-fake.
        limit: Largest number of real crops.

    Returns:
        The set, or None where no pseudo-fake can be made.
    """
    rows: list[int] = []
    for row in faces.usable():
        if len(rows) == limit:
            break
        if faces.can_make(int(row), kind):
            rows.append(int(row))
    return PseudoFakeSet(name, faces, kind, tuple(rows)) if rows else None
