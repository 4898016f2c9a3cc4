"""python -m dataset_builder: folder in, data set of face crops out."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from collections import Counter
from pathlib import Path

import datasets

from dataset_builder.builder import FRAMES_PER_VIDEO, build
from dataset_builder.faceforensics import COMPRESSIONS, MANIPULATIONS


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line; see ``--help``."""
    parser = argparse.ArgumentParser(
        prog="python -m dataset_builder",
        description="Builds a balanced data set of face crops, split .65/.20/.15 (train/test/validation) by group.",
        epilog="example: python -m dataset_builder --root FaceForensics --manipulation Deepfakes --compression c23 "
        "--output data/deepfakes_c23",
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--root", type=Path, help="FaceForensics++ folder (holds original_sequences and manipulated_sequences)"
    )
    source.add_argument("--images", type=Path, help="folder of labelled photos instead (holds real and fake)")
    parser.add_argument(
        "--manipulation", help=f"{', '.join(MANIPULATIONS)} (default: Deepfakes); with --images, any name"
    )
    parser.add_argument("--compression", choices=COMPRESSIONS, default="c23", help="default: %(default)s")
    parser.add_argument(
        "--frames-per-video",
        type=int,
        default=FRAMES_PER_VIDEO,
        help="evenly spaced over the clip (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, help="another seed gives another split (default: %(default)s)")
    parser.add_argument("--num-proc", type=int, default=1, help="processes for decoding (default: %(default)s)")
    parser.add_argument("--output", type=Path, help="folder for the DatasetDict (datasets.load_from_disk reads it)")
    parser.add_argument("--push-to-hub", metavar="ID", help="also upload it to this private Hub data set")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    options = parser.parse_args(arguments)
    if not options.output and not options.push_to_hub:
        parser.error("give --output DIR, --push-to-hub ID, or both")
    if options.root and (options.manipulation or "Deepfakes") not in MANIPULATIONS:
        parser.error(f"--manipulation must be one of {', '.join(MANIPULATIONS)}")
    if options.frames_per_video < 1 or options.num_proc < 1:
        parser.error("--frames-per-video and --num-proc must be at least 1")
    return options


def summarize(splits: datasets.DatasetDict) -> dict[str, dict[str, int]]:
    """Counts of each split: crops by label, videos (or photos) and groups."""
    summary = {}
    for name, rows in splits.items():
        labels = Counter(rows.features["label"].int2str(list(rows["label"])))
        summary[name] = {
            "real": labels["real"],
            "fake": labels["fake"],
            "videos": len(set(rows["video_id"])),
            "groups": len(set(rows["group"])),
        }
    return summary


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    options = parse_arguments(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    if options.images:
        name, overrides = "images", {"manipulation": options.manipulation or "unknown"}
    else:
        name = f"{options.manipulation or 'Deepfakes'}_{options.compression}"
        overrides = {"frames_per_video": options.frames_per_video}
    with tempfile.TemporaryDirectory(prefix="face-crops-") as cache:
        try:
            splits = build(
                name, options.images or options.root, cache, num_proc=options.num_proc, seed=options.seed, **overrides
            )
        except FileNotFoundError as error:
            print(error, file=sys.stderr)
            return 2
        if options.output:
            splits.save_to_disk(str(options.output))
        if options.push_to_hub:
            splits.push_to_hub(options.push_to_hub, config_name=name, private=True)
        summary = summarize(splits)
    if options.json:
        print(json.dumps(summary))
    else:
        print(f"{'split':<12}{'real':>8}{'fake':>8}{'videos':>8}{'groups':>8}")
        for split, counts in summary.items():
            print(f"{split:<12}" + "".join(f"{count:>8}" for count in counts.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
