import copy
import math

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file
from transformers import AutoModelForImageClassification

from detector.messages import Message
from detector.network.hub import HubError
from training.evaluation.calibration import log_odds_at
from training.networks.losses import SOME_FAKE, class_loss, mask_loss
from training.networks.models import build_classifier, save_model_folder
from training.networks.vgg16 import PooledVGG16


@pytest.fixture(scope="module")
def batch():
    torch.manual_seed(1)
    return torch.randn(2, 3, 224, 224)


@pytest.fixture(scope="module")
def small_batch():
    """For what holds at any size: a twelfth of the work."""
    torch.manual_seed(1)
    return torch.randn(2, 3, 64, 64)


@pytest.fixture(scope="module")
def untrained():
    torch.manual_seed(2)
    return PooledVGG16(2)


@pytest.fixture
def fresh(untrained):
    """A network of its own; to copy one takes a tenth of the time of making one."""
    return copy.deepcopy(untrained)


@torch.no_grad()
def test_timm_model_computes_the_same_logits(pooled, batch):
    assert torch.allclose(pooled.to_timm()(batch), pooled(batch)["logits"], atol=1e-5)


@torch.no_grad()
def test_temperature_divides_the_logits(pooled, batch):
    assert torch.allclose(pooled.to_timm(temperature=2.5)(batch), pooled(batch)["logits"] / 2.5, atol=1e-5)


@torch.no_grad()
def test_calibrated_network_of_several_kinds_has_the_log_odds_that_its_thresholds_were_fitted_on(batch):
    model = PooledVGG16(3).eval()
    torch.nn.init.normal_(model.head.weight)
    torch.nn.init.normal_(model.head.bias)
    logits, calibrated = (model.to_timm(temperature)(batch).double().numpy() for temperature in (1.0, 4.0))
    assert np.allclose(log_odds_at(logits, 4.0), log_odds_at(calibrated, 1.0), atol=1e-4)


@torch.no_grad()
def test_saved_folder_loads_in_timm_and_transformers(pooled, batch, tmp_path):
    save_model_folder(pooled.to_timm(), tmp_path, pooled.data_config, ["real", "fake"], {"thresholds": {}})
    expected = pooled(batch)["logits"]
    assert (tmp_path / "model.safetensors").stat().st_size < 40_000_000
    by_timm = timm.create_model(f"local-dir:{tmp_path}", pretrained=True).eval()
    assert torch.allclose(by_timm(batch), expected, atol=5e-3)  # the file is float16
    by_transformers = AutoModelForImageClassification.from_pretrained(tmp_path).eval()
    assert by_transformers.dtype == torch.float32
    assert torch.allclose(by_transformers(batch).logits, by_timm(batch), atol=1e-5)
    assert by_transformers.config.id2label == {0: "real", 1: "fake"}


