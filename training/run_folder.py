"""The folder of a run, which goes on from its last checkpoint only with the options and data that it began with."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from datasets import DatasetDict
from datasets.fingerprint import Hasher

from training.options import Options

logger = logging.getLogger(__name__)

_RUN_FILE = "run.json"
# Options that change neither a step nor which weights are kept. Of the data sets the rows count, not where they lie.
_WITHOUT_EFFECT = {
    *("output_dir", "evaluate_only", "workers", "push_to_hub", "json", "model"),
    *("dataset", "real_dataset", "test_datasets", "data_name", "dataset_id", "data_note", "notes"),
    *("robustness_samples", "saliency_samples", "bootstrap_rounds", "max_train_samples", "max_eval_samples"),
}


def facts_of_run(options: Options, sets: dict[str, DatasetDict], model: str, processes: int) -> dict:
    """What a run must have in common with the one whose checkpoint it goes on from, by name."""
    rows = [
        [list(splits[split][column]) for column in ("video_id", "time_s", "label")]
        for splits in sets.values()
        for split in ("train", "validation")
    ]
    kept = {name: value for name, value in vars(options).items() if name not in _WITHOUT_EFFECT}
    return kept | {"model": model, "data": Hasher.hash(rows), "processes": processes}


def claim(folder: Path, facts: dict, write: bool) -> None:
    """Marks a folder as that of a run.

    Args:
        folder: Gets the checkpoints.
        facts: As `facts_of_run` tells.
        write: False for all but one of several processes.

    Raises:
        ValueError: The folder holds checkpoints of another run: going on from them would pass its weights off as this one's.
    """
    file = folder / _RUN_FILE
    if file.is_file() and any(folder.glob("checkpoint-*")):
        begun = json.loads(file.read_text(encoding="utf-8"))
        if others := sorted(name for name in begun | facts if begun.get(name) != facts.get(name)):
            names = ", ".join(name.replace("_", " ") for name in others)
            raise ValueError(f"{folder} holds checkpoints of a run with other {names}; give another --output-dir.")
    elif write:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        unfinished.replace(file)


def earlier_runs(initial_weights: str | None) -> list[dict]:
    """The runs that weights to start from come out of, by the files beside them, as `facts_of_run` told; the first one first."""
    if not initial_weights:
        return []
    checkpoint = Path(initial_weights).resolve().parent
    file = checkpoint.parent / _RUN_FILE
    if not (checkpoint.name.startswith("checkpoint-") and file.is_file()):
        return []
    run = json.loads(file.read_text(encoding="utf-8"))
    return [*earlier_runs(run.get("initial_weights")), run | {"checkpoint": checkpoint.name}]


def last_complete_checkpoint(folder: Path) -> str | None:
    """The newest checkpoint that was written to its end, or None; a run may be killed while it writes one."""
    checkpoints = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rsplit("-", 1)[1]), reverse=True)
    for checkpoint in checkpoints:
        try:
            json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))  # the file written last
        except (OSError, ValueError):
            logger.warning("%s is incomplete and not used", checkpoint)
        else:
            return str(checkpoint)
    return None
