"""The folder of a run, which resumes from its last checkpoint only with the options and data that it began with."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from datasets import DatasetDict
from datasets.fingerprint import Hasher

from dataset_builder.pseudo_fakes.registry import kind_name
from training.options import Options, Role

logger = logging.getLogger(__name__)

_RUN_FILE = "run.json"


def facts_of_run(options: Options, sets: dict[str, DatasetDict], model: str, processes: int) -> dict[str, Any]:
    """Collects what a run must have in common with the one whose checkpoint it resumes from, by name.

    Args:
        options: Options of the command; those with `Role.RESUME` count.
        sets: Data sets of the run. Their rows count, not where they lie.
        model: Name of the network.
        processes: Number of processes that train together.
    """
    rows = [
        [list(splits[split][column]) for column in ("video_id", "time_s", "label")]
        for splits in sets.values()
        for split in ("train", "validation")
    ]
    return options.values(Role.RESUME) | {"model": model, "data": Hasher.hash(rows), "processes": processes}


def claim_run_folder(folder: Path, facts: dict[str, Any], write: bool) -> None:
    """Marks a folder as that of a run.

    Args:
        folder: Folder that gets the checkpoints.
        facts: What `facts_of_run` collected.
        write: Whether this process writes; False for all but one of several processes.

    Raises:
        ValueError: The folder holds checkpoints of another run; to resume from them would pass its weights off as
            those of this run.
    """
    file = folder / _RUN_FILE
    if file.is_file() and any(folder.glob("checkpoint-*")):
        begun = _read(file)
        if others := sorted(name for name in begun | facts if begun.get(name) != facts.get(name)):
            names = ", ".join(name.replace("_", " ") for name in others)
            raise ValueError(f"{folder} holds checkpoints of a run with other {names}; give another --output-dir.")
    elif write:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        unfinished.replace(file)


def earlier_runs(initial_weights: str | None) -> list[dict[str, Any]]:
    """Finds the runs that initial weights come from, the first one first, by the files beside the weights.

    Args:
        initial_weights: File of weights; None, and a file that is no checkpoint of a run, gives no runs.

    Returns:
        For each run what `facts_of_run` collected, and the name of the ``checkpoint``.
    """
    if not initial_weights:
        return []
    checkpoint = Path(initial_weights).resolve().parent
    file = checkpoint.parent / _RUN_FILE
    if not (checkpoint.name.startswith("checkpoint-") and file.is_file()):
        return []
    run = _read(file)
    return [*earlier_runs(run.get("initial_weights")), run | {"checkpoint": checkpoint.name}]


def _read(file: Path) -> dict[str, Any]:
    """Reads what `facts_of_run` collected; kinds of pseudo-fakes get the names that they have now."""
    return {kind_name(name): value for name, value in json.loads(file.read_text(encoding="utf-8")).items()}


def last_complete_checkpoint(folder: Path) -> str | None:
    """Finds the newest checkpoint that was written to its end, or None; a run may be killed while it writes one."""
    checkpoints = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rsplit("-", 1)[1]), reverse=True)
    for checkpoint in checkpoints:
        try:
            json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))  # the file written last
        except (OSError, ValueError):
            logger.warning("%s is incomplete and not used", checkpoint)
        else:
            return str(checkpoint)
    return None
