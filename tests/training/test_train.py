"""The whole path: FaceForensics++ folder -> data set -> train.py -> model folder -> verdict."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import datasets
import timm
import torch
from safetensors.torch import load_file

import train
from dataset_builder.__main__ import main as build_main
from detector.analyzer import Analyzer
from detector.network.loading import load_folder
from tests.training.commands import command, evaluation_of, train_small

ROOT = Path(train.__file__).parent
PLOTS = {"roc.png", "precision_recall.png", "reliability.png"}
EXAMPLE = ROOT / "examples" / "astronaut.jpg"


def test_folder_of_videos_becomes_a_model_that_gives_a_verdict(
    data_set, initial_weights, tmp_path, capsys, faceforensics_root
):
    more = ("--max-eval-samples", "6", "--json")
    assert train_small(command(data_set, initial_weights, tmp_path / "run", *more)) == 0
    evaluation = evaluation_of(capsys)
    (test,) = evaluation["tests"]
    assert (test["data"], test["split"]) == ("deepfakes_c23", "test")
    # frames of one video count once at video level
    assert test["frame"]["real"] + test["frame"]["fake"] > test["video"]["real"] + test["video"]["fake"]
    assert evaluation["data"][0]["manipulations"] == ["Deepfakes"]
    folder = tmp_path / "run" / "model"
    model = load_folder(folder, "trained", runtime="torch")
    clip = next((faceforensics_root / "original_sequences" / "youtube" / "c23" / "videos").glob("*.mp4"))
    result = Analyzer(model).analyze_video(clip, frames=2).result
    assert 0 <= result.score <= 1
    card = (folder / "README.md").read_text()
    assert "| deepfakes_c23, test | video " in card
    assert "not trained on FaceForensics++" not in card
    assert {file.name for file in (folder / "plots").iterdir()} == PLOTS


def test_frozen_blocks_keep_their_weights(data_set, initial_weights, tmp_path):
    more = ("--max-eval-samples", "4", "--learning-rate", "0.01", "--frozen-blocks", "4", "--epochs", "2")
    train_small(command(data_set, initial_weights, tmp_path / "run", *more))
    trained = timm.create_model(f"local-dir:{tmp_path / 'run' / 'model'}", pretrained=True)
    start = timm.create_model("vgg16", num_classes=0)
    start.load_state_dict(load_file(initial_weights), strict=False)
    pixels = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        # the statistics of normalisation are part of the weights, so the maps are compared
        same, changed = ((trained.features[:end](pixels), start.features[:end](pixels)) for end in (24, 31))
    assert torch.allclose(*same, rtol=0.02, atol=0.02 * float(same[1].std()))
    assert not torch.allclose(*changed, rtol=0.02, atol=0.02 * float(changed[1].std()))


def test_pseudo_fakes_join_training_and_are_measured_by_themselves(data_set, initial_weights, tmp_path, capsys):
    more = ("--real-dataset", str(data_set), "--self-blended", "0.5", "--json", "--max-eval-samples", "6")
    sizes = ("--finish-size", "48", "--finish-share", "0.5", "--pseudo-fake-samples", "4", "--saliency-samples", "2")
    sizes += ("--robustness-samples", "1")
    assert train_small(command(data_set, initial_weights, tmp_path / "run", *more, *sizes)) == 0
    evaluation = evaluation_of(capsys)
    labelled, *made = evaluation["tests"]
    assert labelled["data"] == "deepfakes_c23"
    assert {"deepfakes_c23, self blended", "deepfakes_c23, eigenface"} <= {test["data"] for test in made}
    assert all(test["frame"]["real"] == test["frame"]["fake"] for test in made)
    assert evaluation["calibration"]["fitted_on"]["data"][0] == "deepfakes_c23"
    fitted_on = " ".join(evaluation["calibration"]["fitted_on"]["data"])
    assert "self blended" not in fitted_on and "eigenface" not in fitted_on
    methods = {row["method"] for row in evaluation["saliency"]}
    assert len(methods) == 4 and "the overlay of an untrained copy" in methods
    assert all(0 <= row["energy_inside"] <= 1 and row["fakes"] == 2 for row in evaluation["saliency"])
    grid = evaluation["robustness"]
    assert (grid["real"], grid["fake"], len(grid["rows"])) == (1, 1, 17)
    tilted = evaluation["tilt"]
    assert tilted["real"] == tilted["fake"] == len(evaluation["tests"])  # one a class and test set
    assert {file.name for file in (tmp_path / "run" / "model" / "plots").iterdir()} == PLOTS | {"robustness.png"}
    card = (tmp_path / "run" / "model" / "README.md").read_text()
    assert "50% are labelled ones, 50% self-blended" in card.replace("\n", " ")
    assert "## Saliency" in card


def test_model_tells_manipulations_apart_where_asked(initial_weights, tmp_path, capsys, several_manipulations):
    more = ("--labels", "manipulation", "--json", "--max-eval-samples", "12", "--max-train-samples", "16")
    more += ("--model", "simple_cnn")
    assert train_small(command(several_manipulations, initial_weights, tmp_path / "run", *more)) == 0
    evaluation = evaluation_of(capsys)
    assert evaluation["label_names"] == ["real", "Deepfakes", "FaceSwap"]
    assert set(evaluation["tests"][0]["frame"]["manipulations"]) == {"Deepfakes", "FaceSwap"}
    assert "By manipulation" in (tmp_path / "run" / "model" / "README.md").read_text()
    result = Analyzer(load_folder(tmp_path / "run" / "model", "kinds", runtime="torch")).analyze_image(EXAMPLE).result
    assert result.faces[0].manipulation.name in ("Deepfakes", "FaceSwap")


def test_measuring_again_gives_the_same_figures_and_other_data_too(data_set, trained, tmp_path, capsys):
    folder = tmp_path / "model"
    shutil.copytree(trained, folder)
    before = json.loads((folder / "evaluation.json").read_text())
    other = tmp_path / "other_set"
    shutil.copytree(data_set, other)
    arguments = ["--dataset", str(data_set), "--evaluate-only", str(folder), "--test-datasets", str(other), "--json"]
    quick = ("--pseudo-fake-samples", "0", "--robustness-samples", "0", "--saliency-samples", "0")
    assert train.main([*arguments, *quick, "--bootstrap-rounds", "20"]) == 0
    found = evaluation_of(capsys)
    assert [test["data"] for test in found["tests"]] == ["deepfakes_c23", "other_set"]
    assert found["tests"][0] == before["tests"][0]
    assert (found["calibration"], found["training"]) == (before["calibration"], before["training"])
    assert (
        load_folder(folder, "again", runtime="torch").info.thresholds
        == load_folder(trained, "first", runtime="torch").info.thresholds
    )


def test_two_models_are_compared_by_one_command_in_two_processes_of_which_one_measures(
    data_set, initial_weights, tmp_path
):
    more = ("--max-eval-samples", "6", "--batch-size", "2", "--model", "simple_cnn", "vgg16")
    arguments = command(data_set, initial_weights, tmp_path / "run", *more)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    small_train = ["-m", "tests.training.commands"]
    done = subprocess.run([*launcher, *small_train, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-3000:]
    table = (tmp_path / "run" / "comparison.md").read_text()
    assert done.stdout == table
    rows = [[cell.strip() for cell in line.split("|")[1:4]] for line in table.splitlines()[2:]]
    assert rows == [[name, "deepfakes_c23", level] for name in ("Simple CNN", "VGG-16") for level in ("frame", "video")]
    for name in ("simple_cnn", "vgg16"):
        state = json.loads(next((tmp_path / "run" / name).glob("checkpoint-*/trainer_state.json")).read_text())
        assert state["max_steps"] == 2  # 4 pairs, one a process and step
        evaluation = json.loads((tmp_path / "run" / name / "model" / "evaluation.json").read_text())
        assert evaluation["training"]["processes"] == 2
        model = load_folder(tmp_path / "run" / name / "model", name, runtime="torch")
        assert model.info.label_names == ("real", "fake")


def test_manipulation_that_was_left_out_of_training_is_what_is_tested(initial_weights, several_manipulations, tmp_path):
    folder = tmp_path / "data"
    split = ("--split", "leave-one-out", "--held-out", "FaceSwap", "--frames-per-video", "1")
    root = str(several_manipulations.parent)
    assert build_main(["--root", root, "--manipulation", "all", "--output", str(folder), *split]) == 0
    more = ("--labels", "manipulation", "--model", "simple_cnn")
    assert train_small(command(folder, initial_weights, tmp_path / "run", *more)) == 0
    evaluation = json.loads((tmp_path / "run" / "model" / "evaluation.json").read_text())
    assert evaluation["label_names"] == ["real", "Deepfakes"]
    assert set(evaluation["tests"][0]["frame"]["manipulations"]) == {"FaceSwap"}


def test_data_set_with_a_test_split_alone_suffices_to_measure(data_set, trained, tmp_path, capsys):
    folder, other = tmp_path / "model", tmp_path / "test_alone"
    shutil.copytree(trained, folder)
    datasets.DatasetDict(test=datasets.load_from_disk(str(data_set))["test"]).save_to_disk(other)
    quick = ("--pseudo-fake-samples", "0", "--robustness-samples", "0", "--saliency-samples", "0", "--json")
    assert train.main(["--dataset", str(other), "--evaluate-only", str(folder), "--bootstrap-rounds", "5", *quick]) == 0
    evaluation = evaluation_of(capsys)
    assert [test["data"] for test in evaluation["tests"]] == ["test_alone"]
    assert evaluation["measured_with"]["bootstrap_rounds"] == 5


def test_what_was_measured_is_what_is_pushed(data_set, trained, monkeypatch):
    pushed = []
    monkeypatch.setattr(
        "training.command.evaluate", lambda folder, *rest: json.loads((trained / "evaluation.json").read_text())
    )
    monkeypatch.setattr("training.command.push_model", lambda folder, model_id: pushed.append((folder, model_id)))
    assert train.main(["--dataset", str(data_set), "--evaluate-only", str(trained), "--push-to-hub", "news/room"]) == 0
    assert pushed == [(trained, "news/room")]
