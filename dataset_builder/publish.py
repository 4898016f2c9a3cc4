"""Brings a built data set to where it goes: a folder for `load_from_disk`, Parquet shards, the Hub."""

from __future__ import annotations

import json
import math
from pathlib import Path

import datasets
from huggingface_hub import CommitOperationAdd, DatasetCard, HfApi, hf_hub_download
from tqdm import tqdm

from dataset_builder.card import render_card
from dataset_builder.summary import Summary

MAX_SHARD_BYTES = 500 * 1024**2
SUMMARIES = "summaries"
SAVED_SIGN = "dataset_dict.json"


def check_target(folder: Path, sign: str) -> None:
    """Makes sure of a folder before hours of work: new, empty, or written by the builder before.

    Args:
        folder: Folder that a data set shall go to.
        sign: The file or folder in it by which the builder knows its own.

    Raises:
        FileExistsError: It is a file, or holds something else.
    """
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder} is a file; give a folder.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / sign).exists():
        raise FileExistsError(f"{folder} is not empty and holds no data set; give another folder.")


def save(splits: datasets.DatasetDict, summary: Summary, folder: Path, num_proc: int = 1) -> None:
    """Writes a folder that `datasets.load_from_disk` reads, with card and summary."""
    splits.save_to_disk(str(folder), max_shard_size=MAX_SHARD_BYTES, num_proc=num_proc if num_proc > 1 else None)
    (folder / "README.md").write_text(render_card([summary]), encoding="utf-8")
    (folder / "summary.json").write_text(json.dumps(summary.to_dict(), indent=2) + "\n", encoding="utf-8")


def save_parquet(splits: datasets.DatasetDict, summary: Summary, folder: Path) -> None:
    """Writes Parquet shards and a card, as they lie on the Hub; `datasets.load_dataset` reads the folder.

    Other configurations that were written there before stay.
    """
    target = folder / summary.config
    target.mkdir(parents=True, exist_ok=True)
    for split, rows in splits.items():
        for old in target.glob(f"{split}-*-of-*.parquet"):
            old.unlink()
        count = max(math.ceil(rows.data.nbytes / MAX_SHARD_BYTES), 1)
        for number in tqdm(range(count), desc=f"writing {split}", unit="shard", disable=None):
            shard = rows.shard(count, number, contiguous=True)
            shard.to_parquet(target / f"{split}-{number:05d}-of-{count:05d}.parquet")
    (folder / SUMMARIES).mkdir(exist_ok=True)
    (folder / SUMMARIES / f"{summary.config}.json").write_text(
        json.dumps(summary.to_dict(), indent=2) + "\n", encoding="utf-8"
    )
    summaries = [
        Summary(**json.loads(file.read_text(encoding="utf-8"))) for file in sorted((folder / SUMMARIES).glob("*.json"))
    ]
    configs = [
        {
            "config_name": member.config,
            "data_files": [
                {"split": split, "path": f"{member.config}/{split}-*"}
                for split, counts in member.frames.items()
                if counts
            ],
        }
        for member in summaries
    ]
    (folder / "README.md").write_text(render_card(summaries, configs), encoding="utf-8")


def make_repository(repo_id: str, public: bool = False) -> None:
    """Makes sure of a Hub data set before hours of work: private and gated, each request approved by hand.

    Args:
        repo_id: Hub data set.
        public: Whether it is neither private nor gated.
    """
    api = HfApi()
    api.create_repo(repo_id, repo_type="dataset", private=not public, exist_ok=True)
    api.update_repo_settings(repo_id, repo_type="dataset", private=not public, gated=False if public else "manual")


def push(splits: datasets.DatasetDict, summary: Summary, repo_id: str, public: bool = False) -> str:
    """Uploads a configuration with card and summary; configurations pushed before stay.

    The repository is private and gated before any crop is there.

    Args:
        splits: The data set.
        summary: The counts of its build.
        repo_id: Hub data set.
        public: See `make_repository`.

    Returns:
        The commit of the card, which is the revision to cite.
    """
    api = HfApi()
    make_repository(repo_id, public)
    splits.push_to_hub(
        repo_id, config_name=summary.config, private=not public, max_shard_size=MAX_SHARD_BYTES, set_default=False
    )
    summaries = {summary.config: summary}
    for path in api.list_repo_files(repo_id, repo_type="dataset"):
        if path.startswith(f"{SUMMARIES}/") and Path(path).stem != summary.config:
            text = Path(hf_hub_download(repo_id, path, repo_type="dataset")).read_text(encoding="utf-8")
            summaries[Path(path).stem] = Summary(**json.loads(text))
    written = DatasetCard.load(repo_id).data.to_dict()  # configurations and features, by push_to_hub
    card = render_card([summaries[name] for name in sorted(summaries)], more=written)
    commit = api.create_commit(
        repo_id,
        [
            CommitOperationAdd("README.md", card.encode()),
            CommitOperationAdd(
                f"{SUMMARIES}/{summary.config}.json", (json.dumps(summary.to_dict(), indent=2) + "\n").encode()
            ),
        ],
        commit_message=f"Card and summary of {summary.config}",
        repo_type="dataset",
    )
    return commit.oid
