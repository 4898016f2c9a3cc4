"""Pseudo-fakes as a transform of a data set: ``rows.with_transform(PseudoFakeTransform(faces, "self_blended"))``."""

from __future__ import annotations

import numpy as np
from PIL import Image

from dataset_builder.pseudo_fakes.real_faces import PSEUDO_FAKES, RealFaces


class PseudoFakeTransform:
    """Turns real crops into pseudo-fakes as they are read; every row is the same each time.

    A fake gets label 1, the kind as its ``manipulation``, and its mask in the column ``mask``. Rows that
    are fake already, or of which none can be made (no landmarks, nobody of the same pose), stay as they are.
    Some self-blended images have other colours or sharpness all over: to learn from, show beside them as real
    what `RealFaces.pseudo_fake` gives with them.
    """

    def __init__(self, faces: RealFaces, kind: str, share: float = 1.0, seed: int = 0):
        """Remembers the faces; nothing is made yet.

        Args:
            faces: From `real_faces` of the rows that will be read, or of more.
            kind: One of `PSEUDO_FAKES`.
            share: Of the real crops that become fakes, 0..1.
            seed: Of the choice of crops and of all that is random in a fake.

        Raises:
            ValueError: The kind is unknown.
        """
        if kind not in PSEUDO_FAKES:
            raise ValueError(f"kind must be one of {', '.join(PSEUDO_FAKES)}, not {kind}.")
        self._faces, self._kind, self._share, self._seed = faces, kind, share, seed
        names = zip(faces.rows["video_id"], faces.rows["time_s"], strict=True)
        self._number = {name: number for number, name in enumerate(names)}

    def __call__(self, batch: dict[str, list]) -> dict[str, list]:
        """A batch of rows as `datasets` gives it, with images, labels, manipulations and masks replaced."""
        batch = {name: list(values) for name, values in batch.items()}
        batch.setdefault("mask", [None] * len(batch["image"]))
        for place, name in enumerate(zip(batch["video_id"], batch["time_s"], strict=True)):
            number = self._number.get(name)
            if batch["label"][place] or number is None:
                continue
            random = np.random.default_rng([self._seed, number])
            made = self._faces.pseudo_fake(number, self._kind, random) if random.random() < self._share else None
            if made is not None:
                fake, mask, _ = made
                batch["image"][place] = Image.fromarray(fake)
                batch["mask"][place] = Image.fromarray(np.rint(mask * 255).astype(np.uint8))
                batch["label"][place], batch["manipulation"][place] = 1, self._kind
        return batch
