"""Describes one data set to build."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import datasets

from dataset_builder.sources import SourceOptions
from dataset_builder.splits import FRAMES_PER_VIDEO


@dataclass
class FaceCropsConfig(datasets.BuilderConfig):
    """Describes one data set.

    Attributes:
        root: The source folder.
        layout: A name of `layouts.LAYOUTS`.
        manipulations: Fakes to take, in the order of the ``manipulation`` column; for a labelled folder
            the name to give to them.
        compression: ``raw``, ``c23`` or ``c40``; ``unknown`` for all but FaceForensics++.
        frames_per_video: Evenly spaced frames; not used for photos.
        split: One of `splits.SPLITS`.
        held_out: The manipulation that ``leave-one-out`` keeps for the test.
        splits_dir: Folder with the three JSON files of the official split.
        conversion_dict: JSON file that names the YouTube video of each sequence.
        beside: FaceForensics++ folder that is used beside ``ffpp_frames``.
        seed: Of the choice among surplus frames; it never moves a group to another split.
    """

    root: str = ""
    layout: str = "faceforensics"
    manipulations: tuple[str, ...] = ()
    compression: str = "unknown"
    frames_per_video: int = FRAMES_PER_VIDEO
    split: str = "newsroom"
    held_out: str = ""
    splits_dir: str = ""
    conversion_dict: str = ""
    beside: str = ""
    seed: int = 0

    def source_options(self) -> SourceOptions:
        """Says what the adapter of the layout shall look for."""
        return SourceOptions(
            Path(self.root),
            self.manipulations,
            self.compression,
            self.splits_dir,
            self.conversion_dict,
            self.beside,
        )
