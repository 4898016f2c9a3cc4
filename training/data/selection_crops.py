"""The validation crops that early stopping looks at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image

from dataset_builder.rows import spread
from training.data.evaluation_sets import EvaluationSet
from training.data.inputs import Transform


class SelectionCrops(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    """Crops of evaluation sets as single items, every second one re-compressed."""

    def __init__(self, sets: Sequence[EvaluationSet], limit: int, transform: Transform):
        """Chooses the crops, evenly spaced.

        Args:
            sets: Evaluation sets to take crops from.
            limit: Largest number of crops of each set and label.
            transform: Transform from crop to input.
        """
        self._items = [
            (data, int(number))
            for data in sets
            for label in (0, 1)
            for number in spread(np.flatnonzero(data.labels == label), limit)
        ]
        self._transform = transform

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        """Gives ``pixel_values`` ``(C, H, W)`` and ``labels``, 0 or 1."""
        data, number = self._items[index]
        crop = Image.fromarray(data.crop(number, as_posted=True))
        return {"pixel_values": self._transform(crop), "labels": torch.tensor(int(data.labels[number]))}
