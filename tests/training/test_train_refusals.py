"""What `train.py` cannot do is one sentence and exit code 2, before any work."""

import datasets
import pytest

import train
from tests.training.commands import command


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
        ("--self-blended", "0.7", "--eigenface", "0.5"),
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
        ("--push-to-hub", "news/room", "--model", "simple_cnn"),
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
