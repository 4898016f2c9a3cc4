"""Rows of the builder's data sets as what the network trains on and is measured on."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import datasets
import numpy as np
import torch
from PIL import Image
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD

from dataset_builder.real_faces import RealFaces, read_crop
from training.augmentation import augment, recompress
from training.network import INPUT_SIZE

# Side of the masks that come with training crops: that of the last convolution at 224 px.
MASK_SIDE = 14
_MEAN, _STD = np.array(IMAGENET_DEFAULT_MEAN, np.float32), np.array(IMAGENET_DEFAULT_STD, np.float32)


def load_splits(folder: str) -> datasets.DatasetDict:
    """A data set of the builder.

    Raises:
        ValueError: The folder is none, or lacks a split.
    """
    try:
        splits = datasets.load_from_disk(folder)
    except FileNotFoundError as error:
        raise ValueError(f"{folder} is not a data set; build one with python -m dataset_builder first.") from error
    if missing := {"train", "validation", "test"} - set(splits):
        raise ValueError(f"{folder} has no split {', '.join(sorted(missing))}.")
    return datasets.DatasetDict({split: _with_names(rows) for split, rows in splits.items()})


def _with_names(rows: datasets.Dataset) -> datasets.Dataset:
    """Manipulations by name, not by number, so that sets with different ones can be joined."""
    names = rows.features["manipulation"].int2str(list(rows["manipulation"]))
    feature = datasets.Value("string")
    return rows.remove_columns("manipulation").add_column("manipulation", names, feature=feature)


class TrainingPairs(torch.utils.data.Dataset):
    """Pairs of a real and a fake crop, augmented alike, so that every batch holds as many of both.

    A pseudo-fake comes with the real crop it was made of: person, scene and camera cannot tell them
    apart. A labelled fake comes with any labelled real crop. One pass shows every labelled fake once.
    """

    def __init__(self, labelled: datasets.Dataset, faces: RealFaces | None, shares: dict[str, float], seed: int):
        """Lays out one pass.

        Args:
            labelled: Rows with labels 0 (real) and 1 (fake).
            faces: The real crops to make pseudo-fakes of; None where the shares are 0.
            shares: Share of the fakes, by kind of pseudo-fake; the rest are labelled ones.
            seed: Of the order.
        """
        random = np.random.default_rng(seed)
        self._labelled, self._faces = labelled, faces
        labels = np.asarray(labelled["label"])
        real, fake = (random.permutation(np.flatnonzero(labels == label)) for label in (0, 1))
        usable = faces.usable() if faces else np.empty(0, int)
        rest = 1 - sum(shares.values())
        total = len(usable) if rest < 1e-9 else round(min(len(real), len(fake)) / rest)
        self._pairs: list[tuple[str, int, int]] = []
        for kind, share in shares.items():
            # numpy repeats the order as often as needed
            rows = np.resize(random.permutation(usable), round(share * total)) if len(usable) else []
            self._pairs += [(kind, int(row), int(row)) for row in rows]
        if rest > 1e-9:
            self._pairs += [("labelled", int(a), int(b)) for a, b in zip(real, fake, strict=False)]

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        """``pixel_values`` ``(2, 3, 224, 224)``, real then fake, their ``labels`` and ``masks`` ``(2, 14, 14)``.

        A mask tells how much of each place was manipulated, 0..1; NaN where that is not known.
        """
        # torch seeds every worker differently and repeatably
        seed = int(torch.randint(2**31, ()).item())
        real, fake, mask = self.crops(index, np.random.default_rng(seed))
        real, _ = augment(real, np.random.default_rng(seed))
        fake, mask = augment(fake, np.random.default_rng(seed), mask)
        masks = np.zeros((2, MASK_SIDE, MASK_SIDE), np.float32)
        if mask is None:
            masks[1] = np.nan
        else:
            # a faint blend is as much of a manipulation as a full one
            full = mask / max(float(mask.max()), 1e-6)
            masks[1] = cv2.resize(full, (MASK_SIDE, MASK_SIDE), interpolation=cv2.INTER_AREA).clip(0, 1)
        return {
            "pixel_values": torch.stack([to_pixels(real), to_pixels(fake)]),
            "labels": torch.tensor([0, 1]),
            "masks": torch.from_numpy(masks),
        }

    def crops(self, index: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """The real and the fake crop of a pair before augmentation, ``(S, S, 3)`` uint8 RGB each, and the fake's mask.

        The mask, ``(S, S)`` 0..1, is None for a labelled fake.
        """
        kind, real, fake = self._pairs[index]
        if kind == "labelled":
            return read_crop(self._labelled[real]), read_crop(self._labelled[fake]), None
        # where nobody has the same pose, the face is blended into itself
        made = self._faces.pseudo_fake(real, kind, random) or self._faces.pseudo_fake(real, "self_blended", random)
        return self._faces.crop(real), *made


def collate_pairs(pairs: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Pairs as one batch of twice as many crops."""
    return {key: torch.cat([pair[key] for pair in pairs]) for key in ("pixel_values", "labels", "masks")}


