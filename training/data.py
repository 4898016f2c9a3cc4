"""Rows of the builder's data sets as what the network trains on and is measured on."""

from __future__ import annotations

import datasets
import numpy as np
import torch
from PIL import Image
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD

from dataset_builder.self_blended import self_blend
from detector.faces import crop_square
from training.augmentation import augment
from training.network import INPUT_SIZE

_MEAN, _STD = np.array(IMAGENET_DEFAULT_MEAN, np.float32), np.array(IMAGENET_DEFAULT_STD, np.float32)


def load_splits(folder: str) -> datasets.DatasetDict:
    """A data set of the builder.

    Raises:
        ValueError: The folder is none, or lacks a split.
    """
    try:
        splits = datasets.load_from_disk(folder)
    except FileNotFoundError as error:
        raise ValueError(f"{folder} is not a data set; build one with python -m dataset_builder first.") from error
    if missing := {"train", "validation", "test"} - set(splits):
        raise ValueError(f"{folder} has no split {', '.join(sorted(missing))}.")
    return splits


def as_pairs(rows: datasets.Dataset) -> datasets.Dataset:
    """Every real crop twice: as it is, and marked to be self-blended and labelled fake."""
    real = rows.filter(lambda label: label == 0, input_columns="label")
    columns = {
        "label": [1] * len(real),
        "manipulation": ["self_blended"] * len(real),
        "video_id": [f"self_blended/{name}" for name in real["video_id"]],
    }
    fake = real
    for column, values in columns.items():
        fake = fake.remove_columns(column).add_column(column, values, feature=rows.features[column])
    fake = fake.select_columns(real.column_names)
    return datasets.concatenate_datasets([real, fake])


def read_crop(row: dict, random: np.random.Generator) -> np.ndarray:
    """The crop of a row, ``(S, S, 3)`` uint8 RGB; self-blended if the row says so."""
    crop = np.asarray(row["image"].convert("RGB"))
    if row["manipulation"] != "self_blended":
        return crop
    left, top, _ = crop_square(row["box_px"])
    return self_blend(crop, np.asarray(row["landmarks_px"]) - [left, top], random)[0]


def training_transform(batch: dict) -> dict:
    """Augments and normalises rows of the data set; resizes as the application does."""
    # torch seeds every worker differently and repeatably
    random = np.random.default_rng(int(torch.randint(2**31, ()).item()))
    pixels = []
    for values in zip(*batch.values(), strict=True):
        crop = augment(read_crop(dict(zip(batch, values, strict=True)), random), random)
        small = Image.fromarray(crop).resize((INPUT_SIZE, INPUT_SIZE), Image.Resampling.BICUBIC)
        pixels.append(torch.from_numpy((np.asarray(small, np.float32) / 255 - _MEAN) / _STD).permute(2, 0, 1))
    return {"pixel_values": pixels, "labels": batch["label"]}
