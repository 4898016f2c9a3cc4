"""A run that was stopped, killed or repeated: the same weights and figures as one that was not."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import Trainer

import train
from detector.media.files import file_sha256
from tests.training.commands import command, evaluation_of, train_small

ROOT = Path(train.__file__).parent
# What is at stake is the state of the run, whatever the network.
QUICK = ("--model", "simple_cnn", "--max-eval-samples", "4")


def steps_of_a_run_stopped_in(step: int, arguments: list[str], monkeypatch) -> list[int]:
    """Starts a run, stops it by Ctrl-C in this step, counted from 1, and resumes it; gives the steps that were begun."""
    steps, original = [], Trainer.training_step

    def stop_once(self, *args, **kwargs):
        steps.append(self.state.global_step)
        if len(steps) == step:
            raise KeyboardInterrupt
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Trainer, "training_step", stop_once)
    assert train_small(arguments) == 130
    assert train_small(arguments) == 0
    return steps


def test_stopped_run_resumes_from_its_last_checkpoint(data_set, initial_weights, tmp_path, monkeypatch):
    arguments = command(data_set, initial_weights, tmp_path / "run", "--save-steps", "1", *QUICK)
    assert steps_of_a_run_stopped_in(2, arguments, monkeypatch) == [0, 1, 1]


KILLED_IN_STEP_3 = """
import os, signal, sys
from tests.training.commands import train_small
from transformers import Trainer

original = Trainer.training_step

def step(self, *args, **kwargs):
    if self.state.global_step == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(self, *args, **kwargs)

Trainer.training_step = step
train_small(sys.argv[1:])
"""


def test_killed_run_ends_with_the_weights_and_figures_of_one_that_was_not(data_set, initial_weights, tmp_path, capsys):
    more = ("--save-steps", "2", "--epochs", "2", "--json", *QUICK)
    whole, killed = (command(data_set, initial_weights, tmp_path / name, *more) for name in ("whole", "killed"))
    assert train_small(whole) == 0
    expected = evaluation_of(capsys)
    done = subprocess.run([sys.executable, "-c", KILLED_IN_STEP_3, *killed], cwd=ROOT, capture_output=True, timeout=200)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "killed" / "model").exists()
    assert train_small(killed) == 0
    assert evaluation_of(capsys) == expected


def test_kill_gives_early_stopping_no_more_patience(data_set, initial_weights, tmp_path, monkeypatch):
    more = ("--save-steps", "1", "--patience", "2", "--epochs", "5", *QUICK)
    arguments = command(data_set, initial_weights, tmp_path / "run", *more)
    monkeypatch.setattr("training.fine_tuning.validation_auc", lambda prediction: {"auc": 0.5})  # never rises
    # of ten: the second evaluation and the third brought nothing new
    assert steps_of_a_run_stopped_in(3, arguments, monkeypatch) == [0, 1, 2, 2]


def test_folder_of_another_run_is_not_resumed_from(data_set, initial_weights, trained, capsys):
    before = (trained / "model.safetensors").read_bytes()
    again = command(data_set, initial_weights, trained.parent, "--model", "simple_cnn", "--epochs", "2")
    assert train_small(again) == 2
    assert capsys.readouterr().err.strip().endswith("a run with other epochs; give another --output-dir.")
    assert (trained / "model.safetensors").read_bytes() == before


@pytest.fixture
def two_threads():
    """What is added up in parts must come out the same, so more than one thread has to work; see `tests/conftest.py`."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(("model", "crops"), [("vgg16", "4"), ("simple_cnn", "8")])  # a step, and two
def test_same_seed_gives_the_same_weights_and_figures(data_set, initial_weights, tmp_path, capsys, model, crops):
    found = []
    for name, more in (("a", ()), ("b", ("--workers", "2"))):
        more = ("--model", model, "--max-train-samples", crops, "--max-eval-samples", "4", "--json", *more)
        assert train_small(command(data_set, initial_weights, tmp_path / name, *more)) == 0
        found.append(evaluation_of(capsys))
    assert found[0]["tests"] == found[1]["tests"]
    assert found[0]["weights_sha256"] == found[1]["weights_sha256"]


def test_another_seed_gives_other_weights(data_set, initial_weights, trained, tmp_path):
    assert train_small(command(data_set, initial_weights, tmp_path, "--model", "simple_cnn", "--seed", "1")) == 0
    assert file_sha256(tmp_path / "model" / "model.safetensors") != file_sha256(trained / "model.safetensors")
