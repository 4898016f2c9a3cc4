"""Packs what a run on a GPU learns from into a few files that travel: pictures and clips as they are, and an index.

    python -m training.on_gpu.pack --ffpp DIR --ffpp-frames DIR --dfdc-pairs DIR --swaps DIR --reals DIR DIR --output pack
    python -m training.on_gpu.pack --splits validation test --ffpp DIR ... --output held_out

Nothing is decoded and encoded again: the traces of compression are what the network must see. The splits are those of
`dataset_builder`. The index has a row for each face: its file, frame, box and landmarks, its class, and the row of the
real face that a fake was made from.
"""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from dataset_builder.extraction.instants import frames_at_instants, same_frames
from dataset_builder.pseudo_fakes.blending import MASK_PARTS
from dataset_builder.pseudo_fakes.landmarks import FaceLandmarker
from detector.command_line import error_line, stoppable
from detector.errors import MediaError
from detector.faces.detection import MIN_FACE_PX, FaceDetector
from detector.faces.tracking import link_tracks
from detector.facts import Box, DetectedFace
from detector.media.photos.images import read_image
from detector.media.videos.video import Video
from training.on_gpu.sources import Sample, Selection, find_samples

# The landmarks that outlines of parts of a face are drawn from.
POINTS = sorted({number for part in MASK_PARTS.values() for number in part})
FRAMES_PER_CLIP = 25


@dataclass
class Index:
    """Columns of the index, one entry a face."""

    source: list[str] = field(default_factory=list)
    manipulation: list[str] = field(default_factory=list)
    split: list[str] = field(default_factory=list)
    group: list[str] = field(default_factory=list)
    file: list[str] = field(default_factory=list)
    frame: list[int] = field(default_factory=list)
    original: list[int] = field(default_factory=list)
    box: list[Box] = field(default_factory=list)
    point: list[np.ndarray] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Writes the columns as arrays that need no pickle; in the plural, as numpy has an argument ``file`` of its own."""
        columns: dict[str, Any] = {f"{name}s": np.asarray(values) for name, values in vars(self).items()}
        np.savez_compressed(path, **columns)


class Packer:
    """Collects faces and files."""

    def __init__(self) -> None:
        self.index = Index()
        self.files: dict[str, Path] = {}
        self._row_of_photo: dict[str, int] = {}
        self._detector, self._landmarker = FaceDetector(), FaceLandmarker()

    def add_photo(self, sample: Sample, split: str) -> None:
        """Adds the largest face of a photo; a fake of a pair has the box of its original.

        Raises:
            MediaError: It cannot be read.
        """
        original = self._row_of_photo.get(sample.original, -1)
        points = None
        if original >= 0:
            face = DetectedFace(self.index.box[original], (), 1.0)
        else:
            image = read_image(sample.path)[1]
            found = [face for face in self._detector.detect(image)[:1] if face.size_px >= MIN_FACE_PX]
            if not found:
                return
            face = found[0]
            points = None if sample.is_fake else self._landmarker.locate(image, face)
        name = f"{sample.name}{sample.path.suffix}"
        self.files[name] = sample.path
        self._row_of_photo[sample.name] = self._add(sample, split, name, -1, face, points, original)

    def add_clip(self, clip: Sample, fakes: list[Sample], split: str, variants: dict[str, Path]) -> None:
        """Adds evenly spaced frames of a real clip, of the fakes made from it, and of re-encoded copies of all of them.

        Args:
            clip: The real one.
            fakes: Made from it; those of another size are left out.
            split: Of all of them.
            variants: By suffix, the folder that holds a copy of every clip under its name; "" is the clip itself.

        Raises:
            MediaError: The real clip cannot be read.
        """
        with Video(clip.path, max_bytes=None) as video:
            times = dict(enumerate(video.frame_times))
            numbers = np.linspace(0, len(times) - 1, min(FRAMES_PER_CLIP, len(times))).round().astype(int)
            frames = dict(frames_at_instants(video, {int(number): times[int(number)] for number in numbers}))
            lengths = {clip.name: len(times)} | {fake.name: _shared_frames(fake, video) for fake in fakes}
        order = sorted(frames)
        tracks = link_tracks([self._detector.detect(frames[number].image, try_turned=False) for number in order])
        track = {order[seen.frame]: seen.face for seen in tracks[0]} if tracks else {}
        track = {number: face for number, face in track.items() if face.size_px >= MIN_FACE_PX}
        points = {number: self._landmarker.locate(frames[number].image, face) for number, face in track.items()}
        for suffix, folder in variants.items():
            rows: dict[int, int] = {}
            for member in (clip, *fakes):
                name = f"{member.name}{suffix}"
                shown = {number: face for number, face in track.items() if number < lengths[member.name]}
                if shown:
                    self.files[name] = folder / member.path.relative_to(member.root) if suffix else member.path
                for number, face in shown.items():
                    located = None if member.is_fake else points[number]
                    row = self._add(member, split, name, number, face, located, rows.get(number, -1))
                    rows.setdefault(number, row)

    def _add(
        self,
        sample: Sample,
        split: str,
        file: str,
        frame: int,
        face: DetectedFace,
        points: np.ndarray | None,
        original: int,
    ) -> int:
        """Adds a face and gives its row."""
        index = self.index
        index.source.append(sample.source)
        index.manipulation.append(sample.item.manipulation)
        index.split.append(split)
        index.group.append(sample.item.group)
        index.file.append(file)
        index.frame.append(frame)
        index.original.append(original)
        index.box.append(face.box_px)
        index.point.append(np.full((len(POINTS), 2), np.nan, np.float32) if points is None else points[POINTS])
        return len(index.box) - 1

    def save(self, folder: Path, part_bytes: int) -> None:
        """Writes ``index.npz``, ``parts.json`` and the files, in parts of at most so many bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        self.index.save(folder / "index.npz")
        place = {number: row for row, number in enumerate(POINTS)}
        parts = {name: [place[number] for number in members] for name, members in MASK_PARTS.items()}
        (folder / "parts.json").write_text(json.dumps(parts), encoding="utf-8")
        for number, names in enumerate(_portions(self.files, part_bytes)):
            with zipfile.ZipFile(folder / f"part_{number:02}.zip", "w", zipfile.ZIP_STORED) as part:
                for name in names:
                    part.write(self.files[name], name)


