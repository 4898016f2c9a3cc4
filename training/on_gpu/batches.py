"""Puts batches of pairs together: a real and a fake crop of one source, cut, blended and damaged alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from dataset_builder.sources import REAL
from training.networks.losses import MASK_SIDE
from training.on_gpu.augmentation import CUT_SIDES, damage, draw_placement, to_input
from training.on_gpu.blending import Random, self_blend
from training.on_gpu.geometry import WIDE_SCALE, Placement, cut, grid
from training.on_gpu.images import gaussian_blur
from training.on_gpu.store import Store

# Odds of the parts that are blended; lips and lower face count as much as the whole, as re-enactment changes those.
PART_ODDS = {"face": 3.0, "without_forehead": 3.0, "inner": 2.0, "lower": 2.0, "eyes_and_nose": 1.0, "mouth": 2.0}
# Mean difference of a fake from its original, in grey levels, from which a place counts as changed, and by which surely.
_CHANGED, _SURELY_CHANGED = 3.0, 12.0


@dataclass(frozen=True)
class Share:
    """A part of every batch.

    Attributes:
        source: Of both crops.
        manipulations: Of the fakes; empty for self-blended images of the source's real crops.
        pairs: How many of a batch, in proportion to the other shares.
    """

    source: str
    manipulations: tuple[str, ...]
    pairs: float


class Pairs:
    """Endless batches of pairs.

    A fake whose original is known stands beside it, cut and damaged alike, and the difference of the two is its mask. A
    labelled fake without original stands beside a real crop of the same source; its mask is not known.
    """

    def __init__(self, store: Store, shares: list[Share], seed: int, pairs: int):
        """Lays out the shares.

        Args:
            store: Faces; only those of the training split are used.
            shares: Parts of every batch; a share without faces is left out.
            seed: Of all randomness.
            pairs: In a batch.

        Raises:
            ValueError: No share has faces.
        """
        self._store, self._pairs = store, pairs
        self._random = Random(seed, store.wide.device)
        self._numpy = np.random.default_rng(seed)
        columns = store.columns
        training = columns["split"] == "train"
        size = store.size.cpu().numpy()
        self._pools: list[tuple[Share, np.ndarray, np.ndarray]] = []
        for share in shares:
            of_source = training & (columns["source"] == share.source)
            reals = of_source & (columns["manipulation"] == REAL)
            fakes = of_source & np.isin(columns["manipulation"], share.manipulations)
            chosen = np.flatnonzero(fakes if share.manipulations else reals & (size > 0))
            if len(chosen) and reals.any():
                self._pools.append((share, chosen, np.flatnonzero(reals)))
        if not self._pools:
            names = ", ".join(dict.fromkeys(share.source for share in shares))
            raise ValueError(f"The pack has no faces to learn from: no real training faces of {names or 'any share'}.")
        self._odds = np.array([share.pairs for share, _, _ in self._pools], float)
        self._odds /= self._odds.sum()

    def describe(self) -> list[str]:
        """One line a share, with its counts."""
        return [
            f"{share.source}, {' and '.join(share.manipulations) or 'self-blended images'}: {len(chosen)} "
            + (f"fakes beside {len(reals)} real crops" if share.manipulations else "real crops")
            + f", {odds:.1%} of the pairs"
            for (share, chosen, reals), odds in zip(self._pools, self._odds, strict=True)
        ]

    def batch(
        self, side: int, mean: tuple[float, ...], std: tuple[float, ...]
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Makes a batch: pixels ``(2 B, 3, side, side)``, real then fake, labels ``(2 B,)`` and masks ``(2 B, 2, 56, 56)``.

        Masks are 0..1: how much of a place was manipulated, and whether its edge runs there; NaN where that is unknown.
        """
        real, fake = self._rows()
        count, random = len(real), self._random
        blended = fake < 0
        placement = draw_placement(count, random)
        cut_side = CUT_SIDES[int(self._numpy.integers(len(CUT_SIDES)))]
        reals = self._cut(real, placement, cut_side)
        fakes = reals.clone()
        masks = torch.full((count, 1, cut_side, cut_side), torch.nan, device=reals.device)
        labelled = np.flatnonzero(~blended)
        if len(labelled):
            fakes[labelled] = self._cut(fake[labelled], _some(placement, labelled), cut_side)
            paired = labelled[self._store.columns["original"][fake[labelled]] == real[labelled]]
            if len(paired):
                faces = self._outlines(real[paired], _some(placement, paired), cut_side)[:, 1:]
                masks[paired] = difference_masks(reals[paired], fakes[paired], faces)
        own = np.flatnonzero(blended)
        if len(own):
            made = self._blend(reals[own], real[own], _some(placement, own), cut_side)
            fakes[own], reals[own], masks[own] = made
        crops = damage(torch.stack([reals, fakes]), random).flatten(0, 1)
        labels = torch.arange(2, device=reals.device).repeat_interleave(count)
        return to_input(crops, side, mean, std), labels, mask_targets(masks)

    def _rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the real crops and of the fake ones; -1 for a fake that is to be blended."""
        reals, fakes = [], []
        counts = self._numpy.multinomial(self._pairs, self._odds)
        for (share, chosen, pool), count in zip(self._pools, counts, strict=True):
            rows = self._numpy.choice(chosen, count)
            if not share.manipulations:
                reals.append(rows)
                fakes.append(np.full(count, -1))
                continue
            originals = self._store.columns["original"][rows]
            reals.append(np.where(originals >= 0, originals, self._numpy.choice(pool, count)))
            fakes.append(rows)
        return np.concatenate(reals), np.concatenate(fakes)

    def _cut(self, rows: np.ndarray, placement: Placement, side: int) -> torch.Tensor:
        wide = self._store.wide[torch.from_numpy(rows).to(self._store.wide.device)].float()
        return cut(wide, placement, side).round().clamp(0, 255)

    def _blend(
        self, images: torch.Tensor, rows: np.ndarray, placement: Placement, side: int
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        both = self._outlines(rows, placement, side)
        size = self._store.size[torch.from_numpy(rows).to(images.device)] * WIDE_SCALE / placement.scale * side
        return self_blend(images, both[:, :1], both[:, 1:], size, self._random)

    def _outlines(self, rows: np.ndarray, placement: Placement, side: int) -> torch.Tensor:
        """A random part of each face, and the whole face, ``(B, 2, side, side)``, 0 or 1."""
        at = torch.from_numpy(rows).to(self._store.wide.device)
        odds = np.array(list(PART_ODDS.values()))
        part = torch.from_numpy(self._numpy.choice(len(odds), len(rows), p=odds / odds.sum())).to(at.device)
        both = torch.stack([self._store.outlines[at, part], self._store.outlines[at, 0]], dim=1).float() / 255
        return (
            functional.grid_sample(both, grid(placement, side), "bilinear", "zeros", align_corners=False) > 0.5
        ).float()


def difference_masks(reals: torch.Tensor, fakes: torch.Tensor, faces: torch.Tensor) -> torch.Tensor:
    """Finds where each fake differs from its original.

    Args:
        reals: ``(B, 3, S, S)``.
        fakes: The same.
        faces: Outlines of the faces, ``(B, 1, S, S)``; compression changes pictures beyond them too.

    Returns:
        ``(B, 1, S, S)`` 0..1; NaN where hardly anything differs.
    """
    side = reals.shape[-1]
    difference = (fakes - reals).abs().mean(dim=1, keepdim=True)
    smooth = gaussian_blur(difference, torch.full((len(reals),), side / 35, device=reals.device))
    near_face = (3 * gaussian_blur(faces, torch.full((len(reals),), side / 25, device=reals.device))).clamp(0, 1)
    masks = ((smooth - _CHANGED) / (_SURELY_CHANGED - _CHANGED)).clamp(0, 1) * near_face
    faint = masks.mean(dim=(1, 2, 3), keepdim=True) < 0.01
    return torch.where(faint, torch.nan, masks)


def mask_targets(masks: torch.Tensor) -> torch.Tensor:
    """Targets of the mask losses, real crops then fake ones, ``(2 B, 2, 56, 56)``; a real crop has none manipulated."""
    full = masks / masks.nan_to_num().amax(dim=(1, 2, 3), keepdim=True).clamp(min=1e-6)
    both = torch.cat([full, 4 * full * (1 - full)], dim=1).clamp(0, 1)
    small = functional.interpolate(both.nan_to_num(), size=(MASK_SIDE, MASK_SIDE), mode="area")
    unknown = masks.isnan().any(dim=3, keepdim=True).any(dim=2, keepdim=True)
    small = torch.where(unknown, torch.nan, small)
    return torch.cat([torch.zeros_like(small), small])


def _some(placement: Placement, rows: np.ndarray) -> Placement:
    return Placement(placement.scale[rows], placement.angle[rows], placement.shift[rows], placement.mirrored[rows])
