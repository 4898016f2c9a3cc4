"""The real crops of a split, from which pseudo-fakes are made on the fly."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

import datasets
import numpy as np
from datasets.fingerprint import Hasher
from tqdm import tqdm

from dataset_builder.pseudo_fakes.eigenfaces import MAX_FACES, Eigenfaces, rebuild_face
from dataset_builder.pseudo_fakes.landmark_swap import Partners, face_light, swap_face
from dataset_builder.pseudo_fakes.landmarks import FACE_POINTS, POINTS, FaceLandmarker, face_in_crop
from dataset_builder.pseudo_fakes.self_blended import self_blend

PSEUDO_FAKES = ("self_blended", "landmark_swap", "eigenface")


class RealFaces:
    """Real face crops with their landmarks.

    Attributes:
        rows: Rows of the builder's data sets, all of them real.
        landmarks: ``(N, 478, 2)`` float32 in pixels of each crop; NaN where none were found.
        light: ``(N, 468)`` float32, brightness around the landmarks.
    """

    def __init__(self, rows: datasets.Dataset, landmarks: np.ndarray, light: np.ndarray):
        self.rows = rows
        self.landmarks = landmarks
        self.light = light
        self._partners = Partners(landmarks, light, list(rows["group"]))

    def usable(self) -> np.ndarray:
        """Numbers of the crops of which pseudo-fakes can be made."""
        return np.flatnonzero(~np.isnan(self.landmarks[:, 0, 0]))

    def crop(self, row: int) -> np.ndarray:
        """A crop as it is, ``(S, S, 3)`` uint8 RGB."""
        return read_crop(self.rows[row])

    def has_partner(self, row: int) -> bool:
        """Whether a landmark swap can be made of a crop."""
        return self._partners.choose(row, np.random.default_rng(row)) is not None

    @cached_property
    def eigenfaces(self) -> Eigenfaces:
        """Learned from these crops when they are first asked for, some seconds."""
        rows = spread(self.usable(), MAX_FACES)
        return Eigenfaces.learn((self.crop(int(row)) for row in rows), self.landmarks[rows])

    def pseudo_fake(
        self, row: int, kind: str, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """A pseudo-fake of a crop, its mask, and the target; None where it has no landmarks or no partner of its pose.

        The target is what the fake equals outside the mask, and what to show beside it as real: the crop, or of some
        self-blended images a copy of it with other colours and sharpness.

        Args:
            row: Number of the crop.
            kind: One of `PSEUDO_FAKES`.
            random: Source of all randomness.
        """
        if np.isnan(self.landmarks[row, 0, 0]):
            return None
        if kind == "self_blended":
            return self_blend(self.crop(row), self.landmarks[row], random)
        if kind == "eigenface":
            target = self.crop(row)
            return *rebuild_face(target, self.landmarks[row], self.eigenfaces, random), target
        partner = self._partners.choose(row, random)
        if partner is None:
            return None
        target = self.crop(row)
        return *swap_face(self.crop(partner), self.landmarks[partner], target, self.landmarks[row], random), target


def read_crop(row: dict) -> np.ndarray:
    """The crop of a row of the builder's data sets, ``(S, S, 3)`` uint8 RGB."""
    return np.asarray(row["image"].convert("RGB"))


def spread(numbers: np.ndarray, limit: int) -> np.ndarray:
    """At most `limit` of these numbers, evenly spaced."""
    return numbers[np.linspace(0, len(numbers) - 1, limit).round().astype(int)] if len(numbers) > limit else numbers


def real_faces(rows: datasets.Dataset, name: str, cache_dir: str | Path) -> RealFaces:
    """The real crops of a split, with their landmarks, which are located once and kept.

    Args:
        rows: A split of the builder, with fakes or without.
        name: Of data set and split: its groups get it as a prefix, so that pools of several data sets stay apart.
        cache_dir: Where landmarks are kept between runs.
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
    """One pool of several data sets; people are swapped across them too."""
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
