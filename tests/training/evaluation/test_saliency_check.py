import numpy as np
import pytest
import torch

from detector.network.loading import load_folder
from training.evaluation.saliency_check import METHODS, best_fixed_place, overlay_map, pointing, untrained_copy
from training.networks.models import build_classifier, save_model_folder


@pytest.fixture(scope="module")
def model(pooled, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    stored = {"thresholds": {"no_manipulation_found": 0.2, "manipulated": 0.8}}
    save_model_folder(pooled.to_timm(), folder, pooled.data_config, ["real", "fake"], stored)
    return load_folder(folder, "random", runtime="torch")


def mask_of_the_upper_half() -> np.ndarray:
    mask = np.zeros((70, 70), np.float32)
    mask[:35] = 0.25  # a faint blend counts like a full one
    return mask


def test_pointing_game_and_energy_of_known_maps():
    inside, outside = np.zeros((7, 7)), np.zeros((7, 7))
    inside[1, 3] = 4.0
    outside[6, 3], outside[0, 0], outside[0, 1] = 3.0, 1.0, -50.0
    found = pointing([inside, outside], [mask_of_the_upper_half()] * 2)
    assert found.hits == 0.5
    assert found.energy_inside == pytest.approx((1 + 0.25) / 2)  # evidence for real is no evidence


def test_masks_that_overlap_are_all_hit_by_one_place():
    upper, left, lower = mask_of_the_upper_half(), mask_of_the_upper_half().T, mask_of_the_upper_half()[::-1]
    assert best_fixed_place([upper, left]) == 1.0
    assert best_fixed_place([upper, left, lower]) == pytest.approx(2 / 3)
    assert best_fixed_place([upper, lower]) == 0.5


def test_map_without_evidence_has_no_energy_anywhere():
    assert pointing([np.full((7, 7), -1.0)], [mask_of_the_upper_half()]).energy_inside == 0


@pytest.mark.parametrize("name", METHODS)
def test_every_method_gives_a_map_that_depends_on_the_crop(model, name):
    crops = np.random.default_rng(0).integers(0, 255, (2, 100, 100, 3), dtype=np.uint8)
    first, second = (METHODS[name](model, crop) for crop in crops)
    assert first.ndim == 2 and first.shape == second.shape and not np.allclose(first, second)


def test_untrained_copy_has_other_weights_and_leaves_the_model_alone(model):
    crop = np.random.default_rng(0).integers(0, 255, (100, 100, 3), dtype=np.uint8)
    before, state = overlay_map(model, crop), torch.random.get_rng_state()
    copy = untrained_copy(model)
    assert not torch.equal(copy.runtime.network.features[0].weight, model.runtime.network.features[0].weight)
    assert np.array_equal(overlay_map(model, crop), before)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("name", ["simple_cnn", "convnext_atto"])
def test_every_method_takes_other_networks(name, tmp_path):
    stored = {"thresholds": {"no_manipulation_found": 0.2, "manipulated": 0.8}}
    other = build_classifier(name, 2)
    save_model_folder(other.to_timm(), tmp_path, other.data_config, ["real", "fake"], stored)
    crop = np.random.default_rng(0).integers(0, 255, (100, 100, 3), dtype=np.uint8)
    assert all(method(load_folder(tmp_path, name, runtime="torch"), crop).ndim == 2 for method in METHODS.values())
