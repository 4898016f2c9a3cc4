"""The `datasets` builder: a folder in, balanced splits of face crops out."""

from __future__ import annotations

import itertools
import json
import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import datasets
import pyarrow.parquet as pq
from datasets.fingerprint import Hasher

from dataset_builder.extract import Unit
from dataset_builder.jobs import JobOutcome, make_jobs, run_jobs
from dataset_builder.layouts import celeb_df, dfdc, faceforensics
from dataset_builder.layouts.labelled import find_labelled
from dataset_builder.records import features
from dataset_builder.sources import COMPRESSIONS, SourceItem, SourceSet
from dataset_builder.splits import Deal, balanced_indices, deal, frames_to_sample
from dataset_builder.summary import Summary, summarize

logger = logging.getLogger(__name__)

# 2 x ~960 videos x 13 frames are the ~25,000 stills of the original project.
FRAMES_PER_VIDEO = 13
SUMMARY_FILE = "summary.json"


@dataclass
class FaceCropsConfig(datasets.BuilderConfig):
    """One data set.

    Attributes:
        root: The source folder.
        layout: ``faceforensics``, ``labelled``, ``celeb_df`` or ``dfdc``.
        manipulations: Fakes to take, in the order of the ``manipulation`` column; for a labelled folder
            the name to give to them.
        compression: ``raw``, ``c23`` or ``c40``; ``unknown`` for all but FaceForensics++.
        frames_per_video: Evenly spaced frames; not used for photos.
        split: One of `splits.SPLITS`.
        held_out: The manipulation that ``leave-one-out`` keeps for the test.
        splits_dir: Folder with the three JSON files of the official split.
        conversion_dict: JSON file that names the YouTube video of each sequence.
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
    seed: int = 0


class FaceCrops(datasets.GeneratorBasedBuilder):
    """Face crops with labels, split by group and balanced.

    Configurations are named ``MANIPULATION_COMPRESSION``, such as ``Deepfakes_c23``; ``all_COMPRESSION``
    holds each manipulation of FaceForensics++ once and the originals once. ``labelled``, ``celeb_df``
    and ``dfdc`` are other sets. Cut videos are kept below the cache folder, so that a stopped run goes on.

    Args:
        workers: Processes that decode and find faces.
        **arguments: Of `datasets.DatasetBuilder`, and the fields of `FaceCropsConfig`.
    """

    BUILDER_CONFIG_CLASS = FaceCropsConfig
    BUILDER_CONFIGS = [
        FaceCropsConfig(name=f"{name}_{compression}", manipulations=chosen, compression=compression)
        for name, chosen in (
            *((manipulation, (manipulation,)) for manipulation in faceforensics.MANIPULATIONS),
            ("all", faceforensics.MANIPULATIONS),
        )
        for compression in COMPRESSIONS
    ] + [
        FaceCropsConfig(name="labelled", layout="labelled", manipulations=("unknown",)),
        FaceCropsConfig(name="celeb_df", layout="celeb_df", manipulations=(celeb_df.MANIPULATION,)),
        FaceCropsConfig(name="dfdc", layout="dfdc", manipulations=(dfdc.MANIPULATION,)),
    ]
    VERSION = datasets.Version("2.0.0")
    DEFAULT_WRITER_BATCH_SIZE = 256  # flat memory: crops are large rows

    def __init__(self, *, workers: int = 1, **arguments):
        # the cache of `datasets` does not notice changed sources itself
        if arguments.get("root") and not arguments.get("hash"):
            others = [arguments.get("splits_dir"), arguments.get("conversion_dict")]
            arguments["hash"] = source_fingerprint(arguments["root"], *filter(None, others))
        self.workers = workers
        super().__init__(**arguments)

    def _info(self) -> datasets.DatasetInfo:
        names = self.config.manipulations
        if self.config.layout == "faceforensics":
            names = faceforensics.MANIPULATIONS  # the same numbers in every configuration
        return datasets.DatasetInfo(
            description="Face crops, side 1.3 times the face box, mirrored at the border, at original resolution.",
            features=features(names),
        )

    def find_sources(self) -> SourceSet:
        """The photos or videos of the configured folder.

        Raises:
            FileNotFoundError: The folder does not hold what the configuration names.
            ValueError: A file that describes the set is not what it should be.
        """
        config = self.config
        if config.layout == "labelled":
            return find_labelled(config.root, config.manipulations[0])
        if config.layout == "celeb_df":
            return celeb_df.find_videos(config.root)
        if config.layout == "dfdc":
            return dfdc.find_videos(config.root)
        return faceforensics.find_videos(
            config.root, config.manipulations, config.compression, config.conversion_dict, config.splits_dir
        )

    def _split_generators(self, dl_manager: datasets.DownloadManager) -> list[datasets.SplitGenerator]:
        found = self.find_sources()
        dealt = deal(found, self.config.split, self.config.held_out)
        jobs = {split: make_jobs(units) for split, units in plan_units(dealt, self.config.frames_per_video).items()}
        outcomes = iter(
            run_jobs(
                list(itertools.chain.from_iterable(jobs.values())),
                Path(self._cache_dir_root) / "crops",
                self.info.features,
                self.workers,
            )
        )
        outcomes_of = {split: list(itertools.islice(outcomes, len(jobs[split]))) for split in jobs}
        kept_of = {split: _balance(members, self.config.seed) for split, members in outcomes_of.items()}
        summary = summarize(self.config, found, dealt, outcomes_of, kept_of)
        if not any(sum(counts.values()) for counts in summary.frames.values()):
            raise ValueError("Nothing to package: no face was found in any of the videos or photos.")
        Path(self._output_dir, SUMMARY_FILE).write_text(json.dumps(summary.to_dict(), indent=2), encoding="utf-8")
        return [
            datasets.SplitGenerator(
                name=split,
                gen_kwargs={"files": [outcome.crops_file for outcome in members], "kept": kept_of[split]},
            )
            for split, members in outcomes_of.items()
            if any(kept_of[split])
        ]

    def _generate_examples(self, files: list[str], kept: list[list[int]]) -> Iterator[tuple[str, dict]]:
        for file, rows in zip(files, kept, strict=True):
            for row in pq.read_table(file).take(rows).to_pylist() if rows else ():
                yield f"{row['video_id']}@{row['time_s']:.3f}", row

    def summary(self) -> Summary:
        """What came of the sources; after `download_and_prepare`."""
        return Summary(**json.loads(Path(self.cache_dir, SUMMARY_FILE).read_text(encoding="utf-8")))


def plan_units(dealt: Deal, frames_per_video: int) -> dict[str, list[Unit]]:
    """For each split, every real video with the fakes made from it, and how many frames to take of each."""
    units = {}
    for split, items in dealt.by_split.items():
        reals = {item.video_id: item for item in items if not item.label}
        fakes = [item for item in items if item.label]
        real_frames, fake_frames = frames_to_sample(len(reals), len(fakes), frames_per_video)
        made_from: dict[str, list[SourceItem]] = defaultdict(list)
        for fake in fakes:
            made_from[fake.target_video if fake.target_video in reals else fake.video_id].append(fake)
        pairs = [(real, made_from.pop(video_id, [])) for video_id, real in reals.items()]
        pairs += [(None, [fake]) for alone in made_from.values() for fake in alone]
        units[split] = [
            Unit(real, tuple(members), frames_per_video, real_frames, fake_frames) for real, members in pairs
        ]
    return units


def _balance(outcomes: list[JobOutcome], seed: int) -> list[list[int]]:
    """Which rows of each job to keep."""
    labels, videos, extra, places = [], [], [], []
    for number, outcome in enumerate(outcomes):
        row = 0
        for video in outcome.videos:
            labels += [video.label] * video.crops
            videos += [video.video_id] * video.crops
            extra += video.extra
            places += [(number, row + index) for index in range(video.crops)]
            row += video.crops
    kept: list[list[int]] = [[] for _ in outcomes]
    for index in balanced_indices(labels, videos, extra, seed):
        number, row = places[index]
        kept[number].append(row)
    return kept


def source_fingerprint(*roots: str | Path) -> str:
    """Changes with any file that is or lies under the given paths."""
    files = itertools.chain.from_iterable(
        [Path(root)] if Path(root).is_file() else Path(root).rglob("*") for root in roots
    )
    return Hasher.hash(
        sorted((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files if path.is_file())
    )


def build(
    config_name: str, root: str | Path, cache_dir: str | Path, num_proc: int = 1, **overrides
) -> tuple[datasets.DatasetDict, Summary]:
    """Builds a data set; finished videos, and a finished build, are reused.

    Args:
        config_name: A name of `FaceCrops.BUILDER_CONFIGS`.
        root: The source folder.
        cache_dir: Where cut videos and Arrow files are kept.
        num_proc: Processes.
        **overrides: Fields of `FaceCropsConfig`.

    Raises:
        FileNotFoundError: The folder does not hold what the configuration names.
        ValueError: It holds no face, or the configuration does not fit it.
    """
    builder = FaceCrops(
        config_name=config_name, root=str(Path(root).resolve()), cache_dir=str(cache_dir), workers=num_proc, **overrides
    )
    builder.download_and_prepare()
    return builder.as_dataset(), builder.summary()
