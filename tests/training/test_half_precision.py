import json

import datasets
import pytest
import torch

from dataset_builder.records import features
from detector.media.files import file_sha256
from detector.network.quantisation import HalfPrecision
from training import half_precision
from training.networks.models import TimmClassifier, save_model_folder

STORED = {"thresholds": {"no_manipulation_found": 0.4, "manipulated": 0.6}}


@pytest.fixture
def data_set(rows, tmp_path):
    """Two crops, a real and a fake one, as the builder stores them."""
    stored = rows.cast(features(("Deepfakes",)))
    first = [stored["label"].index(label) for label in (0, 1)]
    folder = tmp_path / "data" / "portraits"
    datasets.DatasetDict(test=stored.select(first)).save_to_disk(folder)
    return folder


def test_command_stores_what_half_precision_changes(pooled, data_set, tmp_path, capsys, monkeypatch):
    # most processors only imitate half precision, for seconds a crop
    monkeypatch.setitem(half_precision.DTYPES, "float16", torch.float32)
    save_model_folder(pooled.to_timm(), tmp_path, pooled.data_config, ["real", "fake"], STORED)
    assert half_precision.main([str(tmp_path), "--dataset", str(data_set), "--device", "cpu"]) == 0
    printed = json.loads(capsys.readouterr().out)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["detector"]["thresholds"] == STORED["thresholds"]
    stored = config["detector"]["half_precision"]
    sha256 = file_sha256(tmp_path / "model.safetensors")
    assert stored == {"weights_sha256": sha256, "dtype": "float16", "device": "cpu", "measured": printed}
    assert (printed["data"], printed["split"], printed["level"], printed["crops"]) == ("portraits", "test", "frame", 2)
    assert printed["auc_change"] == printed["auc_float16"] - printed["auc_float32"]
    assert 0 <= printed["largest_score_change"] < 1e-3 and 0 <= printed["auc_float32"] <= 1
    read = HalfPrecision.from_config(config, sha256)
    assert (read.dtype, read.is_of_gpu, read.is_safe) == ("float16", False, True)


def test_network_that_is_not_for_gpus_stays_as_it_is(data_set, tmp_path, capsys):
    network = TimmClassifier("simple_cnn", 2)
    save_model_folder(network.to_timm(), tmp_path, network.data_config, ["real", "fake"], STORED)
    before = (tmp_path / "config.json").read_bytes()
    assert half_precision.main([str(tmp_path), "--dataset", str(data_set), "--device", "cpu"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "This network stays in float32."
    assert (tmp_path / "config.json").read_bytes() == before


def test_what_is_wrong_is_one_sentence(pooled, data_set, tmp_path, capsys):
    assert half_precision.main([str(tmp_path), "--dataset", str(tmp_path / "none"), "--device", "cpu"]) == 2
    assert "is not a data set" in capsys.readouterr().err
    if not torch.cuda.is_available():
        save_model_folder(pooled.to_timm(), tmp_path, pooled.data_config, ["real", "fake"], STORED)
        assert half_precision.main([str(tmp_path), "--dataset", str(data_set)]) == 2
        assert capsys.readouterr().err.startswith("PyTorch finds no NVIDIA GPU")
