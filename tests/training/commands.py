"""How the tests of training call `train.py`, which options they make, and what it answers."""

import json
from dataclasses import fields
from pathlib import Path

from training.options import GROUPS, Options


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