def test_weights_of_another_network_are_refused(pooled, tmp_path):
    save_file({"features.0.weight": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="does not hold the convolutional layers"):
        pooled.load_pretrained(tmp_path / "other.safetensors")


def test_hub_out_of_reach_is_one_sentence_that_names_the_way_out(pooled, monkeypatch):
    def refuse(*args, **kwargs):
        raise HubError(Message("the Hub cannot be reached"))

    monkeypatch.setattr("training.networks.weights.fetch_from_hub", refuse)
    with pytest.raises(ValueError, match="the Hub cannot be reached.; give --initial-weights FILE"):
        pooled.load_pretrained(None)


def test_whole_networks_from_the_hub_give_their_convolutional_layers(fresh, tmp_path, monkeypatch):
    start = timm.create_model("vgg16", num_classes=2, mlp_ratio=1 / 4096)
    save_file(start.state_dict(), tmp_path / "model.safetensors")
    monkeypatch.setattr("training.networks.weights.fetch_from_hub", lambda *args, **kwargs: tmp_path)
    model = fresh
    model.load_pretrained(None)
    assert torch.equal(model.features[40].weight, start.features[28].weight)


@torch.no_grad()
def test_settled_statistics_are_those_of_the_batches(fresh, small_batch):
    model = fresh.eval()
    norm = model.features[1]
    norm.running_mean.fill_(7)
    model.training_side = 32  # that of a run which ended at a smaller size; one that goes on after its end has none
    model.settle_statistics([small_batch, small_batch + 1])
    values = [model.features[0](pixels).movedim(1, -1).flatten(0, -2) for pixels in (small_batch, small_batch + 1)]
    assert torch.allclose(norm.running_mean, (values[0].mean(0) + values[1].mean(0)) / 2, atol=1e-4)
    assert torch.allclose(norm.running_var, (values[0].var(0) + values[1].var(0)) / 2, rtol=1e-3)
    assert norm.momentum == model.pooled_norm.momentum == 0.1 and not model.training


@torch.no_grad()
def test_frozen_blocks_keep_their_statistics(fresh, small_batch):
    model = fresh
    model.freeze_blocks(1)
    before = [model.features[place].running_var.clone() for place in (4, 8)]
    model.settle_statistics([small_batch])
    after = [model.features[place].running_var for place in (4, 8)]
    assert torch.equal(before[0], after[0]) and not torch.equal(before[1], after[1])


@torch.no_grad()
def test_training_starts_as_the_imagenet_network(fresh, small_batch, tmp_path):
    start = timm.create_model("vgg16", num_classes=2, mlp_ratio=1 / 4096)
    save_file(start.state_dict(), tmp_path / "model.safetensors")
    model = fresh
    model.load_pretrained(tmp_path / "model.safetensors")
    model.match_statistics([small_batch])
    expected = start.features(small_batch)
    spread = expected.std()
    assert (model.eval().features(small_batch) - expected).abs().max() < 1e-3 * spread
    model.pooled_norm.track_running_stats = model.train().pooled_norm.training  # the batch it was matched to
    assert (model.features(small_batch) - expected).abs().max() < 1e-2 * spread


def test_statistics_are_gathered_on_the_device_of_the_network(fresh, small_batch):
    # "meta" stands for a GPU: a network on it refuses the pixels of another device
    model = fresh.to("meta")
    model.match_statistics([small_batch])
    assert model.pooled_norm.running_mean.is_meta


def test_fresh_head_calls_everything_undecided(fresh, small_batch):
    model = fresh.eval()
    with torch.no_grad():
        assert model(small_batch)["logits"].abs().max() == 0


def test_smaller_training_size_leaves_evaluation_alone(fresh, small_batch):
    sides = []
    model = fresh
    model.training_side = 48
    model.features[0].register_forward_pre_hook(lambda module, inputs: sides.append(inputs[0].shape[-1]))
    with torch.no_grad():
        model.train()(small_batch)
        model.eval()(small_batch)
    assert sides == [48, 64]


def test_known_masks_teach_and_unknown_ones_are_left_out(pooled, small_batch):
    labels, unknown = torch.tensor([0, 1]), torch.full((2, 2, 56, 56), torch.nan)
    known = torch.zeros(2, 2, 56, 56)
    known[1, 0, 16:40, 16:40] = 1
    alone = pooled(small_batch, labels)["loss"]
    assert pooled(small_batch, labels, unknown)["loss"] == alone
    found = pooled(small_batch, labels, known)["loss"]
    assert found > alone
    found.backward()
    assert all(head[1].bias.grad.abs().max() > 0 for head in pooled.mask_heads)
    pooled.zero_grad()


def test_mask_loss_is_that_of_the_known_masks_at_the_size_of_the_map():
    masks = torch.zeros(2, 2, 4, 4)
    masks[0, :, :2] = 1
    masks[1] = torch.nan
    right = torch.tensor([[9.0, 9.0], [-9.0, -9.0]]).expand(2, 2, 2, 2)
    wrong = -right
    assert mask_loss(right, masks) < 0.001
    assert mask_loss(wrong, masks) == pytest.approx(9, abs=0.01)


def test_fake_of_no_known_kind_may_be_any_kind():
    logits = torch.tensor([[0.0, 4.0, 0.0], [0.0, 0.0, 4.0]])
    any_kind = class_loss(logits, torch.tensor([SOME_FAKE, SOME_FAKE]))
    assert any_kind < 0.02
    assert class_loss(logits, torch.tensor([1, 1])) > 2 - any_kind
    assert class_loss(logits, torch.tensor([0, 0])) > 4


def test_frozen_blocks_keep_weights_and_statistics(fresh, small_batch):
    model = fresh
    model.freeze_blocks(2)
    model.train()
    before = model.features[1].running_mean.clone(), model.features[15].running_mean.clone()
    model(small_batch, torch.tensor([0, 1]))["loss"].backward()
    assert torch.equal(model.features[1].running_mean, before[0])
    assert not torch.equal(model.features[15].running_mean, before[1])
    assert len(model.blocks()) == 3
    assert all(parameter.grad is None for parameter in model.features[:10].parameters())


@pytest.mark.parametrize("name", ["simple_cnn", "test_resnet"])
def test_other_networks_are_saved_and_calibrated_alike(name, tmp_path):
    model = build_classifier(name, 2).eval()
    torch.nn.init.normal_(model.network.get_classifier().weight)
    pixels = torch.randn(2, *model.data_config["input_size"])
    save_model_folder(model.to_timm(temperature=2.0), tmp_path, model.data_config, ["real", "fake"], {})
    with torch.no_grad():
        stored = timm.create_model(f"local-dir:{tmp_path}", pretrained=True).eval()(pixels)
        assert torch.allclose(stored, model(pixels)["logits"] / 2, atol=2e-2)
    assert timm.data.resolve_model_data_config(timm.create_model(f"local-dir:{tmp_path}"))["crop_pct"] == 1.0


def test_unknown_name_is_one_sentence():
    with pytest.raises(ValueError, match="timm knows no model vgg17"):
        build_classifier("vgg17", 2)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("levit_128s", "does not end in a linear layer"), ("vit_tiny_patch16_224", "has no convolutional feature map")],
)
def test_network_that_cannot_be_calibrated_or_explained_is_refused_before_it_is_trained(name, reason):
    with pytest.raises(ValueError, match=f"{name} {reason}"):
        build_classifier(name, 2)


