"""Writes a folder of pseudo-fakes beside the real images and the masks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from dataset_builder.pseudo_fakes.face_lists import FaceList, RealFace
from dataset_builder.pseudo_fakes.kind import PseudoFake
from dataset_builder.pseudo_fakes.registry import KINDS

# Kinds that choose partners, or learn, get at least so many faces.
_MIN_FACES = 200


def make_pseudo_fakes(
    faces: Iterator[RealFace], kind: str, count: int, random: np.random.Generator
) -> Iterator[tuple[PseudoFake, RealFace, RealFace]]:
    """Makes pseudo-fakes, at most one of each face; repeatable by the seed of `random`.

    Args:
        faces: Real faces. Kinds that need others beside the face itself hold the landmarks of some three times `count`.
        kind: A name of `registry.KINDS`.
        count: How many are wanted at most.
        random: Source of all randomness.

    Yields:
        A fake, the face it was made of, and the face that was put there.
    """
    per_fake = KINDS[kind].faces_per_fake
    wanted = count if per_fake == 1 else max(per_fake * count, _MIN_FACES)
    pool = list(islice(faces, wanted))
    if not pool:
        return
    maker = KINDS[kind].maker(FaceList(pool))
    made = (
        (fake, pool[row], pool[fake.source])
        for row in range(len(pool))
        if (fake := maker.make(row, random)) is not None
    )
    yield from islice(made, count)


def write_folder(fakes: Iterator[tuple[PseudoFake, RealFace, RealFace]], output: Path, count: int) -> int:
    """Writes ``real``, ``fake`` and ``masks`` (PNG, by number) and ``pairs.jsonl``; returns how many.

    Args:
        fakes: From `make_pseudo_fakes`.
        output: New or empty folder.
        count: How many are expected, for the progress bar.

    Raises:
        FileExistsError: The folder is not empty: old and new files must not mix.
    """
    if output.is_dir() and any(output.iterdir()):
        raise FileExistsError(f"{output} is not empty.")
    for part in ("real", "fake", "masks"):
        (output / part).mkdir(parents=True, exist_ok=True)
    written = 0
    with (output / "pairs.jsonl").open("w", encoding="utf-8") as lines:
        for made, target, source in tqdm(fakes, total=count, desc="making pseudo-fakes", unit="fake", disable=None):
            name = f"{written:06d}.png"
            Image.fromarray(made.target).save(output / "real" / name)
            Image.fromarray(made.fake).save(output / "fake" / name)
            Image.fromarray(np.rint(made.mask * 255).astype(np.uint8)).save(output / "masks" / name)
            lines.write(json.dumps({"file": name, "target": target.name, "source": source.name}) + "\n")
            written += 1
    return written
