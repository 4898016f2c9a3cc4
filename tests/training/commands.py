"""How the tests of training call `train.py`, and what it answers."""

import json
from pathlib import Path


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
