"""How the tests of training call `train.py`, which options they make, and what it answers."""

import json
import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import pytest

import train
from training.networks.models import Classifier, build_classifier
from training.options import GROUPS, Options

SIDE = 32  # of the input, in px: a fiftieth of the work at 224, and VGG-16's pooled head folds exactly here too


@contextmanager
def small_networks() -> Iterator[None]:
    """Makes `train.py` build networks whose input is small; their folders say so, as ever."""

    def build(*asked) -> Classifier:
        network = build_classifier(*asked)
        network.data_config = network.data_config | {"input_size": (3, SIDE, SIDE)}
        return network

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.command.build_classifier", build)
        yield


def train_small(arguments: list[str]) -> int:
    """Runs `train.main` with small networks; ``python -m tests.training.commands`` runs the script `train.py` so."""
    with small_networks():
        return train.main(arguments)


def command(data_set: Path, initial_weights: Path, output: Path, *more: str) -> list[str]:
    """A run of a few steps at 32 px that measures only what is asked for."""
    return [
        *("--dataset", str(data_set), "--output-dir", str(output), "--initial-weights", str(initial_weights)),
        *("--epochs", "1", "--batch-size", "4", "--max-train-samples", "8", "--workers", "0", "--input-size", "32"),
        *("--selection-samples", "2", "--pseudo-fake-samples", "0", "--robustness-samples", "0"),
        *("--saliency-samples", "0", "--bootstrap-rounds", "20", *more),
    ]


def evaluation_of(capsys) -> dict:
    """What a run with ``--json`` printed."""
    return json.loads(capsys.readouterr().out)


def options(dataset: str = "", **changed) -> Options:
    """Makes options that are the defaults apart from those that are changed, whatever group they belong to."""
    changed["dataset"] = dataset
    values = [
        {field.name: changed.pop(field.name) for field in fields(group) if field.name in changed} for group in GROUPS
    ]
    assert not changed
    return Options(*(group(**some) for group, some in zip(GROUPS, values, strict=True)))


if __name__ == "__main__":
    with small_networks():
        runpy.run_path(train.__file__, run_name="__main__")
