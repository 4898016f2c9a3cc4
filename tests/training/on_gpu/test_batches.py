"""Batches of pairs, from a store made by hand."""

import numpy as np
import pytest
import torch

from training.networks.vgg16 import DATA_CONFIG
from training.on_gpu.batches import PART_ODDS, Pairs, Share, difference_masks, mask_targets
from training.on_gpu.blending import Random, self_blend
from training.on_gpu.store import OUTLINE_SIDE, WIDE_SIDE, Store

MEAN, STD = DATA_CONFIG["mean"], DATA_CONFIG["std"]


@pytest.fixture(scope="module")
def store() -> Store:
    """Four reals and four fakes of source "pairs", the fakes brighter in the middle; as many of "photos", unpaired."""
    random = np.random.default_rng(0)
    reals = random.integers(60, 120, (8, 3, 7, 7))
    wide = torch.from_numpy(np.kron(reals, np.ones((1, 1, WIDE_SIDE // 7, WIDE_SIDE // 7))).astype(np.uint8))
    fakes = wide.clone()
    fakes[:, :, 150:298, 150:298] += 60
    outlines = torch.zeros(16, len(PART_ODDS), OUTLINE_SIDE, OUTLINE_SIDE, dtype=torch.uint8)
    outlines[:8, :, 30:82, 30:82] = 255
    columns = {
        "source": np.array(["pairs"] * 4 + ["photos"] * 4 + ["pairs"] * 4 + ["photos"] * 4),
        "manipulation": np.array(["real"] * 8 + ["DFDC"] * 4 + ["swap"] * 4),
        "split": np.array(["train"] * 16),
        "original": np.array([-1] * 8 + [0, 1, 2, 3] + [-1] * 4),
        "file": np.array([str(number) for number in range(16)]),
        "frame": np.full(16, -1),
        "group": np.array([str(number) for number in range(16)]),
    }
    columns["split"][3] = columns["split"][11] = "validation"
    size = torch.zeros(16)
    size[:8] = 0.4
    return Store(torch.cat([wide, fakes]), outlines, size, columns)


def rows(store: Store, *shares: Share) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a batch of 64 pairs."""
    return Pairs(store, list(shares), seed=0, pairs=64)._rows()


def test_a_fake_stands_beside_its_own_original(store):
    real, fake = rows(store, Share("pairs", ("DFDC",), 1))
    assert set(fake) == {8, 9, 10}
    assert (store.columns["original"][fake] == real).all()


def test_a_fake_without_original_stands_beside_a_real_crop_of_its_source(store):
    real, fake = rows(store, Share("photos", ("swap",), 1))
    assert set(fake) <= {12, 13, 14, 15}
    assert set(store.columns["source"][real]) == {"photos"}
    assert set(store.columns["manipulation"][real]) == {"real"}


def test_validation_is_never_shown(store):
    real, fake = rows(store, Share("pairs", ("DFDC",), 1), Share("pairs", (), 1))
    assert not {3, 11} & {*real, *fake}


def test_shares_are_kept(store):
    _, fake = rows(store, Share("pairs", ("DFDC",), 3), Share("photos", (), 1))
    assert 0.6 < (fake >= 0).mean() < 0.9


def test_a_batch_has_as_many_real_as_fake_crops_and_finite_pixels(store):
    shares = [Share("pairs", ("DFDC",), 1), Share("photos", ("swap",), 1), Share("photos", (), 1)]
    pixels, labels, masks = Pairs(store, shares, seed=0, pairs=6).batch(64, MEAN, STD)
    assert pixels.shape == (12, 3, 64, 64) and pixels.isfinite().all()
    assert labels.tolist() == [0] * 6 + [1] * 6
    assert masks.shape == (12, 2, 56, 56)
    assert (masks[:6].nan_to_num() == 0).all()


def test_the_same_seed_gives_the_same_batch(store):
    first, second = (Pairs(store, [Share("photos", (), 1)], seed=3, pairs=2).batch(64, MEAN, STD)[0] for _ in range(2))
    assert torch.equal(first, second)


def test_the_mask_of_a_pair_lies_where_the_two_differ():
    real = torch.full((1, 3, 100, 100), 100.0)
    fake = real.clone()
    fake[..., 40:60, 40:60] += 50
    face = torch.ones(1, 1, 100, 100)
    mask = difference_masks(real, fake, face)
    assert mask[0, 0, 50, 50] == 1 and mask[0, 0, 10, 10] == 0


def test_a_fake_that_hardly_differs_has_no_mask():
    real = torch.full((1, 3, 100, 100), 100.0)
    assert difference_masks(real, real + 1, torch.ones(1, 1, 100, 100)).isnan().all()


def test_targets_tell_the_place_and_its_edge():
    mask = torch.zeros(1, 1, 112, 112)
    mask[..., 28:84, 28:84] = 0.5  # a faint blend counts in full
    mask[..., 28:84, 26:28] = 0.25
    targets = mask_targets(mask)
    assert targets[0].sum() == 0
    assert targets[1, 0, 28, 28] == 1 and targets[1, 1, 28, 28] == 0
    assert targets[1, 1, 28, 13] == 1


def test_a_self_blended_image_equals_what_stands_beside_it_outside_the_face(store):
    images = store.wide[4:6, :, ::4, ::4].float()
    outline = torch.zeros(2, 1, 112, 112)
    outline[..., 40:72, 40:72] = 1
    fake, target, mask = self_blend(images, outline, outline, torch.full((2,), 32.0), Random(0, "cpu"))
    outside = (mask == 0).expand_as(fake)
    assert torch.equal(fake[outside], target.round()[outside])
    assert (mask.amax(dim=(1, 2, 3)) > 0.2).all() and mask[:, :, :30].sum() == 0
