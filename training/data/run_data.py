"""Loads what a run learns from and is measured on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import datasets

from dataset_builder.pseudo_fakes.real_faces import RealFaces, joined, real_faces
from dataset_builder.pseudo_fakes.registry import KINDS
from dataset_builder.sources import REAL
from training.data.evaluation_sets import EvaluationSet, LabelledSet, pseudo_fake_set
from training.data.inputs import Transform
from training.data.splits import load_splits
from training.data.training_pairs import BINARY, TrainingPairs
from training.options import Options

# Splits that a run needs in full; a further test set may have no other than "test".
ALL_SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class RunData:
    """Data sets, and what is made of them; a run that only measures has no classes and no validation.

    Attributes:
        sets: The splits of each data set, by its name in the card.
        classes: Names of the classes, real first.
        validation: One entry for each data set and kind of fake.
        test: The same for the test split, and the further test sets.
    """

    sets: dict[str, datasets.DatasetDict]
    classes: tuple[str, ...]
    validation: list[EvaluationSet]
    test: list[EvaluationSet]
    _options: Options

    def training_pairs(self, transform: Transform) -> TrainingPairs:
        """Lays out the training crops of a run.

        Args:
            transform: Transform from crop to input.

        Raises:
            ValueError: There are none.
        """
        options, training = self._options, self._options.training
        labelled, *_ = self.sets.values()
        shares = options.data.shares
        pairs = TrainingPairs(
            labelled["train"],
            self._training_faces() if any(shares.values()) else None,
            shares,
            training.seed,
            training.epochs,
            training.gentle_share,
            transform,
            self.classes,
        )
        if not len(pairs):
            raise ValueError("--epochs leaves not a single pair of a real and a fake crop to learn from.")
        return pairs

    def _training_faces(self) -> RealFaces:
        """Joins the real training crops of all data sets."""
        cache = _landmark_cache(self._options)
        return joined([real_faces(splits["train"], f"{name}, train", cache) for name, splits in self.sets.items()])


def load_run_data(options: Options) -> RunData:
    """Reads the data sets, cut down for a smoke run; a run that only measures reads no more than their test splits.

    Raises:
        ValueError: A folder is not a data set, or what it holds does not suffice.
    """
    measures_only = bool(options.evaluation.evaluate_only)
    needed = ("test",) if measures_only else ALL_SPLITS
    folders, further = _folders(options)
    # all are read before landmarks are located, which takes minutes
    sets = {name: _load(folder, needed, options) for name, folder in folders}
    further_sets = [_further_test_set(name, folder, options) for name, folder in further]
    validation = [] if measures_only else _evaluation_sets(sets, "validation", options)
    test = [*_evaluation_sets(sets, "test", options), *further_sets]
    if not measures_only and not any(data.stands_for_use for data in validation):
        raise ValueError(f"The validation split of {options.data.dataset} does not hold both real and fake crops.")
    if not test:
        raise ValueError(f"The test split of {options.data.dataset} does not hold both real and fake crops.")
    return RunData(sets, () if measures_only else _classes(sets, options), validation, test, options)


def _landmark_cache(options: Options) -> Path:
    return Path(options.training.output_dir) / "landmarks"


def _folders(options: Options) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Lists name and folder of the data sets of the run, and of the further test sets.

    Raises:
        ValueError: Two have the same name.
    """
    data = options.data
    folders = [(data.data_name or Path(data.dataset).name, data.dataset)]
    if data.real_dataset and Path(data.real_dataset).resolve() != Path(data.dataset).resolve():
        folders.append((Path(data.real_dataset).name, data.real_dataset))
    further = [(Path(folder).name, folder) for folder in data.test_datasets]
    names = [name for name, _ in folders + further]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"Two data sets are called {twice[0]}, so their figures could not be told apart.")
    return folders, further


def _load(folder: str, needed: tuple[str, ...], options: Options) -> datasets.DatasetDict:
    """Loads splits, each cut down to as many crops as the options allow."""
    splits = load_splits(folder, needed)
    for split, rows in splits.items():
        limit = options.data.max_train_samples if split == "train" else options.data.max_eval_samples
        if limit and limit < len(rows):
            splits[split] = rows.shuffle(seed=options.training.seed).select(range(limit))
    return splits


def _further_test_set(name: str, folder: str, options: Options) -> LabelledSet:
    """Loads the test split of a data set that is only measured.

    Raises:
        ValueError: It lacks real or fake crops.
    """
    rows = _load(folder, ("test",), options)["test"]
    if set(rows["label"]) != {0, 1}:
        raise ValueError(f"The test split of {name} does not hold both real and fake crops.")
    return LabelledSet(name, rows)


def _evaluation_sets(sets: dict[str, datasets.DatasetDict], split: str, options: Options) -> list[EvaluationSet]:
    """Makes the labelled set of each data set that has fakes, and the sets of pseudo-fakes of its real crops."""
    found: list[EvaluationSet] = []
    limit = options.evaluation.pseudo_fake_samples
    for name, splits in sets.items():
        rows = splits[split]
        if set(rows["label"]) == {0, 1}:
            found.append(LabelledSet(name, rows))
        if limit and 0 in rows["label"]:
            faces = real_faces(rows, f"{name}, {split}", _landmark_cache(options))
            found += [made for kind in KINDS if (made := pseudo_fake_set(name, faces, kind, limit))]
    return found


def _classes(sets: dict[str, datasets.DatasetDict], options: Options) -> tuple[str, ...]:
    """Names the classes: real, and the kinds of fakes that the training split of the first data set holds.

    Raises:
        ValueError: That split lacks real or fake crops.
    """
    labelled = next(iter(sets.values()))["train"]
    if len(found := sorted(set(labelled["label"]))) < 2:
        lacking = {(0,): "fakes", (1,): "real crops"}.get(tuple(found), "crops")
        raise ValueError(f"The train split of {options.data.dataset} holds no {lacking} to learn from.")
    return BINARY if options.network.labels == "binary" else (REAL, *sorted(set(labelled["manipulation"]) - {REAL}))
