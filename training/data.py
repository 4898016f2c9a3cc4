"""Rows of the builder's data sets as what the network trains on and is measured on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import cv2
import datasets
import numpy as np
import timm
import torch
from PIL import Image

from dataset_builder.pseudo_fakes.real_faces import RealFaces, read_crop, spread
from dataset_builder.sources import REAL
from training.augmentation import augment, recompress
from training.networks.losses import MASK_CHANNELS, SOME_FAKE
from training.networks.vgg16 import DATA_CONFIG

# Side of the masks that come with training crops: that of the third block at 224 px.
MASK_SIDE = 56
BINARY = (REAL, "fake")
Transform = Callable[[Image.Image], torch.Tensor]


class TrainingPairs(torch.utils.data.Dataset):
    """Pairs of a real and a fake crop, augmented alike, so that every batch holds as many of both.

    A pseudo-fake comes with the real crop it was made of, equal to it outside the mask: person, scene, camera and
    colours cannot tell them apart. A labelled fake comes with any labelled real crop. The pairs of the whole run lie in the order
    in which they are shown, pass after pass, each shuffled; everything random about a pair depends on the
    seed and its number alone, so a resumed run and one with other workers see the same.
    """

    def __init__(
        self,
        labelled: datasets.Dataset,
        faces: RealFaces | None,
        shares: dict[str, float],
        seed: int,
        passes: float = 1.0,
        gentle_share: float = 0.0,
        transform: Transform | None = None,
        classes: tuple[str, ...] = BINARY,
    ):
        """Lays out the run.

        Args:
            labelled: Rows with labels 0 (real) and 1 (fake).
            faces: The real crops to make pseudo-fakes of; None where the shares are 0.
            shares: Share of the fakes, by kind of pseudo-fake; the rest are labelled ones.
            seed: Of order, pseudo-fakes and augmentation.
            passes: One shows every labelled fake once.
            gentle_share: Share of the run over which augmentation comes to its full strength.
            transform: From crop to input; default: that of VGG-16.
            classes: Names of the classes, real first.
        """
        random = np.random.default_rng(seed)
        self._labelled, self._faces, self._seed, self._gentle_share = labelled, faces, seed, gentle_share
        self._transform = transform or crop_transform(DATA_CONFIG)
        self._class_of = {name: number for number, name in enumerate(classes)}
        self._names = labelled["manipulation"] if len(classes) > len(BINARY) else None
        labels = np.asarray(labelled["label"])
        usable = faces.usable() if faces else np.empty(0, int)
        self._pairs: list[tuple[str, int, int]] = []
        for number in range(math.ceil(passes)):
            real, fake = (random.permutation(np.flatnonzero(labels == label)) for label in (0, 1))
            pairs = _lay_out(real, fake, usable, shares, random)
            order = random.permutation(len(pairs))[: round(len(pairs) * min(passes - number, 1.0))]
            self._pairs += [pairs[place] for place in order]

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        """``pixel_values`` ``(2, C, H, W)``, real then fake, their ``labels`` and ``masks`` ``(2, 2, 56, 56)``.

        A mask tells how much of each place was manipulated, and where its edge runs, 0..1; NaN where that is not known.
        """
        real, fake, mask = self.crops(index, np.random.default_rng((self._seed, index)))
        done = index / len(self)
        strength = min(done / self._gentle_share, 1.0) if self._gentle_share else 1.0
        # both from the same state: a change of only one of them would be a cue
        real, _ = augment(real, np.random.default_rng((self._seed, index, 1)), strength=strength)
        fake, mask = augment(fake, np.random.default_rng((self._seed, index, 1)), mask, strength)
        masks = np.zeros((2, MASK_CHANNELS, MASK_SIDE, MASK_SIDE), np.float32)
        if mask is None:
            masks[1] = np.nan
        else:
            # a faint blend is as much of a manipulation as a full one
            full = mask / max(float(mask.max()), 1e-6)
            for channel, places in enumerate((full, 4 * full * (1 - full))):
                masks[1, channel] = cv2.resize(places, (MASK_SIDE, MASK_SIDE), interpolation=cv2.INTER_AREA).clip(0, 1)
        return {
            "pixel_values": torch.stack([self._transform(Image.fromarray(crop)) for crop in (real, fake)]),
            "labels": torch.tensor([0, self._label(index)]),
            "masks": torch.from_numpy(masks),
        }

    def _label(self, index: int) -> int:
        """The class of the fake of a pair."""
        if self._names is None:
            return 1
        kind, _, fake = self._pairs[index]
        return self._class_of[self._names[fake]] if kind == "labelled" else SOME_FAKE

    def crops(self, index: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """The real and the fake crop of a pair before augmentation, ``(S, S, 3)`` uint8 RGB each, and the fake's mask.

        The mask, ``(S, S)`` 0..1, is None for a labelled fake.
        """
        kind, real, fake = self._pairs[index]
        if kind == "labelled":
            return read_crop(self._labelled[real]), read_crop(self._labelled[fake]), None
        # where nobody has the same pose, the face is blended into itself
        made = self._faces.pseudo_fake(real, kind, random) or self._faces.pseudo_fake(real, "self_blended", random)
        fake, mask, target = made
        return target, fake, mask


def _lay_out(
    real: np.ndarray, fake: np.ndarray, usable: np.ndarray, shares: dict[str, float], random: np.random.Generator
) -> list[tuple[str, int, int]]:
    """The pairs of one pass: kind, row of the real crop, row of the fake one (of a pseudo-fake the same)."""
    rest = 1 - sum(shares.values())
    total = len(usable) if rest < 1e-9 else round(min(len(real), len(fake)) / rest)
    pairs = []
    for kind, share in shares.items():
        # numpy repeats the order as often as needed
        rows = np.resize(random.permutation(usable), round(share * total)) if len(usable) else []
        pairs += [(kind, int(row), int(row)) for row in rows]
    if rest > 1e-9:
        pairs += [("labelled", int(a), int(b)) for a, b in zip(real, fake, strict=False)]
    return pairs


def collate(items: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Pairs as one batch of twice as many crops; single crops as a batch."""
    join = torch.cat if items[0]["pixel_values"].dim() == 4 else torch.stack
    return {key: join([item[key] for item in items]) for key in items[0]}


