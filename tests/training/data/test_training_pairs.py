import datasets
import numpy as np
import pytest
import torch

from dataset_builder.pseudo_fakes.registry import KINDS
from training.data.inputs import collate
from training.data.training_pairs import TrainingPairs
from training.networks.losses import SOME_FAKE


@pytest.mark.parametrize("kind", KINDS)
def test_pseudo_fake_stands_beside_the_crop_it_was_made_of(rows, faces, kind):
    pairs = TrainingPairs(rows, faces, {kind: 1.0}, seed=0)
    assert len(pairs) == 3
    for index in range(3):
        real, fake, mask = pairs.crops(index, np.random.default_rng(index))
        assert real.shape == fake.shape and not np.array_equal(real, fake)
        assert mask.shape == fake.shape[:2] and 0 <= mask.min() < mask.max() <= 1
        assert np.abs(real[:5].astype(int) - fake[:5]).mean() < 40  # the same scene


def test_shares_are_of_the_fakes(rows, faces):
    many = datasets.concatenate_datasets([rows.select([0, 3])] * 10)
    pairs = TrainingPairs(many, faces, {"self_blended": 0.3, "landmark_swap": 0.2}, seed=0)
    kinds = [kind for kind, _, _ in pairs._pairs]
    assert [kinds.count(kind) for kind in ("labelled", "self_blended", "landmark_swap")] == [10, 6, 4]


def test_batches_hold_as_many_real_as_fake_crops(rows, faces):
    pairs = TrainingPairs(rows, faces, {"self_blended": 0.5}, seed=0)
    batch = collate([pairs[0], pairs[1]])
    assert batch["pixel_values"].shape == (4, 3, 224, 224)
    assert batch["labels"].tolist() == [0, 1, 0, 1]


def test_masks_are_known_of_pseudo_fakes_and_empty_for_real_crops(rows, faces):
    pairs = TrainingPairs(rows, faces, {"self_blended": 0.5}, seed=0)
    masks = {kind: pairs[index]["masks"] for index, (kind, _, _) in enumerate(pairs._pairs)}
    assert all(mask.shape == (2, 2, 56, 56) and mask[0].max() == 0 for mask in masks.values())
    assert masks["labelled"][1].isnan().all()
    inside, edge = masks["self_blended"][1]
    assert 0.9 < inside.max() <= 1 and inside.min() == 0
    assert 0.5 < edge.max() <= 1 and edge[inside == inside.max()].max() < 0.2  # the edge runs around the inside


def test_everything_random_about_a_pair_depends_on_seed_and_number_alone(rows, faces):
    first, again, other = (TrainingPairs(rows, faces, {"self_blended": 0.5}, seed=seed) for seed in (0, 0, 1))
    torch.manual_seed(1)
    assert torch.equal(first[1]["pixel_values"], again[1]["pixel_values"])
    assert not torch.equal(first[1]["pixel_values"], other[1]["pixel_values"])


def test_passes_lie_one_after_the_other_and_the_last_may_be_a_part(rows, faces):
    many = datasets.concatenate_datasets([rows.select([0, 3])] * 10)
    pairs = TrainingPairs(many, faces, {"self_blended": 0.5}, seed=0, passes=1.5)
    assert len(pairs) == 30
    assert [kind for kind, _, _ in pairs._pairs[:20]].count("labelled") == 10


def test_gentle_start_leaves_detail_in(rows, faces, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "training.data.training_pairs.augment",
        lambda crop, random, mask=None, strength=1.0: (seen.append(strength), (crop, mask))[1],
    )
    many = datasets.concatenate_datasets([rows.select([0, 3])] * 10)
    pairs = TrainingPairs(many, None, {}, seed=0, gentle_share=0.5)
    for index in range(10):
        pairs[index]
    assert seen[::2] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1, 1])


def test_labels_name_the_manipulation_and_pseudo_fakes_are_some_fake(rows, faces):
    pairs = TrainingPairs(rows, faces, {"self_blended": 0.5}, seed=0, classes=("real", "FaceSwap", "Deepfakes"))
    labels = {kind: pairs[index]["labels"].tolist() for index, (kind, _, _) in enumerate(pairs._pairs)}
    assert labels == {"labelled": [0, 2], "self_blended": [0, SOME_FAKE]}
