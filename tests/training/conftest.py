"""A small data set and a model that was trained on very little, made once for all tests of training."""

import pytest
import timm
import torch
from safetensors.torch import save_file

from dataset_builder.__main__ import main as build_main
from dataset_builder.pseudo_fakes.real_faces import real_faces
from tests.builds import built_in_this_process
from tests.media_factory import PAIRS, faceforensics_tree
from tests.training.astronaut_rows import rows_of_astronaut
from tests.training.commands import command, train_small


@pytest.fixture(scope="session", autouse=True)
def builds_start_no_process():
    with built_in_this_process():
        yield


@pytest.fixture(scope="session")
def data_set(tmp_path_factory, faceforensics_root):
    folder = tmp_path_factory.mktemp("data") / "deepfakes_c23"
    arguments = ["--root", str(faceforensics_root), "--output", str(folder), "--frames-per-video", "3"]
    assert build_main(arguments) == 0
    return folder


@pytest.fixture(scope="session")
def initial_weights(tmp_path_factory):
    """Random features stand for ImageNet's: the test is about the path, not the accuracy."""
    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("weights") / "features.safetensors"
    state = timm.create_model("vgg16", num_classes=0, mlp_ratio=1 / 4096).features.state_dict()
    save_file({f"features.{name}": value.half() for name, value in state.items()}, file)
    return file


@pytest.fixture(scope="session")
def trained(data_set, initial_weights, tmp_path_factory):
    """The folder of a model that was trained on very little."""
    output = tmp_path_factory.mktemp("trained")
    assert train_small(command(data_set, initial_weights, output, "--model", "simple_cnn")) == 0
    return output / "model"


@pytest.fixture(scope="session")
def several_manipulations(tmp_path_factory):
    """A data set with Deepfakes and FaceSwap."""
    root = tmp_path_factory.mktemp("several")
    for manipulation in ("Deepfakes", "FaceSwap"):
        faceforensics_tree(root, PAIRS, manipulation)
    folder = root / "data"
    arguments = ["--root", str(root), "--manipulation", "all", "--output", str(folder), "--frames-per-video", "1"]
    assert build_main(arguments) == 0
    return folder


@pytest.fixture(scope="session")
def rows():
    """Three real crops, and one that is labelled fake."""
    return rows_of_astronaut()


@pytest.fixture(scope="session")
def faces(rows, tmp_path_factory):
    """The real ones, with their landmarks."""
    return real_faces(rows, "set, train", tmp_path_factory.mktemp("landmarks"))
