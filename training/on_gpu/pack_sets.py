"""The validation and test faces of a pack as evaluation sets, cut as the application cuts them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from dataset_builder.rows import spread
from dataset_builder.sources import REAL
from detector.faces.detection import crop_face
from detector.facts import DetectedFace
from training.data.evaluation_sets import EvaluationSet
from training.on_gpu.store import read_pictures

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
    columns = {name.removesuffix("s"): values for name, values in np.load(folder / "index.npz").items()}
    kept_of: dict[str, list[int]] = {}
    for source in sorted(set(columns["source"])):
        for manipulation in sorted(set(columns["manipulation"]), key=lambda name: name != REAL):
            of_kind = (columns["source"] == source) & (columns["manipulation"] == manipulation)
            rows = spread(np.flatnonzero(of_kind & (columns["split"] == split)), limit)
            kept_of.setdefault(str(source), []).extend(rows.tolist())
    crops = _read_crops(folder, columns, [row for rows in kept_of.values() for row in rows])
    return [_pack_set(source, columns, rows, crops) for source, rows in kept_of.items() if rows]


def _pack_set(source: str, columns: dict[str, np.ndarray], rows: list[int], crops: dict[int, np.ndarray]) -> PackSet:
    place = {row: number for number, row in enumerate(rows)}
    some = {name: values[rows] for name, values in columns.items()}
    some["original"] = np.array([place.get(int(row), -1) for row in some["original"]])
    return PackSet(source, some, [crops[row] for row in rows])


def _read_crops(folder: Path, columns: dict[str, np.ndarray], rows: Iterable[int]) -> dict[int, np.ndarray]:
    archives = [zipfile.ZipFile(file) for file in sorted(folder.glob("part_*.zip"))]
    contents = {name: archive for archive in archives for name in archive.namelist()}
    rows_of: dict[str, list[int]] = {}
    for row in rows:
        rows_of.setdefault(str(columns["file"][row]), []).append(int(row))
    crops = {}
    for name, members in rows_of.items():
        wanted = [(row, int(columns["frame"][row])) for row in members]
        for row, image in read_pictures(contents[name].read(name), wanted):
            x0, y0, x1, y1 = (float(value) for value in columns["box"][row])
            face = DetectedFace((x0, y0, x1, y1), (), 1.0)
            crops[row] = crop_face(np.ascontiguousarray(image), face)
    return crops