def _shared_frames(fake: Sample, real: Video) -> int:
    """Counts the frames that a fake shares with its original; 0 where their sizes differ or the fake cannot be read."""
    try:
        with Video(fake.path, max_bytes=None) as video:
            return len(same_frames(video, real)) if video.size_px == real.size_px else 0
    except MediaError as error:
        sys.stderr.write(f"skipped {fake.path}: {error}\n")
        return 0


def _portions(files: dict[str, Path], limit: int) -> list[list[str]]:
    """Splits names into portions whose files have at most so many bytes together."""
    portions: list[list[str]] = []
    size = limit
    for name, path in sorted(files.items()):
        if size + path.stat().st_size > limit:
            portions.append([])
            size = 0
        portions[-1].append(name)
        size += path.stat().st_size
    return portions


def pack(options: argparse.Namespace) -> None:
    """Writes a pack.

    Raises:
        OSError: A folder or file is missing.
        ValueError: No folder is named, a table is not what it should be, or there is no face to pack.
    """
    clips, photos = find_samples(options)
    selection = Selection(tuple(options.splits), frozenset(options.leave_out))
    cv2.setNumThreads(1)
    packer = Packer()
    for photo in tqdm(photos, desc="photos", unit="file", disable=None):
        if split := selection.place(photo):
            try:
                packer.add_photo(photo, split)
            except MediaError as error:
                sys.stderr.write(f"skipped {photo.path}: {error}\n")
    variants = {"": Path()} | {f".{folder.name}": folder for folder in options.recompressed}
    reals = [clip for clip in clips if not clip.is_fake]
    for clip in tqdm(reals, desc="clips", unit="clip", disable=None):
        if split := selection.place(clip):
            fakes = [other for other in clips if other.original == clip.name and selection.place(other)]
            packer.add_clip(clip, fakes, split, variants)
    if not packer.index.box:
        raise ValueError("There is nothing to pack: these folders hold no face in the splits that were asked for.")
    packer.save(options.output, round(options.part_mb * 1e6))


@stoppable
def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code: 0 done, 2 a folder is wrong or none is named, 130 stopped by Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m training.on_gpu.pack", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ffpp", type=Path, help="FaceForensics++ folder, clips in c23")
    parser.add_argument(
        "--recompressed", type=Path, nargs="*", default=[], help="copies of that folder, clips encoded again"
    )
    parser.add_argument("--ffpp-frames", type=Path, help="folder of FaceForensics++ face frames with frames.csv")
    parser.add_argument("--dfdc-pairs", type=Path, help="folder of DFDC pairs with pairs.csv")
    parser.add_argument("--swaps", type=Path, help="folder with real and fake photos")
    parser.add_argument(
        "--reals", type=Path, nargs="*", default=[], help="folders of real faces; sub-folders are sources"
    )
    parser.add_argument(
        "--leave-out", nargs="*", default=[], help="manipulations and sources that stay out of training"
    )
    parser.add_argument("--splits", nargs="+", default=["train", "validation"], choices=["train", "validation", "test"])
    parser.add_argument("--part-mb", type=float, default=55, help="largest size of a file (default: %(default)s)")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    options = parser.parse_args(arguments)
    try:
        pack(options)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error_line(error)}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
