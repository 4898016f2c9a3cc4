"""The whole path: FaceForensics++ folder -> data set -> train.py -> model folder -> verdict."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import datasets
import pytest
import timm
import torch
from safetensors.torch import load_file, save_file
from transformers import Trainer

import train
from dataset_builder.__main__ import main as build_main
from detector.analysis import Analyzer
from detector.model import load_folder
from tests.media_factory import faceforensics_tree

ROOT = Path(train.__file__).parent
EXAMPLE = ROOT / "examples" / "astronaut.jpg"


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
    state = timm.create_model("vgg16", num_classes=0, mlp_ratio=1 / 4096).features.state_dict()
    save_file({f"features.{name}": value.half() for name, value in state.items()}, file)
    return file


@pytest.fixture(scope="module")
def trained(data_set, initial_weights, tmp_path_factory):
    """The folder of a model that was trained on very little."""
    output = tmp_path_factory.mktemp("trained")
    assert train.main(command(data_set, initial_weights, output, "--model", "simple_cnn")) == 0
    return output / "model"


@pytest.fixture(scope="module")
def several_manipulations(tmp_path_factory):
    """A data set with Deepfakes and FaceSwap."""
    root = tmp_path_factory.mktemp("several")
    pairs = [(f"{2 * number:03d}", f"{2 * number + 1:03d}") for number in range(6)]
    for manipulation in ("Deepfakes", "FaceSwap"):
        faceforensics_tree(root, pairs, manipulation)
    folder = root / "data"
    arguments = ["--root", str(root), "--manipulation", "all", "--output", str(folder), "--frames-per-video", "1"]
    assert build_main(arguments) == 0
    return folder


def command(data_set, initial_weights, output, *more: str) -> list[str]:
    return [
        *("--dataset", str(data_set), "--output-dir", str(output), "--initial-weights", str(initial_weights)),
        *("--epochs", "1", "--batch-size", "4", "--max-train-samples", "8", "--workers", "0", "--input-size", "64"),
        *("--selection-samples", "2", "--pseudo-fake-samples", "0", "--robustness-samples", "0"),
        *("--saliency-samples", "0", "--bootstrap-rounds", "20", *more),
    ]


def evaluation_of(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


def test_folder_of_videos_becomes_a_model_that_gives_a_verdict(
    data_set, initial_weights, tmp_path, capsys, faceforensics_root
):
    more = ("--robustness-samples", "1", "--json")
    assert train.main(command(data_set, initial_weights, tmp_path / "run", *more)) == 0
    evaluation = evaluation_of(capsys)
    (test,) = evaluation["tests"]
    assert (test["data"], test["split"]) == ("deepfakes_c23", "test")
    # frames of one video count once at video level
    assert test["frame"]["real"] + test["frame"]["fake"] > test["video"]["real"] + test["video"]["fake"]
    assert evaluation["data"][0]["manipulations"] == ["Deepfakes"]
    grid = evaluation["robustness"]
    assert (grid["real"], grid["fake"], len(grid["rows"])) == (1, 1, 17)
    folder = tmp_path / "run" / "model"
    model = load_folder(folder, "trained", runtime="torch")
    clip = next((faceforensics_root / "original_sequences" / "youtube" / "c23" / "videos").glob("*.mp4"))
    result = Analyzer(model).analyze_video(clip, frames=2).result
    assert 0 <= result.score <= 1
    card = (folder / "README.md").read_text()
    assert "| deepfakes_c23, test | video " in card
    assert "not trained on FaceForensics++" not in card
    plots = {"roc.png", "precision_recall.png", "reliability.png", "robustness.png"}
    assert {file.name for file in (folder / "plots").iterdir()} == plots


def test_stopped_run_goes_on_from_its_last_checkpoint(data_set, initial_weights, tmp_path, monkeypatch):
    arguments = command(data_set, initial_weights, tmp_path / "run", "--save-steps", "1", "--max-eval-samples", "4")
    steps = []
    original = Trainer.training_step

    def stop_after_first(self, *args, **kwargs):
        steps.append(self.state.global_step)
        if len(steps) == 2:
            raise KeyboardInterrupt
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Trainer, "training_step", stop_after_first)
    with pytest.raises(KeyboardInterrupt):
        train.main(arguments)
    assert train.main(arguments) == 0
    assert steps == [0, 1, 1]


KILLED_IN_STEP_3 = """
import os, signal, sys
import train
from transformers import Trainer

