"""What a pack is made of: photos and clips with their splits, as the data set builder finds and deals them."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from dataset_builder.layouts import dfdc_pairs, faceforensics, ffpp_frames, labelled, real_faces
from dataset_builder.sources import SourceItem, SourceSet
from dataset_builder.splits import deal

_CLIP_MANIPULATIONS = ("Deepfakes", "Face2Face", "FaceSwap")


@dataclass(frozen=True)
class Sample:
    """A photo of one face, or a clip.

    Attributes:
        item: What the builder knows of it.
        name: Unique in the pack.
        source: The set it is from.
        split: Its split.
        root: The folder of its set.
    """

    item: SourceItem
    name: str
    source: str
    split: str
    root: Path

    @property
    def path(self) -> Path:
        """Where it lies."""
        return Path(self.item.path)

    @property
    def is_fake(self) -> bool:
        """Whether it was manipulated."""
        return bool(self.item.label)

    @property
    def original(self) -> str:
        """`name` of the real one that a fake was made from, where known."""
        return f"{self.source}/{self.item.target_video}" if self.item.target_video else ""


@dataclass(frozen=True)
class Selection:
    """Which of the samples found go into a pack.

    Attributes:
        splits: Splits that are wanted.
        left_out: Manipulations and sources that stay out of training. A source that stays out serves as test, whatever
            its split; of a manipulation, what shows the people of the training split stays out of everything.
    """

    splits: tuple[str, ...]
    left_out: frozenset[str]

    def place(self, sample: Sample) -> str | None:
        """Gives the split in which a sample is wanted; None where it is not."""
        split = "test" if sample.source in self.left_out else sample.split
        if split == "train" and sample.item.manipulation in self.left_out:
            return None
        return split if split in self.splits else None


def find_samples(options: argparse.Namespace) -> tuple[list[Sample], list[Sample]]:
    """Finds the clips and the photos of all folders that the options name.

    Raises:
        FileNotFoundError: A folder does not hold what it should.
        ValueError: No folder is named, or a table in one is not what it should be.
    """
    if not any((options.ffpp, options.ffpp_frames, options.dfdc_pairs, options.swaps, options.reals)):
        raise ValueError("Name what to pack, by --ffpp, --ffpp-frames, --dfdc-pairs, --swaps or --reals.")
    clips: list[Sample] = []
    groups: dict[str, str] = {}
    if options.ffpp:
        found = faceforensics.find_videos(options.ffpp, _CLIP_MANIPULATIONS, "c23")
        clips = _samples(found, "ffpp", options.ffpp)
        groups = faceforensics.groups_of_sequences(options.ffpp, "")
    photos: list[Sample] = []
    if options.ffpp_frames:
        photos += _samples(ffpp_frames.find_frames(options.ffpp_frames, groups), "ffpp_frames", options.ffpp_frames)
    if options.dfdc_pairs:
        photos += _samples(dfdc_pairs.find_pairs(options.dfdc_pairs), "dfdc", options.dfdc_pairs)
    if options.swaps:
        photos += _samples(labelled.find_labelled(options.swaps, "swap"), "swaps", options.swaps)
    for folder in options.reals:
        photos += _samples(real_faces.find_photos(folder), "", folder)
    # an original comes before the fakes made from it
    return clips, sorted(photos, key=lambda sample: (sample.is_fake, sample.name))


def _samples(found: SourceSet, source: str, root: Path) -> list[Sample]:
    """Deals what an adapter found; without a name of its own, a source is called as its collection."""
    return [
        Sample(item, f"{source or root.name}/{item.video_id}", source or item.collection, split, root)
        for split, items in deal(found, "newsroom").by_split.items()
        for item in items
    ]
