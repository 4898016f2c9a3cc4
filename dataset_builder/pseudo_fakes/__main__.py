"""python -m dataset_builder.pseudo_fakes: real faces in, a folder of pseudo-fakes with their masks out."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import datasets
import numpy as np
from PIL import Image
from tqdm import tqdm

from dataset_builder.error_line import error_line
from dataset_builder.pseudo_fakes.eigenfaces import MAX_FACES, Eigenfaces, rebuild_face
from dataset_builder.pseudo_fakes.landmark_swap import Partners, face_light, swap_face
from dataset_builder.pseudo_fakes.landmarks import FaceLandmarker, face_in_crop
from dataset_builder.pseudo_fakes.real_faces import read_crop
from dataset_builder.pseudo_fakes.self_blended import self_blend
from detector.errors import MediaError
from detector.faces.detection import MIN_FACE_PX, FaceDetector
from detector.media.images import read_image

logger = logging.getLogger(__name__)

KINDS = ("self-blended", "face-swap", "eigenface")
# Faces to choose partners from, or to learn eigenfaces from, for every pseudo-fake that is asked for.
_FACES_PER_FAKE = 3
_MIN_FACES = 200


@dataclass(frozen=True)
class RealFace:
    """A real face to make pseudo-fakes of.

    Attributes:
        name: Of the photo or crop.
        group: The same for photos of one person or sequence, as far as is known.
        landmarks: ``(478, 2)`` in pixels of the image.
        read: Gives the image, ``(H, W, 3)`` uint8 RGB; hundreds of photos at once would not fit into memory.
    """

    name: str
    group: str
    landmarks: np.ndarray
    read: Callable[[], np.ndarray]


@dataclass(frozen=True)
class PseudoFake:
    """A real image and the fake made of it.

    Attributes:
        real: The image without the manipulation, ``(H, W, 3)`` uint8 RGB: the same as the fake outside the mask.
        fake: The manipulated one, of the same shape.
        mask: Where and how much, ``(H, W)`` float32 0..1.
        target: Name of the real image.
        source: Name of the image that gave the face.
    """

    real: np.ndarray
    fake: np.ndarray
    mask: np.ndarray
    target: str
    source: str


def faces_of_dataset(folder: Path, random: np.random.Generator) -> Iterator[RealFace]:
    """The real crops of a data set of the builder, all splits, in random order.

    Raises:
        FileNotFoundError: The folder is no such data set.
    """
    splits = datasets.load_from_disk(str(folder))
    if not isinstance(splits, datasets.DatasetDict):
        raise FileNotFoundError(f"{folder} is one split of a data set; give the folder above it.")
    landmarker = FaceLandmarker()
    places = [
        (split, int(row)) for split in sorted(splits) for row in np.flatnonzero(np.array(splits[split]["label"]) == 0)
    ]
    for index in random.permutation(len(places)):
        split, number = places[index]
        row = splits[split][number]
        image = read_crop(row)
        landmarks = landmarker.locate(image, face_in_crop(row["box_px"], row["landmarks_px"]))
        if landmarks is not None:
            yield RealFace(row["video_id"], row["group"], landmarks, partial(_read_row, splits[split], number))


def _read_row(rows: datasets.Dataset, number: int) -> np.ndarray:
    return read_crop(rows[number])


def faces_of_folder(folder: Path, random: np.random.Generator) -> Iterator[RealFace]:
    """The largest face of each photo of a folder, or of ``real`` below it, in random order.

    Raises:
        FileNotFoundError: There is no file.
    """
    root = folder / "real" if (folder / "real").is_dir() else folder
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    if not paths:
        raise FileNotFoundError(f"No photo lies in {root}.")
    detector, landmarker = FaceDetector(), FaceLandmarker()
    for index in random.permutation(len(paths)):
        path = paths[index]
        try:
            _, image = read_image(path)
        except MediaError as error:
            logger.warning("skipped %s: %s", path, error)
            continue
        # of a photo that lies on its side nothing is made
        faces = [face for face in detector.detect(image, try_turned=False)[:1] if face.size_px >= MIN_FACE_PX]
        landmarks = landmarker.locate(image, faces[0]) if faces else None
        if landmarks is not None:
            name = path.relative_to(root).as_posix()
            yield RealFace(name, name, landmarks, partial(_read_photo, path))


def _read_photo(path: Path) -> np.ndarray:
    return read_image(path)[1]


def make_pseudo_fakes(
    faces: Iterator[RealFace], kind: str, count: int, random: np.random.Generator
) -> Iterator[PseudoFake]:
    """At most `count` pseudo-fakes, one a face; repeatable by the seed of `random`.

    Args:
        faces: Real faces; of swaps, the landmarks of some three times `count` are held to find partners of the same
            pose; eigenfaces are learned from as many.
        kind: One of `KINDS`.
        count: How many.
        random: Source of all randomness.
    """
    if kind == "self-blended":
        for _, face in zip(range(count), faces, strict=False):
            fake, mask, target = self_blend(face.read(), face.landmarks, random)
            yield PseudoFake(target, fake, mask, face.name, face.name)
        return
    # range first: zip takes from the left, and a face too many would be read for nothing
    wanted = range(max(_FACES_PER_FAKE * count, _MIN_FACES))
    pool = [face for _, face in zip(wanted, faces, strict=False)]
    if pool:
        yield from (_rebuilt if kind == "eigenface" else _swapped)(pool, count, random)


def _rebuilt(pool: list[RealFace], count: int, random: np.random.Generator) -> Iterator[PseudoFake]:
    known = pool[:MAX_FACES]
    eigenfaces = Eigenfaces.learn((face.read() for face in known), [face.landmarks for face in known])
    for face in pool[:count]:
        image = face.read()
        fake, mask = rebuild_face(image, face.landmarks, eigenfaces, random)
        yield PseudoFake(image, fake, mask, face.name, face.name)


def _swapped(pool: list[RealFace], count: int, random: np.random.Generator) -> Iterator[PseudoFake]:
    partners = Partners(
        np.stack([face.landmarks for face in pool]),
        np.stack([face_light(face.read(), face.landmarks) for face in pool]),
        [face.group for face in pool],
    )
    made = 0
    for row, target in enumerate(pool):
        partner = partners.choose(row, random) if made < count else None
        if partner is None:
            continue
        source, image = pool[partner], target.read()
        fake, mask = swap_face(source.read(), source.landmarks, image, target.landmarks, random)
        yield PseudoFake(image, fake, mask, target.name, source.name)
        made += 1


def write_folder(fakes: Iterator[PseudoFake], output: Path, count: int) -> int:
    """Writes ``real``, ``fake`` and ``masks`` (PNG, by number) and ``pairs.jsonl``; returns how many.

    Raises:
        FileExistsError: The folder is not empty: old and new files must not mix.
    """
    if output.is_dir() and any(output.iterdir()):
        raise FileExistsError(f"{output} is not empty.")
    for part in ("real", "fake", "masks"):
        (output / part).mkdir(parents=True, exist_ok=True)
    written = 0
    with (output / "pairs.jsonl").open("w", encoding="utf-8") as lines:
        for made in tqdm(fakes, total=count, desc="making pseudo-fakes", unit="fake", disable=None):
            name = f"{written:06d}.png"
            Image.fromarray(made.real).save(output / "real" / name)
            Image.fromarray(made.fake).save(output / "fake" / name)
            Image.fromarray(np.rint(made.mask * 255).astype(np.uint8)).save(output / "masks" / name)
            lines.write(json.dumps({"file": name, "target": made.target, "source": made.source}) + "\n")
            written += 1
    return written


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line; see ``--help``."""
    parser = argparse.ArgumentParser(
        prog="python -m dataset_builder.pseudo_fakes",
        description="Makes fakes of real faces and writes OUTPUT/real, fake and masks; python -m dataset_builder "
        "--images OUTPUT makes a data set of them.",
        epilog="example: python -m dataset_builder.pseudo_fakes --images portraits --kind self-blended "
        "--output data/self_blended --seed 1 --count 500",
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--dataset", type=Path, help="data set of the builder: its real crops")
    source.add_argument("--images", type=Path, help="folder of real photos, or one with real below it")
    parser.add_argument(
        "--kind", choices=KINDS, required=True, help="a face blended into itself, put on another person, or rebuilt"
    )
    parser.add_argument("--output", type=Path, required=True, help="new or empty folder")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same bytes (default: %(default)s)")
    parser.add_argument("--count", type=int, default=1000, help="at most so many fakes (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    options = parser.parse_args(arguments)
    if options.count < 1 or options.seed < 0:
        parser.error("--count must be at least 1 and --seed at least 0")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code: 0, or 2 for a wrong folder or where no fake could be made."""
    options = parse_arguments(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    order, random = np.random.default_rng(options.seed).spawn(2)
    faces = faces_of_dataset(options.dataset, order) if options.dataset else faces_of_folder(options.images, order)
    try:
        written = write_folder(
            make_pseudo_fakes(faces, options.kind, options.count, random), options.output, options.count
        )
    except OSError as error:
        sys.stderr.write(f"{error_line(error)}\n")
        return 2
    if not written:
        sys.stderr.write("No fake could be made: no face was found, or none of another person in the same pose.\n")
        return 2
    summary = {"kind": options.kind, "written": written, "wanted": options.count, "output": str(options.output)}
    text = f"{written} of {options.count} {options.kind} fakes in {options.output}"
    sys.stdout.write((json.dumps(summary) if options.json else text) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
