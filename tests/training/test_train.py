"""The whole path: FaceForensics++ folder -> data set -> train.py -> model folder -> verdict."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

import train
from dataset_builder.__main__ import main as build_main
from detector.analysis import Analyzer
from detector.model import load_folder
from training.network import PooledVGG16


@pytest.fixture(scope="module")
def data_set(tmp_path_factory, faceforensics_root):
    folder = tmp_path_factory.mktemp("data") / "deepfakes_c23"
    arguments = ["--root", str(faceforensics_root), "--output", str(folder), "--frames-per-video", "3"]
    assert build_main(arguments) == 0
    return folder


@pytest.fixture(scope="module")
def initial_weights(tmp_path_factory):
    """Random features stand for ImageNet's: the test is about the path, not the accuracy."""
    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("weights") / "features.safetensors"
    state = {f"features.{name}": value.half() for name, value in PooledVGG16(2).features.state_dict().items()}
    save_file(state, file)
    return file


def command(data_set, initial_weights, output, *more: str) -> list[str]:
    return [
        *("--dataset", str(data_set), "--output-dir", str(output), "--initial-weights", str(initial_weights)),
        *("--epochs", "1", "--batch-size", "2", "--max-train-samples", "4", "--workers", "0", "--frozen-blocks", "4"),
        *more,
    ]


def test_folder_of_videos_becomes_a_model_that_gives_a_verdict(
    data_set, initial_weights, tmp_path, capsys, faceforensics_root
):
    assert train.main(command(data_set, initial_weights, tmp_path / "run", "--json")) == 0
    evaluation = json.loads(capsys.readouterr().out.splitlines()[-1])
    (test,) = evaluation["tests"]
    assert (test["data"], test["split"]) == ("deepfakes_c23", "test")
    # frames of one video count once at video level
    assert test["frame"]["real"] + test["frame"]["fake"] > test["video"]["real"] + test["video"]["fake"]
    assert evaluation["data"][0]["manipulations"] == ["Deepfakes"]
    model = load_folder(tmp_path / "run" / "model", "trained")
    clip = next((faceforensics_root / "manipulated_sequences" / "Deepfakes" / "c23" / "videos").glob("*.mp4"))
    result = Analyzer(model).analyze_video(clip, frames=2).result
    assert 0 <= result.score <= 1
    card = (tmp_path / "run" / "model" / "README.md").read_text()
    assert "| deepfakes_c23, test | video |" in card
    assert "not trained on FaceForensics++" not in card


def test_stopped_run_goes_on_from_its_last_checkpoint(data_set, initial_weights, tmp_path, monkeypatch):
    arguments = command(data_set, initial_weights, tmp_path / "run", "--save-steps", "1", "--max-eval-samples", "4")
    steps = []
    original = train.Trainer.training_step

    def stop_after_first(self, *args, **kwargs):
        steps.append(self.state.global_step)
        if len(steps) == 2:
            raise KeyboardInterrupt
        return original(self, *args, **kwargs)

    monkeypatch.setattr(train.Trainer, "training_step", stop_after_first)
    with pytest.raises(KeyboardInterrupt):
        train.main(arguments)
    assert train.main(arguments) == 0
    assert steps == [0, 1, 1]


def test_frozen_blocks_keep_their_weights(data_set, initial_weights, tmp_path):
    # the first step warms up and the second moves the head only; small steps drown in float16
    large_steps = ("--max-eval-samples", "4", "--learning-rate", "0.01", "--epochs", "2")
    train.main(command(data_set, initial_weights, tmp_path / "run", *large_steps))
    trained, start = load_file(tmp_path / "run" / "model" / "model.safetensors"), load_file(initial_weights)
    assert torch.equal(trained["features.0.weight"], start["features.0.weight"])
    assert not torch.equal(trained["features.28.weight"], start["features.28.weight"])


def test_pseudo_fakes_join_training_and_are_measured_apart(data_set, initial_weights, tmp_path, capsys):
    more = ("--real-dataset", str(data_set), "--self-blended", "0.5", "--json", "--max-eval-samples", "6")
    sizes = ("--input-size", "64", "--finish-size", "96", "--finish-share", "0.5")
    assert train.main(command(data_set, initial_weights, tmp_path / "run", *more, *sizes)) == 0
    evaluation = json.loads(capsys.readouterr().out.splitlines()[-1])
    labelled, *made = evaluation["tests"]
    assert labelled["data"] == "deepfakes_c23"
    assert {test["data"] for test in made} == {"deepfakes_c23, self blended"}
    assert all(test["frame"]["real"] == test["frame"]["fake"] for test in made)
    assert evaluation["calibration"]["fitted_on"]["data"] == ["deepfakes_c23"]  # labelled fakes stand for the use
    card = (tmp_path / "run" / "model" / "README.md").read_text()
    assert "50% are labelled ones, 50% self-blended" in card.replace("\n", " ")


@pytest.mark.parametrize(
    "options", [("--self-blended", "0.7", "--face-swap", "0.5"), ("--batch-size", "3"), ("--finish-share", "2")]
)
def test_options_that_do_not_fit_together_are_one_sentence(data_set, capsys, options):
    assert train.main(["--dataset", str(data_set), *options]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_folder_that_is_no_data_set_is_one_sentence_and_exit_code_2(tmp_path, capsys):
    assert train.main(["--dataset", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.strip().endswith("build one with python -m dataset_builder first.")


def test_weights_that_cannot_be_had_are_one_sentence_and_exit_code_2(data_set, tmp_path, capsys):
    (tmp_path / "weights.safetensors").write_bytes(b"none")
    assert train.main(command(data_set, tmp_path / "weights.safetensors", tmp_path / "run")) == 2
    assert capsys.readouterr().err.strip().endswith("does not hold the convolutional layers of VGG-16.")
