"""Counts what came of the sources: found, missing, unreadable, without a face; frames per class and split."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from typing import Any

from dataset_builder.config import FaceCropsConfig
from dataset_builder.extraction.jobs import PAIRED, JobOutcome, VideoOutcome
from dataset_builder.sources import REAL, SourceSet
from dataset_builder.splits import SplitAssignment
from detector.markdown import markdown_table

COLUMNS = ("found", "missing", "left_out", "crossing", "unreadable", "no_face", "used")


@dataclass(frozen=True)
class Summary:
    """Counts behind a data set; becomes its card and the JSON of the command.

    Attributes:
        config: Name of the configuration.
        settings: Layout, manipulations, compression, split and frames per video.
        files: By manipulation (``real`` for the originals): ``found``; ``missing`` of the published number;
            ``left_out`` by the official lists or as held out; ``crossing`` (two actors in different splits);
            ``unreadable``; ``no_face``; ``used``.
        frames: By split, then by manipulation.
        groups: By split.
        videos: By split.
        crossing_groups: Groups that the official lists put into several splits.
        own_boxes: Fakes whose face was found in themselves, as their original is missing or unusable.
        without_original: Fakes whose original is not in the folder.
        problems: Why a file was skipped, by its `video_id`.
        paired: Fake crops whose row of the original is in the data too, by split.
    """

    config: str
    settings: dict[str, Any]
    files: dict[str, dict[str, int]]
    frames: dict[str, dict[str, int]]
    groups: dict[str, int]
    videos: dict[str, int]
    crossing_groups: dict[str, list[str]]
    own_boxes: list[str]
    without_original: list[str]
    problems: dict[str, str]
    paired: dict[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Gives the counts as JSON holds them."""
        return asdict(self)


def summarize(
    config: FaceCropsConfig,
    found: SourceSet,
    dealt: SplitAssignment,
    outcomes: dict[str, list[JobOutcome]],
    kept: dict[str, list[list[int]]],
) -> Summary:
    """Counts what was found, what came of it and what is kept of each split."""
    videos = [video for members in outcomes.values() for outcome in members for video in outcome.videos]
    rows = {
        split: [owner[row] for owner, rows in zip(map(_row_owners, members), kept[split], strict=True) for row in rows]
        for split, members in outcomes.items()
    }
    used = {split: {video.video_id for video, _ in owners} for split, owners in rows.items()}
    group_of = {item.video_id: item.group for item in found.items}
    return Summary(
        config=config.name,
        settings=_settings(config),
        files=_count_files(found, dealt, videos),
        frames={split: _count_manipulations(owners) for split, owners in rows.items()},
        groups={split: len({group_of[video_id] for video_id in ids}) for split, ids in used.items()},
        videos={split: len(ids) for split, ids in used.items()},
        crossing_groups=dealt.crossing_groups,
        own_boxes=sorted(video.video_id for video in videos if video.has_own_box),
        without_original=list(found.without_original),
        problems={video.video_id: video.problem for video in sorted(videos, key=_video_id) if video.problem},
        paired={
            split: sum(int(video.label == 1 and rank == PAIRED) for video, rank in owners)
            for split, owners in rows.items()
        },
    )


def _video_id(video: VideoOutcome) -> str:
    return video.video_id


def _settings(config: FaceCropsConfig) -> dict[str, Any]:
    names = ("layout", "compression", "split", "held_out", "frames_per_video", "seed")
    return {name: getattr(config, name) for name in names} | {
        "manipulations": list(config.manipulations),
        "has_youtube_ids": bool(config.conversion_dict),
        "has_beside": bool(config.beside),
    }


def _count_files(found: SourceSet, dealt: SplitAssignment, videos: list[VideoOutcome]) -> dict[str, dict[str, int]]:
    """Counts what became of the files of each manipulation."""
    files: dict[str, Counter[str]] = defaultdict(Counter)
    for item in found.items:
        files[item.manipulation]["found"] += 1
        if reason := dealt.dropped.get(item.video_id):
            files[item.manipulation]["crossing" if reason == "crossing" else "left_out"] += 1
    for name, published in found.published.items():
        files[name]["missing"] = max(published - files[name]["found"], 0)
    for video in videos:
        files[video.manipulation][_fate(video)] += 1
    return {name: {column: counts[column] for column in COLUMNS} for name, counts in files.items()}


def _count_manipulations(owners: list[tuple[VideoOutcome, int]]) -> dict[str, int]:
    """Counts rows by manipulation, the real ones first."""
    counts = Counter(video.manipulation for video, _ in owners)
    return dict(sorted(counts.items(), key=lambda pair: (pair[0] != REAL, pair[0])))


def _row_owners(outcome: JobOutcome) -> list[tuple[VideoOutcome, int]]:
    """Lists the video and the rank of each row of a job."""
    return [(video, rank) for video in outcome.videos for rank in video.ranks]


def _fate(video: VideoOutcome) -> str:
    if video.crops:
        return "used"
    return "unreadable" if video.is_unreadable else "no_face"


def summary_table(summary: Summary) -> str:
    """Writes the summary for a terminal and, as it is Markdown, for the card."""
    head = ("files", *(column.replace("_", " ") for column in COLUMNS))
    rows = [(name, *(counts[column] for column in COLUMNS)) for name, counts in summary.files.items()]
    names = list(dict.fromkeys(name for counts in summary.frames.values() for name in counts))
    head_frames = ("face crops", *names, "fake in all", "videos", "groups")
    rows_frames = [
        (
            split,
            *(counts.get(name, 0) for name in names),
            sum(count for name, count in counts.items() if name != REAL),
            summary.videos[split],
            summary.groups[split],
        )
        for split, counts in summary.frames.items()
    ]
    return markdown_table(head, rows) + "\n\n" + markdown_table(head_frames, rows_frames)
