"""What a run learns from and is measured on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import datasets

from dataset_builder.real_faces import PSEUDO_FAKES, joined, real_faces
from dataset_builder.sources import REAL
from training.data import BINARY, EvaluationSet, TrainingPairs, Transform, load_splits, pseudo_fake_set
from training.options import Options

# Splits that a run needs in full; a further test set may have no other than "test".
ALL_SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Material:
    """Data sets, and what is made of them.

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
        """The training crops of a run."""
        options = self._options
        labelled, *_ = self.sets.values()
        return TrainingPairs(
            labelled["train"],
            self._faces("train") if any(options.shares.values()) else None,
            options.shares,
            options.seed,
            options.epochs,
            options.gentle_share,
            transform,
            self.classes,
        )

    def _faces(self, split: str):
        cache = Path(self._options.output_dir) / "landmarks"
        return joined([real_faces(splits[split], f"{name}, {split}", cache) for name, splits in self.sets.items()])


def prepare(options: Options) -> Material:
    """Reads the data sets, cut down for a smoke run.

    Raises:
        ValueError: A folder is not a data set, or options do not fit together.
    """
    options.check()
    sets = {options.data_name or Path(options.dataset).name: load_splits(options.dataset)}
    if options.real_dataset:
        sets[Path(options.real_dataset).name] = load_splits(options.real_dataset)
    tests = {Path(folder).name: load_splits(folder, needed=("test",)) for folder in options.test_datasets}
    for splits in (*sets.values(), *tests.values()):
        for split, rows in splits.items():
            limit = options.max_train_samples if split == "train" else options.max_eval_samples
            if limit and limit < len(rows):
                splits[split] = rows.shuffle(seed=options.seed).select(range(limit))
    labelled = next(iter(sets.values()))
    manipulations = sorted(set(labelled["train"]["manipulation"]) - {REAL})
    if not manipulations:
        raise ValueError(f"{options.dataset} holds no fakes to learn from.")
    classes = BINARY if options.labels == "binary" else (REAL, *manipulations)
    measured: dict[str, list[EvaluationSet]] = {"validation": [], "test": []}
    cache = Path(options.output_dir) / "landmarks"
    for split, found in measured.items():
        for name, splits in sets.items():
            rows = splits[split]
            if set(rows["label"]) == {0, 1}:
                found.append(EvaluationSet(name, rows))
            if options.pseudo_fake_samples:
                faces = real_faces(rows, f"{name}, {split}", cache)
                made = (pseudo_fake_set(name, faces, kind, options.pseudo_fake_samples) for kind in PSEUDO_FAKES)
                found += [data for data in made if data]
    measured["test"] += [EvaluationSet(name, splits["test"]) for name, splits in tests.items()]
    return Material(sets, classes, measured["validation"], measured["test"], options)
