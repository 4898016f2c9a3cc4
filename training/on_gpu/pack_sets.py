"""The validation and test faces of a pack as evaluation sets, cut as the application cuts them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from dataset_builder.rows import spread
from dataset_builder.sources import REAL
from detector.faces.detection import crop_face
from training.data.evaluation_sets import EvaluationSet
from training.on_gpu.store import Files, face_of, only, read_index, read_pictures, rows_by_file

# A fake crop differs from its original by so many grey levels where it was manipulated.
_CHANGED = 6.0


class PackSet(EvaluationSet):
    """Faces of one source."""

    def __init__(self, name: str, columns: dict[str, np.ndarray], crops: list[np.ndarray]):
        """Takes over the faces.

        Args:
            name: Name of the source.
            columns: Rows of the index; ``original`` counts within these rows.
            crops: Crop of each row, ``(S, S, 3)`` uint8 RGB.
        """
        super().__init__(name)
        self._columns, self._crops = columns, crops

    @property
    def labels(self) -> np.ndarray:
        """See `EvaluationSet`."""
        return (self._columns["manipulation"] != REAL).astype(int)

    @property
    def video_ids(self) -> list[str]:
        """See `EvaluationSet`."""
        return [str(name) for name in self._columns["file"]]

    @property
    def groups(self) -> list[str]:
        """See `EvaluationSet`."""
        return [str(name) for name in self._columns["group"]]

    @property
    def manipulations(self) -> list[str]:
        """See `EvaluationSet`."""
        return [str(name) for name in self._columns["manipulation"]]

    def row(self, number: int) -> int:
        """See `EvaluationSet`."""
        return number

    def original_crop(self, number: int) -> np.ndarray:
        """See `EvaluationSet`."""
        return self._crops[number]

    def masked_fakes(self, limit: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Gives fake crops with the places where they differ from their originals, ``(S, S)`` 0 or 1.

        Args:
            limit: Largest number of them.
        """
        rows = spread(np.flatnonzero(self._columns["original"] >= 0), limit)
        found = []
        for row in rows:
            fake, real = self._crops[row], self._crops[self._columns["original"][row]]
            difference = cv2.absdiff(fake, real).mean(axis=2).astype(np.float32)
            mask = (cv2.GaussianBlur(difference, (0, 0), fake.shape[0] / 35) > _CHANGED).astype(np.float32)
            if mask.any():
                found.append((fake, mask))
        return found


def load_sets(folder: Path, split: str, limit: int) -> list[PackSet]:
    """Reads the faces of a split, one set a source.

    Args:
        folder: Pack, written with this split.
        split: ``validation`` or ``test``.
        limit: Largest number of faces of each source and manipulation, evenly spread.
    """
    columns = read_index(folder)
    kept_of: dict[str, list[int]] = {}
    for source in sorted(set(columns["source"])):
        for manipulation in sorted(set(columns["manipulation"]), key=lambda name: name != REAL):
            of_kind = (columns["source"] == source) & (columns["manipulation"] == manipulation)
            rows = spread(np.flatnonzero(of_kind & (columns["split"] == split)), limit)
            kept_of.setdefault(str(source), []).extend(rows.tolist())
    files, crops = Files(folder), {}
    for name, wanted in rows_by_file(columns, [row for rows in kept_of.values() for row in rows]).items():
        for row, image in read_pictures(files.read(name), wanted):
            crops[row] = crop_face(image, face_of(columns, row))
    return [
        PackSet(source, only(columns, np.array(rows)), [crops[row] for row in rows])
        for source, rows in kept_of.items()
        if rows
    ]
