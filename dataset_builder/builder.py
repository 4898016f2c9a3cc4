"""The `datasets` builder: sources in, splits of face crops out."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import datasets
from datasets.fingerprint import Hasher

from dataset_builder.extract import image_crops, video_crops
from dataset_builder.faceforensics import COMPRESSIONS, MANIPULATIONS, find_groups, find_videos, missing_targets
from dataset_builder.labelled_images import find_images
from dataset_builder.sources import SourceItem
from dataset_builder.splits import assign_groups, balanced_indices, split_items
from detector.faces import FaceDetector
from detector.media import MediaError

logger = logging.getLogger(__name__)

# 2 x ~960 videos x 13 frames are the ~25,000 stills of the original project.
FRAMES_PER_VIDEO = 13


@dataclass
class FaceCropsConfig(datasets.BuilderConfig):
    """One data set.

    Attributes:
        root: FaceForensics++ folder, or the folder that holds ``real`` and ``fake``.
        manipulation: A FaceForensics++ manipulation; for photos, the name to give to the fakes.
        compression: ``raw``, ``c23`` or ``c40``; not used for photos.
        frames_per_video: Evenly spaced frames; not used for photos.
        seed: Chooses another split.
    """

    root: str = ""
    manipulation: str = "Deepfakes"
    compression: str = "c23"
    frames_per_video: int = FRAMES_PER_VIDEO
    seed: int = 0


class FaceCrops(datasets.GeneratorBasedBuilder):
    """Face crops with labels, split by group.

    Configurations are named ``MANIPULATION_COMPRESSION``, and ``images`` for a folder of labelled photos.
    """

    BUILDER_CONFIG_CLASS = FaceCropsConfig
    BUILDER_CONFIGS = [
        FaceCropsConfig(name=f"{manipulation}_{compression}", manipulation=manipulation, compression=compression)
        for manipulation in MANIPULATIONS
        for compression in COMPRESSIONS
    ] + [FaceCropsConfig(name="images", manipulation="unknown", compression="unknown")]
    VERSION = datasets.Version("1.0.0")
    DEFAULT_WRITER_BATCH_SIZE = 256  # flat memory: crops are large rows

    def _info(self) -> datasets.DatasetInfo:
        text, number = datasets.Value("string"), datasets.Value("float32")
        return datasets.DatasetInfo(
            description="Face crops, side 1.3 times the face box, mirrored at the border, at original resolution.",
            features=datasets.Features(
                {
                    "image": datasets.Image(),
                    "label": datasets.ClassLabel(names=["real", "fake"]),
                    "manipulation": text,
                    "compression": text,
                    "video_id": text,
                    "target": text,
                    "source": text,
                    "group": text,
                    "time_s": number,
                    "box_px": datasets.List(number, length=4),
                    "landmarks_px": datasets.List(datasets.List(number, length=2), length=5),
                    "face_size_px": number,
                    "detector_score": number,
                }
            ),
        )

    def _split_generators(self, dl_manager: datasets.DownloadManager) -> list[datasets.SplitGenerator]:
        items = self.find_items()
        # All groups of the folder are dealt, so that a pair is in the same split for every manipulation and
        # compression, whatever is missing of one of them.
        groups = (item.group for item in items)
        if self.config.name != "images":
            groups = find_groups(self.config.root).values()
        splits = split_items(items, assign_groups(groups, self.config.seed))
        return [
            datasets.SplitGenerator(name=split, gen_kwargs={"items": members})
            for split, members in splits.items()
            if members
        ]

    def find_items(self) -> list[SourceItem]:
        """The photos or videos of the configured folder.

        Raises:
            FileNotFoundError: The folder does not hold what the configuration names.
        """
        if self.config.name == "images":
            return find_images(self.config.root, self.config.manipulation)
        items = find_videos(self.config.root, self.config.manipulation, self.config.compression)
        if missing := missing_targets(items):
            logger.warning("%d fakes have no original in the folder: %s", len(missing), ", ".join(missing[:5]))
        return items

    def _generate_examples(self, items: list[SourceItem]) -> Iterator[tuple[str, dict]]:
        detector = FaceDetector()
        for item in items:
            try:
                if self.config.name == "images":
                    crops = list(image_crops(item, detector))
                else:
                    crops = list(video_crops(item, detector, self.config.frames_per_video))
            except MediaError as error:
                logger.warning("skipped %s: %s", item.path, error)
                continue
            if not crops:
                logger.warning("skipped %s: no face of the minimum size was found.", item.path)
            for crop in crops:
                yield (
                    f"{item.video_id}@{crop.time_s:.3f}",
                    {
                        "image": {"bytes": crop.png, "path": None},
                        "label": item.label,
                        "manipulation": item.manipulation,
                        "compression": item.compression,
                        "video_id": item.video_id,
                        "target": item.target,
                        "source": item.source,
                        "group": item.group,
                        "time_s": crop.time_s,
                        "box_px": list(crop.face.box_px),
                        "landmarks_px": [list(point) for point in crop.face.landmarks_px],
                        "face_size_px": crop.face.size_px,
                        "detector_score": crop.face.detector_score,
                    },
                )


def source_fingerprint(root: str | Path) -> str:
    """Changes with any file under a folder: the cache of `datasets` does not notice changed sources itself."""
    files = (path for path in Path(root).rglob("*") if path.is_file())
    return Hasher.hash(sorted((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files))


def build(
    config_name: str, root: str | Path, cache_dir: str | Path, num_proc: int = 1, **overrides
) -> datasets.DatasetDict:
    """Builds a data set and balances each split.

    Args:
        config_name: A name of `FaceCrops.BUILDER_CONFIGS`.
        root: The source folder.
        cache_dir: Where `datasets` keeps the unbalanced Arrow files; a finished build is reused.
        num_proc: Processes for decoding and face detection.
        **overrides: Fields of `FaceCropsConfig`.

    Raises:
        FileNotFoundError: The folder does not hold what the configuration names.
    """
    root = str(Path(root).resolve())
    builder = FaceCrops(
        config_name=config_name, root=root, cache_dir=str(cache_dir), hash=source_fingerprint(root), **overrides
    )
    builder.download_and_prepare(num_proc=num_proc if num_proc > 1 else None)
    splits = builder.as_dataset()
    groups = {split: set(rows["group"]) for split, rows in splits.items()}
    for a, b in (("train", "test"), ("train", "validation"), ("test", "validation")):
        if shared := groups.get(a, set()) & groups.get(b, set()):
            raise AssertionError(f"{len(shared)} groups are in both {a} and {b}")
    return datasets.DatasetDict(
        {
            split: rows.select(balanced_indices(list(rows["label"]), list(rows["video_id"])))
            for split, rows in splits.items()
        }
    )
