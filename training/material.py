"""What a run learns from and is measured on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import datasets

from dataset_builder.pseudo_fakes.real_faces import PSEUDO_FAKES, joined, real_faces
from dataset_builder.sources import REAL
from training.data import (
    BINARY,
    EvaluationSet,
    TrainingPairs,
    Transform,
    pseudo_fake_set,
    stands_for_use,
)
from training.options import Options
from training.splits import load_splits

# Splits that a run needs in full; a further test set may have no other than "test".
ALL_SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Material:
    """Data sets, and what is made of them; to measure alone, no classes and no validation.

    Attributes:
        sets: The splits of each data set, by its name in the card.
        classes: Names of the classes, real first.
        validation: One entry a data set and kind of fake.
        test: The same for the test split, and the further test sets.
    """

    sets: dict[str, datasets.DatasetDict]
    classes: tuple[str, ...]
    validation: list[EvaluationSet]
    test: list[EvaluationSet]
    _options: Options

    def training_pairs(self, transform: Transform) -> TrainingPairs:
        """The training crops of a run.

        Raises:
            ValueError: There are none.
        """
        options = self._options
        labelled, *_ = self.sets.values()
        pairs = TrainingPairs(
            labelled["train"],
            self._faces("train") if any(options.shares.values()) else None,
            options.shares,
            options.seed,
            options.epochs,
            options.gentle_share,
            transform,
            self.classes,
        )
        if not len(pairs):
            raise ValueError("--epochs leaves not a single pair of a real and a fake crop to learn from.")
        return pairs

    def _faces(self, split: str):
        cache = Path(self._options.output_dir) / "landmarks"
        return joined([real_faces(splits[split], f"{name}, {split}", cache) for name, splits in self.sets.items()])


def prepare(options: Options) -> Material:
    """Reads the data sets, cut down for a smoke run; to measure alone, no more than their test splits.

    Raises:
        ValueError: A folder is not a data set, or what it holds does not suffice.
    """
    needed = ("test",) if options.evaluate_only else ALL_SPLITS
    folders = [(options.data_name or Path(options.dataset).name, options.dataset)]
    if options.real_dataset and Path(options.real_dataset).resolve() != Path(options.dataset).resolve():
        folders.append((Path(options.real_dataset).name, options.real_dataset))
    further = [(Path(folder).name, folder) for folder in options.test_datasets]
    names = [name for name, _ in folders + further]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"Two data sets are called {twice[0]}, so their figures could not be told apart.")
    sets = {name: load_splits(folder, needed) for name, folder in folders}
    tests = {name: load_splits(folder, needed=("test",)) for name, folder in further}
    for splits in (*sets.values(), *tests.values()):
        for split, rows in splits.items():
            limit = options.max_train_samples if split == "train" else options.max_eval_samples
            if limit and limit < len(rows):
                splits[split] = rows.shuffle(seed=options.seed).select(range(limit))
    measured = {split: _evaluation_sets(sets, split, options) for split in ("validation", "test") if split in needed}
    for name, splits in tests.items():
        if set(splits["test"]["label"]) != {0, 1}:
            raise ValueError(f"The test split of {name} does not hold both real and fake crops.")
        measured["test"].append(EvaluationSet(name, splits["test"]))
    for split, found in measured.items():
        if not any(split == "test" or stands_for_use(data) for data in found):
            raise ValueError(f"The {split} split of {options.dataset} does not hold both real and fake crops.")
    classes = () if options.evaluate_only else _classes(sets, options)
    return Material(sets, classes, measured.get("validation", []), measured["test"], options)


def _evaluation_sets(sets: dict[str, datasets.DatasetDict], split: str, options: Options) -> list[EvaluationSet]:
    """The labelled crops of each data set, where it has fakes, and pseudo-fakes of its real ones."""
    found = []
    cache = Path(options.output_dir) / "landmarks"
    for name, splits in sets.items():
        rows = splits[split]
        if set(rows["label"]) == {0, 1}:
            found.append(EvaluationSet(name, rows))
        if options.pseudo_fake_samples and 0 in rows["label"]:
            faces = real_faces(rows, f"{name}, {split}", cache)
            made = (pseudo_fake_set(name, faces, kind, options.pseudo_fake_samples) for kind in PSEUDO_FAKES)
            found += [data for data in made if data]
    return found


def _classes(sets: dict[str, datasets.DatasetDict], options: Options) -> tuple[str, ...]:
    """Real and the kinds of fakes that the training split of the first data set holds."""
    labelled = next(iter(sets.values()))["train"]
    if len(found := sorted(set(labelled["label"]))) < 2:
        lacking = {(0,): "fakes", (1,): "real crops"}.get(tuple(found), "crops")
        raise ValueError(f"The train split of {options.dataset} holds no {lacking} to learn from.")
    return BINARY if options.labels == "binary" else (REAL, *sorted(set(labelled["manipulation"]) - {REAL}))
