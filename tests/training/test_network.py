import pytest
import timm
import torch
from safetensors.torch import save_file
from transformers import AutoModelForImageClassification

from training.network import PooledVGG16, load_imagenet_features, save_model_folder, to_timm


@pytest.fixture(scope="module")
def batch():
    torch.manual_seed(1)
    return torch.randn(2, 3, 224, 224)


@torch.no_grad()
def test_timm_model_computes_the_same_logits(pooled, batch):
    assert torch.allclose(to_timm(pooled)(batch), pooled(batch)["logits"], atol=1e-5)


@torch.no_grad()
def test_temperature_divides_the_logits(pooled, batch):
    assert torch.allclose(to_timm(pooled, temperature=2.5)(batch), pooled(batch)["logits"] / 2.5, atol=1e-5)


@torch.no_grad()
def test_saved_folder_loads_in_timm_and_transformers(pooled, batch, tmp_path):
    save_model_folder(to_timm(pooled), tmp_path, ["real", "fake"], {"thresholds": {}})
    expected = pooled(batch)["logits"]
    assert (tmp_path / "model.safetensors").stat().st_size < 40_000_000
    by_timm = timm.create_model(f"local-dir:{tmp_path}", pretrained=True).eval()
    assert torch.allclose(by_timm(batch), expected, atol=5e-3)  # the file is float16
    by_transformers = AutoModelForImageClassification.from_pretrained(tmp_path, dtype=torch.float32).eval()
    assert torch.allclose(by_transformers(batch).logits, by_timm(batch), atol=1e-5)
    assert by_transformers.config.id2label == {0: "real", 1: "fake"}


def test_weights_of_another_network_are_refused(pooled, tmp_path):
    save_file({"features.0.weight": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="does not hold the convolutional layers"):
        load_imagenet_features(pooled, tmp_path / "other.safetensors")


def test_hub_out_of_reach_is_one_sentence_that_names_the_way_out(pooled, monkeypatch):
    monkeypatch.setattr("training.network.fetch_from_hub", lambda *args, **kwargs: None)
    with pytest.raises(ValueError, match="give --initial-weights FILE"):
        load_imagenet_features(pooled, None)


def test_whole_networks_from_the_hub_give_their_convolutional_layers(tmp_path, monkeypatch):
    start = PooledVGG16(2)
    state = {f"features.{name}": value for name, value in start.features.state_dict().items()}
    save_file(state | {"head.fc.weight": torch.zeros(1000, 8)}, tmp_path / "model.safetensors")
    monkeypatch.setattr("training.network.fetch_from_hub", lambda *args, **kwargs: tmp_path)
    model = PooledVGG16(2)
    load_imagenet_features(model, None)
    assert torch.equal(model.features[28].weight, start.features[28].weight)


def test_fresh_head_calls_everything_undecided(batch):
    model = PooledVGG16(2).eval()
    with torch.no_grad():
        assert model(batch)["logits"].abs().max() == 0


def test_smaller_training_size_leaves_evaluation_alone(pooled, batch, monkeypatch):
    sides = []
    monkeypatch.setattr(pooled, "training_side", 96)
    hook = pooled.features[0].register_forward_pre_hook(lambda module, inputs: sides.append(inputs[0].shape[-1]))
    with torch.no_grad():
        pooled.train()(batch[:1])
        pooled.eval()(batch[:1])
    hook.remove()
    assert sides == [96, 224]


def test_known_masks_teach_and_unknown_ones_are_left_out(pooled, batch):
    labels, unknown = torch.tensor([0, 1]), torch.full((2, 14, 14), torch.nan)
    known = torch.zeros(2, 14, 14)
    known[1, 4:10, 4:10] = 1
    alone = pooled(batch, labels)["loss"]
    assert pooled(batch, labels, unknown)["loss"] == alone
    pooled(batch, labels, known)["loss"].backward()
    assert pooled(batch, labels, known)["loss"] > alone
    assert pooled.mask_head.weight.grad.abs().max() > 0
    pooled.zero_grad()
