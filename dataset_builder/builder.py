"""Builds data sets with `datasets`: a folder in, balanced splits of face crops out."""

from __future__ import annotations

import itertools
import json
import logging
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet as pq
from datasets.fingerprint import Hasher

from dataset_builder.config import FaceCropsConfig
from dataset_builder.extraction.cutting import Pool, run_jobs
from dataset_builder.extraction.face_crops import Unit
from dataset_builder.extraction.jobs import JobOutcome, make_jobs
from dataset_builder.extraction.processes import in_processes
from dataset_builder.layouts import LAYOUTS, faceforensics
from dataset_builder.records import features
from dataset_builder.sources import COMPRESSIONS, SourceItem, SourceSet
from dataset_builder.splits import SplitAssignment, balanced_indices, deal, frames_to_sample
from dataset_builder.summary import Summary, summarize

logger = logging.getLogger(__name__)

SUMMARY_FILE = "summary.json"


class FaceCrops(datasets.GeneratorBasedBuilder):
    """Builds face crops with labels, split by group and balanced.

    Configurations are named ``MANIPULATION_COMPRESSION``, such as ``Deepfakes_c23``; ``all_COMPRESSION``
    holds each manipulation of FaceForensics++ once and the originals once. Every other layout has one
    configuration of its own name. Cut videos are kept below the cache folder, so that a stopped run goes on.

    Args:
        pool: Who decodes and finds faces; None for one process.
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
        FaceCropsConfig(name=name, layout=name, manipulations=layout.manipulations)
        for name, layout in LAYOUTS.items()
        if name != "faceforensics"
    ]
    VERSION = datasets.Version("3.0.0")
    DEFAULT_WRITER_BATCH_SIZE = 256  # flat memory: crops are large rows

    def __init__(self, *, pool: Pool | None = None, **arguments: Any):
        # the cache of `datasets` does not notice changed sources itself
        if arguments.get("root") and not arguments.get("hash"):
            others = [arguments.get(name) for name in ("splits_dir", "conversion_dict", "beside")]
            arguments["hash"] = source_fingerprint(arguments["root"], *filter(None, others))
        self.pool = pool or choose_pool()
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
        """Lists the photos or videos of the configured folder.

        Raises:
            FileNotFoundError: The folder does not hold what the configuration names.
            ValueError: A file that describes the set is not what it should be.
        """
        return LAYOUTS[self.config.layout].find(self.config.source_options())

    def _split_generators(self, dl_manager: datasets.DownloadManager) -> list[datasets.SplitGenerator]:
        found = self.find_sources()
        dealt = deal(found, self.config.split, self.config.held_out)
        jobs = {split: make_jobs(units) for split, units in plan_units(dealt, self.config.frames_per_video).items()}
        outcomes = iter(
            run_jobs(
                list(itertools.chain.from_iterable(jobs.values())),
                Path(self._cache_dir_root) / "crops",
                self.info.features,
                self.pool,
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

    def _generate_examples(self, files: list[str], kept: list[list[int]]) -> Iterator[tuple[str, dict[str, Any]]]:
        for file, rows in zip(files, kept, strict=True):
            for row in pq.read_table(file).take(rows).to_pylist() if rows else ():
                yield f"{row['video_id']}@{row['time_s']:.3f}", row

    def summary(self) -> Summary:
        """Reads what came of the sources; after `download_and_prepare`."""
        return Summary(**json.loads(Path(self.cache_dir, SUMMARY_FILE).read_text(encoding="utf-8")))


def plan_units(dealt: SplitAssignment, frames_per_video: int) -> dict[str, list[Unit]]:
    """Plans each split: every real video with the fakes made from it, and how many frames to take of each."""
    units = {}
    for split, items in dealt.by_split.items():
        reals = {item.video_id: item for item in items if not item.label}
        fakes = [item for item in items if item.label]
        real_frames, fake_frames = frames_to_sample(len(reals), len(fakes), frames_per_video)
        made_from: dict[str, list[SourceItem]] = defaultdict(list)
        for fake in fakes:
            made_from[fake.target_video if fake.target_video in reals else fake.video_id].append(fake)
        pairs: list[tuple[SourceItem | None, list[SourceItem]]] = [
            (real, made_from.pop(video_id, [])) for video_id, real in reals.items()
        ]
        pairs += [(None, [fake]) for alone in made_from.values() for fake in alone]
        units[split] = [
            Unit(real, tuple(members), frames_per_video, real_frames, fake_frames) for real, members in pairs
        ]
    return units


def _balance(outcomes: list[JobOutcome], seed: int) -> list[list[int]]:
    """Chooses which rows of each job to keep."""
    labels: list[int] = []
    videos: list[str] = []
    ranks: list[int] = []
    places: list[tuple[int, int]] = []
    for number, outcome in enumerate(outcomes):
        row = 0
        for video in outcome.videos:
            labels += [video.label] * video.crops
            videos += [video.video_id] * video.crops
            ranks += video.ranks
            places += [(number, row + index) for index in range(video.crops)]
            row += video.crops
    kept: list[list[int]] = [[] for _ in outcomes]
    for index in balanced_indices(labels, videos, ranks, seed):
        number, row = places[index]
        kept[number].append(row)
    return kept


def source_fingerprint(*roots: str | Path) -> str:
    """Hashes names, sizes and times of all files at or under the given paths."""
    files = itertools.chain.from_iterable(
        [Path(root)] if Path(root).is_file() else Path(root).rglob("*") for root in roots
    )
    return Hasher.hash(
        sorted((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files if path.is_file())
    )


def choose_pool(num_proc: int | None = None, address: str = "") -> Pool:
    """Chooses who cuts the videos.

    Args:
        num_proc: How many videos at once; None for one, or on a cluster for one a core.
        address: Of a running Ray cluster, or ``local`` to start Ray on this machine; empty for processes without Ray.

    Raises:
        ModuleNotFoundError: Ray is not installed.
    """
    if not address:
        return partial(in_processes, workers=num_proc or 1)
    # not at the top: Ray is loaded in seconds, and not installed with the rest
    from dataset_builder.extraction.cluster import on_cluster
    from detector.batch.cluster import ClusterOptions

    where = "" if address == "local" else address
    return partial(on_cluster, options=ClusterOptions(where, workers=num_proc or 0))


def build(
    config_name: str, root: str | Path, cache_dir: str | Path, pool: Pool | None = None, **overrides: Any
) -> tuple[datasets.DatasetDict, Summary]:
    """Builds a data set; finished videos, and a finished build, are reused.

    Args:
        config_name: A name of `FaceCrops.BUILDER_CONFIGS`.
        root: The source folder.
        cache_dir: Folder that keeps cut videos and Arrow files.
        pool: Who cuts the videos, of `choose_pool`; None for one process.
        **overrides: Fields of `FaceCropsConfig`.

    Raises:
        CommandError: The cluster cannot be used.
        FileNotFoundError: The folder does not hold what the configuration names.
        ValueError: It holds no face, or the configuration does not fit it.
    """
    builder = FaceCrops(
        config_name=config_name, root=str(Path(root).resolve()), cache_dir=str(cache_dir), pool=pool, **overrides
    )
    builder.download_and_prepare()
    return builder.as_dataset(), builder.summary()
