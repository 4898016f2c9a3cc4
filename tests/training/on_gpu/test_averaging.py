"""Weights that a run starts from and ends with."""

import pytest
import timm
import torch
from safetensors.torch import save_file

from training.networks.vgg16 import PooledVGG16, balanced
from training.on_gpu.averaging import Average, load_plain


@pytest.fixture(scope="module")
def grown() -> torch.nn.Module:
    """A plain VGG-16 whose activations grow from layer to layer, as after normalisation went into its weights."""
    torch.manual_seed(0)
    network = timm.create_model("vgg16", num_classes=2, mlp_ratio=4 / 4096).eval()
    with torch.no_grad():
        for layer in network.features:
            if isinstance(layer, torch.nn.Conv2d):
                layer.weight.mul_(3)
                layer.bias.normal_().mul_(4)
        scale = network.features(torch.zeros(1, 3, 64, 64)).abs().max()
        network.pre_logits.fc1.weight.div_(scale)
        network.features[28].bias[0] = -1e5
    return network


def test_balanced_layers_give_the_same_outputs_and_fit_float16(grown):
    pixels = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        before = grown(pixels)
        after = balanced(grown)(pixels)
    assert torch.allclose(before, after, rtol=1e-3, atol=1e-3)
    assert all(value.half().isfinite().all() for value in grown.state_dict().values())
    assert all(layer.bias.abs().max() <= 8.001 for layer in grown.features if isinstance(layer, torch.nn.Conv2d))


def test_a_run_starts_with_the_features_of_the_file_up_to_their_size(grown, tmp_path):
    save_file(grown.state_dict(), tmp_path / "model.safetensors")
    model = PooledVGG16(2).eval()
    load_plain(model, tmp_path / "model.safetensors")
    pixels = torch.randn(1, 3, 64, 64)
    model.match_statistics([torch.randn(2, 3, 64, 64)])
    with torch.no_grad():
        expected, found = grown.features(pixels).flatten(), model.features(pixels).flatten()
    assert torch.corrcoef(torch.stack([expected, found]))[0, 1] > 0.999


def test_a_file_of_another_network_is_refused(tmp_path):
    save_file({"features.0.weight": torch.zeros(1)}, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="does not hold the convolutional layers"):
        load_plain(PooledVGG16(2), tmp_path / "model.safetensors")


def test_the_average_follows_the_weights_and_forgets_the_start():
    model = PooledVGG16(2)
    average = Average(model, decay=0.9)
    with torch.no_grad():
        model.head.bias.fill_(1.0)
    for step in range(200):
        average.update(model, step)
    assert torch.allclose(average.model().head.bias, torch.ones(2), atol=1e-3)