def crop_transform(data_config: dict) -> Transform:
    """timm's evaluation transform, as the application uses it: PIL crop to normalised ``(C, H, W)``."""
    return timm.data.create_transform(**data_config, is_training=False)


class SelectionCrops(torch.utils.data.Dataset):
    """Crops of evaluation sets as single items, every second one re-compressed; what early stopping looks at."""

    def __init__(self, sets: list[EvaluationSet], limit: int, transform: Transform):
        self._items = [
            (data, int(number))
            for data in sets
            for label in (0, 1)
            for number in spread(np.flatnonzero(data.labels == label), limit)
        ]
        self._transform = transform

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        """``pixel_values`` ``(C, H, W)`` and ``labels``, 0 or 1."""
        data, number = self._items[index]
        crop = Image.fromarray(data.crop(number, as_posted=True))
        return {"pixel_values": self._transform(crop), "labels": torch.tensor(int(data.labels[number]))}


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

    @cached_property
    def labels(self) -> np.ndarray:
        """0 for real, 1 for fake, ``(N,)``."""
        if self.faces is None:
            return np.asarray(self.rows["label"])
        return np.repeat([0, 1], len(self.real_rows))

    @cached_property
    def video_ids(self) -> list[str]:
        """What each crop was cut from; fakes of a video are another video."""
        if self.faces is None:
            return list(self.rows["video_id"])
        names = self._of_real_rows("video_id")
        return names + [f"{self.kind}/{name}" for name in names]

    @cached_property
    def groups(self) -> list[str]:
        """What each crop shares with others that must not count as independent of it."""
        return list(self.rows["group"]) if self.faces is None else self._of_real_rows("group") * 2

    @cached_property
    def manipulations(self) -> list[str]:
        """``real`` or the manipulation of each crop."""
        if self.faces is None:
            return list(self.rows["manipulation"])
        return np.repeat([REAL, self.kind], len(self.real_rows)).tolist()

    def _of_real_rows(self, column: str) -> list:
        return list(self.faces.rows.select(self.real_rows)[column])

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
            made = None
            if number >= len(self.real_rows):
                made = self.faces.pseudo_fake(row, self.kind, np.random.default_rng(row))
            crop = made[0] if made else self.faces.crop(row)
        return recompress(crop, np.random.default_rng(row)) if as_posted and row % 2 else crop


def stands_for_use(data: EvaluationSet) -> bool:
    """Whether thresholds may be fitted on it: a face blended into itself, or rebuilt, is no fake that anyone would report."""
    return data.kind not in ("self_blended", "eigenface")


def pseudo_fake_set(name: str, faces: RealFaces, kind: str, limit: int) -> EvaluationSet | None:
    """Real crops and pseudo-fakes of them, at most `limit` of each; None where none can be made."""
    rows = []
    for row in faces.usable():
        if len(rows) == limit:
            break
        if kind != "landmark_swap" or faces.has_partner(int(row)):
            rows.append(int(row))
    return EvaluationSet(f"{name}, {kind.replace('_', ' ')}", faces.rows, faces, kind, tuple(rows)) if rows else None
