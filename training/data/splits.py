"""Loads data sets of the builder, as `--output` or `--parquet` wrote them."""

from __future__ import annotations

from pathlib import Path

import datasets

from dataset_builder.records import features


def load_splits(folder: str, needed: tuple[str, ...]) -> datasets.DatasetDict:
    """Loads splits of a data set of the builder, with manipulations by name, not by number, so that sets can be joined.

    Args:
        folder: Folder for `datasets.load_from_disk`, or with Parquet shards of one configuration.
        needed: Splits that it must have.

    Raises:
        ValueError: The folder is no such data set, or lacks a needed split.
    """
    try:
        splits = datasets.load_from_disk(folder)
    except FileNotFoundError as error:
        splits = _from_parquet(Path(folder))
        if splits is None:
            raise ValueError(f"{folder} is not a data set; build one with python -m dataset_builder first.") from error
    if not isinstance(splits, datasets.DatasetDict):
        raise ValueError(f"{folder} is a single split; name the folder above it.")
    if missing := set(needed) - set(splits):
        raise ValueError(f"{folder} has no split {', '.join(sorted(missing))}.")
    for split in needed:
        if missing := set(features(())) - set(splits[split].column_names):
            raise ValueError(
                f"{folder} was not built by this version of the builder: it has no column {', '.join(sorted(missing))}."
            )
    return datasets.DatasetDict({split: _with_names(splits[split]) for split in needed})


def _from_parquet(folder: Path) -> datasets.DatasetDict | None:
    """Loads the only configuration in a folder; None where there is none.

    Raises:
        ValueError: There are several.
    """
    inside = sorted({file.parent for depth in ("*", "*/*") for file in folder.glob(f"{depth}-of-*.parquet")})
    if not inside:
        return None
    if len(inside) > 1:
        raise ValueError(f"{folder} holds several configurations; name one: {', '.join(map(str, inside))}.")
    files: dict[str, list[str]] = {}
    for file in sorted(inside[0].glob("*-of-*.parquet")):
        files.setdefault(file.name.split("-")[0], []).append(str(file))
    return datasets.load_dataset("parquet", data_files=files)


def _with_names(rows: datasets.Dataset) -> datasets.Dataset:
    """Replaces the numbers of manipulations by their names."""
    names = rows.features["manipulation"].int2str(list(rows["manipulation"]))
    feature = datasets.Value("string")
    return rows.remove_columns("manipulation").add_column("manipulation", names, feature=feature)
