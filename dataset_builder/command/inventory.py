"""Tells what a source folder holds and lacks, and what would be built from it, before any decoding."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from dataset_builder.builder import FaceCrops, plan_units
from dataset_builder.layouts.faceforensics import MANIPULATIONS, PUBLISHED, PUBLISHED_ORIGINALS, videos_folder
from dataset_builder.sources import COMPRESSIONS
from dataset_builder.splits import deal
from detector.markdown import markdown_table

# A PNG face crop of a c23 video, about 150 px in square, as measured; only for the estimate of disk space.
CROP_KB = 60


def faceforensics_folder(root: Path) -> list[dict[str, Any]]:
    """Counts videos and masks by manipulation and compression, with the number published."""
    rows = []
    for name, published in (PUBLISHED_ORIGINALS | {name: PUBLISHED[name] for name in MANIPULATIONS}).items():
        counts = {
            compression: sum(1 for _ in videos_folder(root, name, compression).glob("*.mp4"))
            for compression in (*COMPRESSIONS, "masks")
        }
        rows.append({"videos": name, **counts, "published": published})
    return rows


def dry_run(builder: FaceCrops) -> dict[str, Any]:
    """Plans a configuration: files and groups of each split, what is dropped, what is lacking.

    Raises:
        FileNotFoundError: The folder does not hold what the configuration names.
        ValueError: The configuration does not fit the folder.
    """
    config = builder.config
    found = builder.find_sources()
    dealt = deal(found, config.split, config.held_out)
    planned = {}
    for split, units in plan_units(dealt, config.frames_per_video).items():
        real = sum(unit.real is not None for unit in units)
        fake = sum(len(unit.fakes) for unit in units)
        crops = [real * units[0].real_frames, fake * units[0].fake_frames] if units else [0, 0]
        planned[split] = {
            "real": real,
            "fake": fake,
            "groups": len({item.group for item in dealt.by_split[split]}),
            "crops_at_most": 2 * min(crops) if real and fake else sum(crops),
        }
    return {
        "config": config.name,
        "split": config.split,
        "plan": planned,
        "dropped": dict(Counter(dealt.dropped.values())),
        "crossing_groups": dealt.crossing_groups,
        "without_original": list(found.without_original),
        "missing": {
            name: max(published - sum(item.manipulation == name for item in found.items), 0)
            for name, published in found.published.items()
        },
        "masks": sum(bool(item.mask_path) for item in found.items),
        "empty_files": [item.video_id for item in found.items if _is_empty(Path(item.path))],
        "has_youtube_ids": bool(config.conversion_dict),
        "disk_mb_at_most": sum(counts["crops_at_most"] for counts in planned.values()) * CROP_KB // 1000,
    }


def _is_empty(path: Path) -> bool:
    return not path.is_file() or path.stat().st_size == 0


def inventory_text(report: dict[str, Any]) -> str:
    """Writes a dry run for a terminal."""
    lines = []
    if folder := report.get("folder"):
        lines += [markdown_table(tuple(folder[0]), [tuple(row.values()) for row in folder]), ""]
    if problem := report.get("problem"):
        return "\n".join([*lines, problem])
    head = ("split", "real", "fake", "groups", "crops at most")
    lines += [f"{report['config']}, split {report['split']}:"]
    lines += [markdown_table(head, [(name, *counts.values()) for name, counts in report["plan"].items()]), ""]
    lines += [f"{count:,} videos dropped: {reason}." for reason, count in report["dropped"].items()]
    lines += [
        f"{count:,} {name} videos of the published set are missing."
        for name, count in report["missing"].items()
        if count
    ]
    for key, sentence in (
        ("without_original", "fakes lack their original and would be cut at their own boxes"),
        ("empty_files", "files are empty or links to nowhere"),
        ("crossing_groups", "groups are in several splits of the official lists"),
    ):
        if report[key]:
            lines.append(f"{len(report[key]):,} {sentence}: {', '.join(list(report[key])[:5])}.")
    lines.append(f"{report['masks']:,} fakes have a mask. About {report['disk_mb_at_most']:,} MB of crops at most.")
    return "\n".join(lines)