def to_pixels(crop: np.ndarray) -> torch.Tensor:
    """Resizes as the application does and normalises: ``(S, S, 3)`` uint8 RGB to ``(3, 224, 224)``."""
    small = Image.fromarray(crop).resize((INPUT_SIZE, INPUT_SIZE), Image.Resampling.BICUBIC)
    return torch.from_numpy((np.asarray(small, np.float32) / 255 - _MEAN) / _STD).permute(2, 0, 1)


@dataclass(frozen=True)
class EvaluationSet:
    """What one row of the results is measured on.

    Attributes:
        name: Of the data set, and of the pseudo-fakes in it.
        rows: The crops as they are.
        faces: The real crops of which pseudo-fakes are made; None for labelled data.
        kind: Which pseudo-fakes.
        real_rows: Rows of `faces` that are shown as they are and once more as fakes.
    """

    name: str
    rows: datasets.Dataset
    faces: RealFaces | None = None
    kind: str = ""
    real_rows: tuple[int, ...] = ()

    @property
    def labels(self) -> np.ndarray:
        """0 for real, 1 for fake, ``(N,)``."""
        if self.faces is None:
            return np.asarray(self.rows["label"])
        return np.repeat([0, 1], len(self.real_rows))

    @property
    def video_ids(self) -> list[str]:
        """What each crop was cut from; fakes of a video are another video."""
        if self.faces is None:
            return list(self.rows["video_id"])
        names = [self.faces.rows[row]["video_id"] for row in self.real_rows]
        return names + [f"{self.kind}/{name}" for name in names]

    def crop(self, number: int, as_posted: bool = False) -> np.ndarray:
        """A crop, the same each time: a pseudo-fake is seeded with the number of its row.

        Args:
            number: 0 .. N - 1.
            as_posted: Whether every second row is re-compressed, as on its way through the net.
        """
        if self.faces is None:
            row, crop = number, read_crop(self.rows[number])
        else:
            row = self.real_rows[number % len(self.real_rows)]
            random = np.random.default_rng(row)
            made = None if number < len(self.real_rows) else self.faces.pseudo_fake(row, self.kind, random)
            crop = made[0] if made else self.faces.crop(row)
        return recompress(crop, np.random.default_rng(row)) if as_posted and row % 2 else crop


def pseudo_fake_set(name: str, faces: RealFaces, kind: str, limit: int) -> EvaluationSet | None:
    """Real crops and pseudo-fakes of them, at most `limit` of each; None where none can be made."""
    rows = []
    for row in faces.usable():
        if len(rows) == limit:
            break
        if kind == "self_blended" or faces.has_partner(int(row)):
            rows.append(int(row))
    return EvaluationSet(f"{name}, {kind.replace('_', ' ')}", faces.rows, faces, kind, tuple(rows)) if rows else None
