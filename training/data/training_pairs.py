"""The pairs of a real and a fake crop that a network learns from."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import datasets
import numpy as np
import torch
from PIL import Image

from dataset_builder.pseudo_fakes.real_faces import RealFaces
from dataset_builder.rows import read_crop
from dataset_builder.sources import REAL
from training.data.augmentation import augment
from training.data.inputs import Transform, crop_transform
from training.networks.losses import MASK_CHANNELS, MASK_SIDE, SOME_FAKE
from training.networks.vgg16 import DATA_CONFIG

BINARY = (REAL, "fake")
LABELLED = "labelled"


class Pair(NamedTuple):
    """A real crop and a fake one.

    Attributes:
        kind: Kind of pseudo-fake, or `LABELLED`.
        real: Row of the real crop.
        fake: Row of the fake crop; for a pseudo-fake the row of the real crop that it is made of.
    """

    kind: str
    real: int
    fake: int


class TrainingPairs(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    """Pairs of a real and a fake crop, augmented alike, so that every batch holds as many of both.

    A pseudo-fake comes with the real crop it was made of, equal to it outside the mask: person, scene, camera and
    colours cannot tell them apart. A labelled fake comes with any labelled real crop. The pairs of the whole run lie in
    the order in which they are shown, pass after pass, each shuffled; everything random about a pair depends on the
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
        """Lays out the pairs of the whole run.

        Args:
            labelled: Rows with labels 0 (real) and 1 (fake).
            faces: Real crops to make pseudo-fakes of; None where the shares are 0.
            shares: Share of the fakes, by kind of pseudo-fake; the rest are labelled ones.
            seed: Seed of order, pseudo-fakes and augmentation.
            passes: Number of passes; one shows every labelled fake once.
            gentle_share: Share of the run over which augmentation comes to its full strength.
            transform: Transform from crop to input; default: that of VGG-16.
            classes: Names of the classes, real first.
        """
        random = np.random.default_rng(seed)
        self._labelled, self._faces, self._seed, self._gentle_share = labelled, faces, seed, gentle_share
        self._transform = transform or crop_transform(DATA_CONFIG)
        self._class_of = {name: number for number, name in enumerate(classes)}
        self._manipulations = labelled["manipulation"] if len(classes) > len(BINARY) else None
        labels = np.asarray(labelled["label"])
        usable = faces.usable() if faces else np.empty(0, int)
        self._pairs: list[Pair] = []
        for number in range(math.ceil(passes)):
            real, fake = (random.permutation(np.flatnonzero(labels == label)) for label in (0, 1))
            pairs = _lay_out(real, fake, usable, shares, random)
            order = random.permutation(len(pairs))[: round(len(pairs) * min(passes - number, 1.0))]
            self._pairs += [pairs[place] for place in order]

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        """Gives ``pixel_values`` ``(2, C, H, W)``, real then fake, their ``labels`` and ``masks`` ``(2, 2, 56, 56)``.

        A mask says how much of each place was manipulated, and where its edge runs, 0..1; NaN where that is not known.
        """
        real, fake, mask = self.crops(index, np.random.default_rng((self._seed, index)))
        done = index / len(self)
        strength = min(done / self._gentle_share, 1.0) if self._gentle_share else 1.0
        # both from the same state: a change of only one of them would be a cue
        real, _ = augment(real, np.random.default_rng((self._seed, index, 1)), strength=strength)
        fake, mask = augment(fake, np.random.default_rng((self._seed, index, 1)), mask, strength)
        return {
            "pixel_values": torch.stack([self._transform(Image.fromarray(crop)) for crop in (real, fake)]),
            "labels": torch.tensor([0, self._label(self._pairs[index])]),
            "masks": torch.from_numpy(_mask_targets(mask)),
        }

    def _label(self, pair: Pair) -> int:
        """Gives the class of the fake of a pair."""
        if self._manipulations is None:
            return 1
        return self._class_of[self._manipulations[pair.fake]] if pair.kind == LABELLED else SOME_FAKE

    def crops(self, index: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Gives the real and the fake crop of a pair before augmentation, and the mask of the fake.

        Args:
            index: Number of the pair.
            random: Source of all randomness.

        Returns:
            Two crops ``(S, S, 3)`` uint8 RGB, and the mask ``(S, S)`` 0..1, which is None for a labelled fake.
        """
        pair = self._pairs[index]
        if pair.kind == LABELLED:
            return read_crop(self._labelled[pair.real]), read_crop(self._labelled[pair.fake]), None
        faces = self._faces
        assert faces is not None  # no pair has such a kind without them
        # where nobody has the same pose, the face is blended into itself
        made = faces.pseudo_fake(pair.real, pair.kind, random) or faces.pseudo_fake(pair.real, "self_blended", random)
        assert made is not None  # every usable crop can be blended into itself
        return made.target, made.fake, made.mask


def _mask_targets(mask: np.ndarray | None) -> np.ndarray:
    """Gives the targets of a pair: for each crop how much of each place was manipulated, and the edge.

    Args:
        mask: Mask of the fake, ``(S, S)`` 0..1; None where it is not known.

    Returns:
        ``(2, 2, 56, 56)`` float32, 0..1; zeros for the real crop, NaN for a fake without a mask.
    """
    targets = np.zeros((2, MASK_CHANNELS, MASK_SIDE, MASK_SIDE), np.float32)
    if mask is None:
        targets[1] = np.nan
        return targets
    # a faint blend is as much of a manipulation as a full one
    full = mask / max(float(mask.max()), 1e-6)
    for channel, places in enumerate((full, 4 * full * (1 - full))):
        targets[1, channel] = cv2.resize(places, (MASK_SIDE, MASK_SIDE), interpolation=cv2.INTER_AREA).clip(0, 1)
    return targets


def _lay_out(
    real: np.ndarray, fake: np.ndarray, usable: np.ndarray, shares: dict[str, float], random: np.random.Generator
) -> list[Pair]:
    """Lays out the pairs of one pass.

    Args:
        real: Rows of the labelled real crops, in their order.
        fake: Rows of the labelled fakes, in their order.
        usable: Rows of the real crops of which pseudo-fakes can be made.
        shares: Share of the fakes, by kind of pseudo-fake.
        random: Source of all randomness.
    """
    rest = 1 - sum(shares.values())
    total = len(usable) if rest < 1e-9 else round(min(len(real), len(fake)) / rest)
    pairs: list[Pair] = []
    for kind, share in shares.items():
        if len(usable):
            # numpy repeats the order as often as needed
            rows = np.resize(random.permutation(usable), round(share * total))
            pairs += [Pair(kind, int(row), int(row)) for row in rows]
    if rest > 1e-9:
        pairs += [Pair(LABELLED, int(a), int(b)) for a, b in zip(real, fake, strict=False)]
    return pairs