def test_mask_weight_scales_what_the_masks_teach(small_batch):
    labels, masks = torch.tensor([0, 1]), torch.ones(2, 2, 56, 56)
    losses = [
        build_classifier("vgg16", 2, weight)(small_batch, labels, masks)["loss"].item() for weight in (0.0, 1.0, 3.0)
    ]
    # fresh heads call everything undecided: log 2 for the class, for the mask heads and for the evidence of places
    assert losses == pytest.approx([math.log(2) * (1 + 2 * weight) for weight in (0, 1, 3)], abs=1e-4)


@torch.no_grad()
def test_checkpoint_of_another_run_is_taken_over_with_its_normalisation(pooled, fresh, small_batch, tmp_path):
    save_file(pooled.state_dict(), tmp_path / "model.safetensors")
    model = fresh.eval()
    model.load_pretrained(tmp_path / "model.safetensors")
    model.match_statistics([torch.zeros_like(small_batch)])
    assert torch.equal(model(small_batch)["logits"], pooled(small_batch)["logits"])


@torch.no_grad()
def test_evidence_of_places_is_what_the_last_layer_makes_of_them(pooled, batch):
    # a face that is all like one place has the log odds of that place
    maps = torch.rand(1, 512, 1, 1).expand(1, 512, 7, 7)
    logits = pooled.head(pooled.pooled_norm(maps.mean(dim=(2, 3))))
    assert torch.allclose(pooled.evidence(maps), (logits[:, 1] - logits[:, 0])[:, None, None, None], atol=1e-4)


def test_last_layer_learns_where_the_manipulation_is(pooled, small_batch):
    # a fake without its mask says nothing about places
    losses = [
        pooled(small_batch[:2], torch.tensor([0, 1]), torch.full((2, 2, 56, 56), value))["loss"]
        for value in (float("nan"), 1.0)
    ]
    (gradient,) = torch.autograd.grad(losses[0], [pooled.evidence_scale])
    assert gradient == 0
    (gradient,) = torch.autograd.grad(losses[1], [pooled.evidence_scale])
    assert gradient != 0
