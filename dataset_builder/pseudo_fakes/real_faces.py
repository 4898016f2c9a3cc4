"""Makes pseudo-fakes on the fly of the real crops of a split."""

from __future__ import annotations

import os
from pathlib import Path

import datasets
import numpy as np
from datasets.fingerprint import Hasher
from tqdm import tqdm

from dataset_builder.pseudo_fakes.kind import PseudoFake, PseudoFakeMaker
from dataset_builder.pseudo_fakes.landmark_swap import face_light
from dataset_builder.pseudo_fakes.landmarks import FACE_POINTS, POINTS, FaceLandmarker, face_in_crop
from dataset_builder.pseudo_fakes.registry import KINDS
from dataset_builder.rows import read_crop, spread


class RealFaces:
    """Holds real face crops with their landmarks, and makes pseudo-fakes of them.

    Attributes:
        rows: Rows of the builder's data sets, all of them real.
        landmarks: ``(N, 478, 2)`` float32 in pixels of each crop; NaN where none were found.
        light: ``(N, 468)`` float32, brightness around the landmarks.
        groups: What each crop belongs to, by which the same person is ruled out.
    """

    def __init__(self, rows: datasets.Dataset, landmarks: np.ndarray, light: np.ndarray):
        self.rows = rows
        self.landmarks = landmarks
        self.light = light
        self.groups: list[str] = list(rows["group"])
        self._makers: dict[str, PseudoFakeMaker] = {name: kind.maker(self) for name, kind in KINDS.items()}

    def usable(self) -> np.ndarray:
        """Lists the rows of which pseudo-fakes can be made."""
        return np.flatnonzero(~np.isnan(self.landmarks[:, 0, 0]))

    def examples(self, limit: int) -> np.ndarray:
        """Chooses at most `limit` rows with landmarks to learn from."""
        return spread(self.usable(), limit)

    def crop(self, row: int) -> np.ndarray:
        """Reads a crop as it is, ``(S, S, 3)`` uint8 RGB."""
        return read_crop(self.rows[row])

    def can_make(self, row: int, kind: str) -> bool:
        """Tells whether a pseudo-fake of this kind can be made of a usable row."""
        return self._makers[kind].can_make(row)

    def pseudo_fake(self, row: int, kind: str, random: np.random.Generator) -> PseudoFake | None:
        """Makes a pseudo-fake of a crop; None where it has no landmarks or no partner of its pose.

        Args:
            row: The crop.
            kind: A name of `registry.KINDS`.
            random: Source of all randomness.
        """
        if np.isnan(self.landmarks[row, 0, 0]):
            return None
        return self._makers[kind].make(row, random)


def real_faces(rows: datasets.Dataset, name: str, cache_dir: str | Path) -> RealFaces:
    """Loads the real crops of a split, with their landmarks, which are located once and kept.

    Args:
        rows: A split of the builder, with fakes or without.
        name: Name of data set and split; groups get it as a prefix, so that pools of several data sets stay apart.
        cache_dir: Folder that keeps landmarks between runs.
    """
    rows = rows.select(np.flatnonzero(np.asarray(rows["label"]) == 0))
    key = Hasher.hash([list(rows["video_id"]), list(rows["time_s"]), list(rows["box_px"])])
    file = Path(cache_dir) / f"{key}.npz"
    if file.is_file():
        stored = np.load(file)
        landmarks, light = stored["landmarks"], stored["light"]
    else:
        landmarks, light = _locate(rows, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        # several processes may do this at once
        unfinished = file.with_name(f"{os.getpid()}.{file.name}")
        np.savez(unfinished, landmarks=landmarks, light=light)
        unfinished.replace(file)
    groups = [f"{name}/{group}" for group in rows["group"]]
    rows = rows.remove_columns("group").add_column("group", groups)
    return RealFaces(rows, landmarks, light)


def joined(pools: list[RealFaces]) -> RealFaces:
    """Joins several data sets to one pool; people are swapped across them too."""
    columns = pools[0].rows.column_names
    rows = datasets.concatenate_datasets([pool.rows.select_columns(columns) for pool in pools])
    landmarks, light = (np.concatenate([getattr(pool, part) for pool in pools]) for part in ("landmarks", "light"))
    return RealFaces(rows, landmarks, light)


def _locate(rows: datasets.Dataset, name: str) -> tuple[np.ndarray, np.ndarray]:
    landmarker = FaceLandmarker()
    landmarks = np.full((len(rows), POINTS, 2), np.nan, np.float32)
    light = np.zeros((len(rows), FACE_POINTS), np.float32)
    for number, row in enumerate(tqdm(rows, desc=f"landmarks of {name}", unit="face", disable=None)):
        crop = read_crop(row)
        found = landmarker.locate(crop, face_in_crop(row["box_px"], row["landmarks_px"]))
        if found is not None:
            landmarks[number], light[number] = found, face_light(crop, found)
    return landmarks, light