original = Trainer.training_step

def step(self, *args, **kwargs):
    if self.state.global_step == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(self, *args, **kwargs)

Trainer.training_step = step
train.main(sys.argv[1:])
"""


def test_killed_run_ends_with_the_weights_and_figures_of_one_that_was_not(data_set, initial_weights, tmp_path, capsys):
    more = ("--save-steps", "2", "--epochs", "2", "--max-eval-samples", "4", "--json")
    whole, killed = (command(data_set, initial_weights, tmp_path / name, *more) for name in ("whole", "killed"))
    assert train.main(whole) == 0
    expected = evaluation_of(capsys)
    done = subprocess.run([sys.executable, "-c", KILLED_IN_STEP_3, *killed], cwd=ROOT, capture_output=True, timeout=200)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "killed" / "model").exists()
    assert train.main(killed) == 0
    assert evaluation_of(capsys) == expected


def test_kill_gives_early_stopping_no_more_patience(data_set, initial_weights, tmp_path, monkeypatch):
    more = ("--model", "simple_cnn", "--save-steps", "1", "--patience", "2", "--epochs", "5", "--max-eval-samples", "4")
    arguments = command(data_set, initial_weights, tmp_path / "run", *more)
    monkeypatch.setattr("training.fine_tuning.validation_auc", lambda prediction: {"auc": 0.5})  # never rises
    steps, original = [], Trainer.training_step

    def stop_once_in_the_third(self, *args, **kwargs):
        steps.append(self.state.global_step)
        if steps == [0, 1, 2]:
            raise KeyboardInterrupt
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Trainer, "training_step", stop_once_in_the_third)
    with pytest.raises(KeyboardInterrupt):
        train.main(arguments)
    assert train.main(arguments) == 0
    assert steps == [0, 1, 2, 2]  # of ten: the second evaluation and the third brought nothing new


def test_folder_of_another_run_is_not_gone_on_from(data_set, initial_weights, trained, capsys):
    before = (trained / "model.safetensors").read_bytes()
    again = command(data_set, initial_weights, trained.parent, "--model", "simple_cnn", "--epochs", "2")
    assert train.main(again) == 2
    assert capsys.readouterr().err.strip().endswith("a run with other epochs; give another --output-dir.")
    assert (trained / "model.safetensors").read_bytes() == before


@pytest.mark.parametrize("model", ["vgg16", "simple_cnn"])
def test_same_seed_gives_the_same_weights_and_figures(data_set, initial_weights, tmp_path, capsys, model):
    found = []
    for name, more in (("a", ()), ("b", ("--workers", "2")), ("c", ("--seed", "1"))):
        more = ("--model", model, "--max-eval-samples", "4", "--json", *more)
        assert train.main(command(data_set, initial_weights, tmp_path / name, *more)) == 0
        found.append(evaluation_of(capsys))
    assert found[0]["tests"] == found[1]["tests"]
    assert found[0]["weights_sha256"] == found[1]["weights_sha256"] != found[2]["weights_sha256"]


def test_frozen_blocks_keep_their_weights(data_set, initial_weights, tmp_path):
    more = ("--max-eval-samples", "4", "--learning-rate", "0.01", "--frozen-blocks", "4", "--epochs", "3")
    train.main(command(data_set, initial_weights, tmp_path / "run", *more))
    trained = timm.create_model(f"local-dir:{tmp_path / 'run' / 'model'}", pretrained=True)
    start = timm.create_model("vgg16", num_classes=0)
    start.load_state_dict(load_file(initial_weights), strict=False)
    pixels = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        # the statistics of normalisation are part of the weights, so the maps are compared
        same, changed = ((trained.features[:end](pixels), start.features[:end](pixels)) for end in (24, 31))
    assert torch.allclose(*same, rtol=0.02, atol=0.02 * float(same[1].std()))
    assert not torch.allclose(*changed, rtol=0.02, atol=0.02 * float(changed[1].std()))


def test_pseudo_fakes_join_training_and_are_measured_apart(data_set, initial_weights, tmp_path, capsys):
    more = ("--real-dataset", str(data_set), "--self-blended", "0.5", "--json", "--max-eval-samples", "6")
    sizes = ("--finish-size", "96", "--finish-share", "0.5", "--pseudo-fake-samples", "4", "--saliency-samples", "2")
    assert train.main(command(data_set, initial_weights, tmp_path / "run", *more, *sizes)) == 0
    evaluation = evaluation_of(capsys)
    labelled, *made = evaluation["tests"]
    assert labelled["data"] == "deepfakes_c23"
    assert "deepfakes_c23, self blended" in {test["data"] for test in made}
    assert all(test["frame"]["real"] == test["frame"]["fake"] for test in made)
    assert evaluation["calibration"]["fitted_on"]["data"][0] == "deepfakes_c23"
    assert not any("self blended" in name for name in evaluation["calibration"]["fitted_on"]["data"])
    methods = {row["method"] for row in evaluation["saliency"]}
    assert len(methods) == 4 and "the overlay of an untrained copy" in methods
    assert all(0 <= row["energy_inside"] <= 1 and row["fakes"] == 2 for row in evaluation["saliency"])
    card = (tmp_path / "run" / "model" / "README.md").read_text()
    assert "50% are labelled ones, 50% self-blended" in card.replace("\n", " ")
    assert "## Saliency" in card


def test_model_tells_manipulations_apart_where_asked(initial_weights, tmp_path, capsys, several_manipulations):
    more = ("--labels", "manipulation", "--json", "--max-eval-samples", "12", "--max-train-samples", "16")
    assert train.main(command(several_manipulations, initial_weights, tmp_path / "run", *more)) == 0
    evaluation = evaluation_of(capsys)
    assert evaluation["label_names"] == ["real", "Deepfakes", "FaceSwap"]
    assert set(evaluation["tests"][0]["frame"]["manipulations"]) == {"Deepfakes", "FaceSwap"}
    assert "By manipulation" in (tmp_path / "run" / "model" / "README.md").read_text()
    result = Analyzer(load_folder(tmp_path / "run" / "model", "kinds", runtime="torch")).analyze_image(EXAMPLE).result
    assert result.faces[0].manipulation.name in ("Deepfakes", "FaceSwap")


def test_first_model_of_the_project_and_vgg16_are_compared_by_one_command(data_set, initial_weights, tmp_path, capsys):
    arguments = command(data_set, initial_weights, tmp_path / "run", "--max-eval-samples", "6")
    assert train.main([*arguments, "--model", "simple_cnn", "vgg16"]) == 0
    table = (tmp_path / "run" / "comparison.md").read_text()
    assert capsys.readouterr().out.endswith(table)
    rows = [[cell.strip() for cell in line.split("|")[1:4]] for line in table.splitlines()[2:]]
    assert rows == [[name, "deepfakes_c23", level] for name in ("Simple CNN", "VGG-16") for level in ("frame", "video")]
    for name in ("simple_cnn", "vgg16"):
        assert load_folder(tmp_path / "run" / name / "model", name, runtime="torch").info.label_names == (
            "real",
            "fake",
        )


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


def test_two_processes_train_together_and_one_of_them_measures(data_set, initial_weights, tmp_path):
    more = ("--max-eval-samples", "4", "--batch-size", "2", "--model", "simple_cnn", "vgg16")
    arguments = command(data_set, initial_weights, tmp_path / "run", *more)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "train.py"]
    done = subprocess.run([*launcher, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == (tmp_path / "run" / "comparison.md").read_text()
    for name in ("simple_cnn", "vgg16"):
        state = json.loads(next((tmp_path / "run" / name).glob("checkpoint-*/trainer_state.json")).read_text())
        assert state["max_steps"] == 2  # 4 pairs, one a process and step
        evaluation = json.loads((tmp_path / "run" / name / "model" / "evaluation.json").read_text())
        assert evaluation["training"]["processes"] == 2
        assert load_folder(tmp_path / "run" / name / "model", name, runtime="torch")


def test_manipulation_that_was_left_out_of_training_is_what_is_tested(initial_weights, several_manipulations, tmp_path):
    folder = tmp_path / "data"
    split = ("--split", "leave-one-out", "--held-out", "FaceSwap", "--frames-per-video", "1")
    root = str(several_manipulations.parent)
    assert build_main(["--root", root, "--manipulation", "all", "--output", str(folder), *split]) == 0
    more = ("--labels", "manipulation", "--model", "simple_cnn")
    assert train.main(command(folder, initial_weights, tmp_path / "run", *more)) == 0
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
    monkeypatch.setattr("train.evaluate", lambda folder, *rest: json.loads((trained / "evaluation.json").read_text()))
    monkeypatch.setattr("train.push_model", lambda folder, model_id: pushed.append((folder, model_id)))
    assert train.main(["--dataset", str(data_set), "--evaluate-only", str(trained), "--push-to-hub", "news/room"]) == 0
    assert pushed == [(trained, "news/room")]


@pytest.mark.parametrize(
    ("split", "label", "sentence"),
    [
        ("train", 1, "holds no fakes to learn from."),
        ("train", 0, "holds no real crops to learn from."),
        ("validation", 1, "does not hold both real and fake crops."),
        ("test", 0, "does not hold both real and fake crops."),
    ],
)
def test_split_that_lacks_a_class_is_told_before_training(
    data_set, initial_weights, tmp_path, capsys, split, label, sentence
):
    splits = datasets.load_from_disk(str(data_set))
    splits[split] = splits[split].filter(lambda row: row["label"] != label)
    splits.save_to_disk(tmp_path / "data")
    assert train.main(command(tmp_path / "data", initial_weights, tmp_path / "run")) == 2
    assert capsys.readouterr().err.strip().endswith(sentence)


@pytest.mark.parametrize(
    "options",
    [
        ("--self-blended", "0.7", "--face-swap", "0.5"),
        ("--batch-size", "3"),
        ("--finish-share", "2"),
        ("--frozen-blocks", "6"),
        ("--labels", "other"),
        ("--model", "vgg17"),
        ("--evaluate-only", "nowhere"),
        ("--save-steps", "0"),
        ("--epochs", "nan"),
        ("--epochs", "0.001"),
        ("--learning-rate", "-1"),
        ("--max-train-samples", "0"),
        ("--max-train-samples", "1"),
        ("--seed", "-1"),
        ("--model", "vgg16", "vgg16"),
        ("--initial-weights", "nowhere"),
        ("--push-to-hub", "two/many/parts"),
        ("--test-datasets", "elsewhere/deepfakes_c23"),
        ("--output-dir", "/dev/null/run"),
    ],
)
def test_options_that_do_not_fit_together_are_one_sentence(data_set, tmp_path, capsys, options):
    quick = ("--pseudo-fake-samples", "0", "--output-dir", str(tmp_path / "run"))
    assert train.main(["--dataset", str(data_set), *quick, *options]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_folder_that_is_no_data_set_is_one_sentence_and_exit_code_2(tmp_path, capsys):
    assert train.main(["--dataset", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.strip().endswith("build one with python -m dataset_builder first.")


def test_weights_that_cannot_be_had_are_one_sentence_and_exit_code_2(data_set, tmp_path, capsys):
    (tmp_path / "weights.safetensors").write_bytes(b"none")
    assert train.main(command(data_set, tmp_path / "weights.safetensors", tmp_path / "run")) == 2
    assert capsys.readouterr().err.strip().endswith("does not hold the convolutional layers of VGG-16.")
