"""Tests of the quantisation of a model; `tests/detector/network/test_runtimes.py` runs them in a process that may load OpenVINO."""

import json
import shutil
from types import SimpleNamespace

import datasets
import numpy as np
import pytest

from dataset_builder.records import features
from detector.media.files import file_sha256
from detector.network.loading import BUNDLED_FOLDER, load_folder
from detector.network.quantisation import Quantisation
from training import quantisation
from training.networks.models import TimmClassifier, save_model_folder

STORED = {"thresholds": {"no_manipulation_found": 0.4, "manipulated": 0.6}}


@pytest.fixture(scope="module")
def data_set(rows, tmp_path_factory):
    """Four crops of each split, as the builder stores them."""
    folder = tmp_path_factory.mktemp("data") / "portraits"
    stored = rows.cast(features(("Deepfakes",)))
    datasets.DatasetDict(train=stored, test=stored).save_to_disk(folder)
    return folder


@pytest.fixture
def folder(pooled, tmp_path):
    """A model folder with random weights, and the card of the bundled model."""
    save_model_folder(pooled.to_timm(), tmp_path, pooled.data_config, ["real", "fake"], STORED)
    shutil.copy(BUNDLED_FOLDER / "evaluation.json", tmp_path)
    return tmp_path


@pytest.fixture
def few_crops(monkeypatch):
    monkeypatch.setattr(quantisation, "CROPS", 2)


def test_command_stores_what_int8_needs_and_what_it_changes(folder, data_set, few_crops, capsys):
    assert quantisation.main([str(folder), "--dataset", str(data_set)]) == 0
    printed = json.loads(capsys.readouterr().out)
    config = json.loads((folder / "config.json").read_text())
    stored = config["detector"]["quantisation"]
    assert stored["weights_sha256"] == file_sha256(folder / "model.safetensors")
    assert len(stored["highest"]) == quantisation.RANGES and min(stored["highest"]) > 0
    assert stored["margin"] > 0
    assert stored["measured"] == printed
    evaluation = json.loads((folder / "evaluation.json").read_text())
    assert evaluation["quantisation"] == printed
    assert (printed["split"], printed["level"]) == ("test", "frame")
    assert (
        0 <= printed["verdicts_changed"] <= 1 and printed["auc_change"] == printed["auc_int8"] - printed["auc_float32"]
    )
    assert f"{100 * printed['verdicts_changed']:.2f} % of the verdicts" in (folder / "README.md").read_text()
    assert config["detector"]["thresholds"] == STORED["thresholds"]


def test_margin_is_three_deviations_of_what_int8_moves(folder, data_set, few_crops, monkeypatch):
    moved = iter([np.array([1.0, 2.0, 3.0]), np.array([0.5, 2.0, 3.5])])  # first int8, then float32
    monkeypatch.setattr(
        "detector.network.loading.LoadedModel.predict", lambda self, crops: SimpleNamespace(log_odds=next(moved))
    )
    monkeypatch.setattr(quantisation, "compare", lambda *of: {"auc_change": 0.0, "verdicts_changed": 0.0})
    assert quantisation.main([str(folder), "--dataset", str(data_set)]) == 0
    stored = Quantisation.from_config(
        json.loads((folder / "config.json").read_text()), file_sha256(folder / "model.safetensors")
    )
    assert stored.margin == pytest.approx(3 * np.sqrt(0.5 / 3))
    assert stored.is_safe and load_folder(folder, "m", runtime="int8").info.runtime == "openvino-int8"


def test_network_that_openvino_does_not_know_stays_as_it_is(data_set, tmp_path, capsys):
    network = TimmClassifier("simple_cnn", 2)
    save_model_folder(network.to_timm(), tmp_path, network.data_config, ["real", "fake"], STORED)
    shutil.copy(BUNDLED_FOLDER / "evaluation.json", tmp_path)
    before = (tmp_path / "config.json").read_bytes()
    assert quantisation.main([str(tmp_path), "--dataset", str(data_set)]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "This network stays in float32."
    assert (tmp_path / "config.json").read_bytes() == before


def test_wrong_folder_is_named_in_one_sentence(data_set, tmp_path, capsys):
    assert quantisation.main([str(tmp_path), "--dataset", str(tmp_path / "none")]) == 2
    assert "is not a data set" in capsys.readouterr().err
    assert quantisation.main([str(tmp_path / "gone"), "--dataset", str(data_set)]) == 2
    assert capsys.readouterr().err == f"No such file or directory: {tmp_path / 'gone' / 'evaluation.json'}.\n"
