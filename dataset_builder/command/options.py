"""Reads the command line of the builder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from dataset_builder.layouts import LAYOUTS
from dataset_builder.layouts.faceforensics import MANIPULATIONS
from dataset_builder.layouts.layout import Layout
from dataset_builder.sources import COMPRESSIONS, REAL
from dataset_builder.splits import FRAMES_PER_VIDEO, SPLITS

EXAMPLES = """\
examples:
  python -m dataset_builder --root FaceForensics --dry-run
  python -m dataset_builder --root FaceForensics --manipulation Deepfakes --output data/deepfakes_c23
  python -m dataset_builder --root FaceForensics --manipulation all --split leave-one-out --held-out FaceSwap \\
      --output data/without_faceswap
  python -m dataset_builder --celeb-df Celeb-DF-v2 --split test-only --output data/celeb_df
  python -m dataset_builder --ffpp-frames frames --beside FaceForensics --output data/ffpp_frames
  python -m dataset_builder --root /shared/FaceForensics --output /shared/deepfakes_c23 --address auto

exit codes: 0 done, 2 the folder, an option or the cluster is wrong, or a package is missing, 130 stopped by the user (the same command goes on)
"""


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Reads the command line; see ``--help``. Ends the program where options contradict each other."""
    parser = argparse.ArgumentParser(
        prog="python -m dataset_builder",
        description="Builds a balanced data set of face crops, split by group, never by file.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_sources(parser)
    _add_choices(parser)
    _add_targets(parser)
    options = parser.parse_args(arguments)
    if message := _contradiction(options):
        parser.error(message)
    return options


def _add_sources(parser: argparse.ArgumentParser) -> None:
    source = parser.add_argument_group("source, one of").add_mutually_exclusive_group(required=True)
    for layout in LAYOUTS.values():
        source.add_argument(layout.option, *layout.aliases, type=Path, metavar="DIR", help=layout.help)


def _add_choices(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what to take")
    what.add_argument(
        "--manipulation",
        help=f"{', '.join(MANIPULATIONS)}, or all (default: Deepfakes); with --labelled, what to call the fakes",
    )
    what.add_argument("--compression", choices=COMPRESSIONS, default="c23", help="default: %(default)s")
    what.add_argument(
        "--frames-per-video",
        type=int,
        default=FRAMES_PER_VIDEO,
        help="evenly spaced over the clip; the scarcer class gives more (default: %(default)s)",
    )
    what.add_argument(
        "--split",
        choices=SPLITS,
        default="newsroom",
        help="newsroom: .65/.20/.15 train/test/validation by group; official: the authors' lists; leave-one-out: one "
        "manipulation in test alone; test-only: everything, for an evaluation on other data (default: %(default)s)",
    )
    what.add_argument("--held-out", default="", metavar="MANIPULATION", help="for leave-one-out")
    what.add_argument(
        "--splits-dir",
        type=Path,
        help="dataset/splits of the FaceForensics repository: train.json, val.json, test.json",
    )
    what.add_argument(
        "--conversion-dict",
        type=Path,
        metavar="FILE",
        help="dataset/conversion_dict.json of the FaceForensics repository: sequences of one YouTube video stay together",
    )
    what.add_argument(
        "--beside",
        type=Path,
        metavar="ROOT",
        help="for --ffpp-frames: FaceForensics++ folder that is used too; frames of its people go to their split",
    )
    what.add_argument(
        "--seed", type=int, default=0, help="which surplus frames are dropped; never the split (default: %(default)s)"
    )


def _add_targets(parser: argparse.ArgumentParser) -> None:
    where = parser.add_argument_group("where it goes")
    where.add_argument("--output", type=Path, metavar="DIR", help="folder for datasets.load_from_disk")
    where.add_argument("--parquet", type=Path, metavar="DIR", help="folder of Parquet shards for datasets.load_dataset")
    where.add_argument("--push-to-hub", metavar="ID", help="Hub data set, private and gated")
    where.add_argument("--public", action="store_true", help="neither private nor gated; refused for FaceForensics++")
    how = parser.add_argument_group("how")
    how.add_argument("--dry-run", action="store_true", help="report what the folder holds and lacks, and stop")
    how.add_argument(
        "--num-proc", type=int, help="how many videos at once (default: 1, or with --address one a core of the cluster)"
    )
    how.add_argument(
        "--address",
        default="",
        help="cut on a running Ray cluster: auto, or HOST:PORT of its head; its nodes must share the disks with the source "
        "folder and with --cache-dir; local starts Ray on this machine (needs requirements-cluster.txt)",
    )
    how.add_argument(
        "--cache-dir",
        type=Path,
        metavar="DIR",
        help="where finished videos wait, so that a stopped run goes on (default: beside the output, removed at the end)",
    )
    how.add_argument("--json", action="store_true", help="print the summary as JSON")


def chosen_layout(options: argparse.Namespace) -> Layout:
    """Tells which source was given."""
    return next(layout for layout in LAYOUTS.values() if getattr(options, layout.attribute))


def configuration(options: argparse.Namespace) -> tuple[str, Path, dict[str, Any]]:
    """Translates the options for the builder: name of its configuration, source folder, and what overrides its defaults."""
    layout = chosen_layout(options)
    root = getattr(options, layout.attribute)
    overrides: dict[str, Any] = {name: getattr(options, name) for name in ("frames_per_video", "split", "seed")}
    for name in ("splits_dir", "conversion_dict", "beside"):
        if value := getattr(options, name):
            overrides[name] = str(value.resolve())
    if layout.name == "faceforensics":
        overrides["held_out"] = options.held_out
        default = "all" if options.held_out else "Deepfakes"
        return f"{options.manipulation or default}_{options.compression}", root, overrides
    if layout.name == "ffpp_frames":
        overrides["held_out"] = options.held_out
    if layout.name == "labelled":
        overrides["manipulations"] = (options.manipulation or "unknown",)
    return layout.name, root, overrides


def _contradiction(options: argparse.Namespace) -> str:
    """Tells what is wrong with the options together; empty when nothing is."""
    layout = chosen_layout(options)
    if not (options.output or options.parquet or options.push_to_hub or options.dry_run):
        return "give --output DIR, --parquet DIR, --push-to-hub ID, or --dry-run"
    if options.frames_per_video < 1 or (options.num_proc is not None and options.num_proc < 1):
        return "--frames-per-video and --num-proc must be at least 1"
    if (options.split == "leave-one-out") != bool(options.held_out):
        return "--split leave-one-out and --held-out MANIPULATION go together"
    if options.public and not layout.may_be_public:
        return "--public is refused: the terms of FaceForensics++ forbid passing frames on"
    return _contradiction_with_layout(options, layout)


def _contradiction_with_layout(options: argparse.Namespace, layout: Layout) -> str:
    is_forensics, is_frames = layout.name == "faceforensics", layout.name == "ffpp_frames"
    if is_forensics and (options.manipulation or "all") not in (*MANIPULATIONS, "all"):
        return f"--manipulation must be one of {', '.join(MANIPULATIONS)}, or all"
    if layout.name == "labelled" and options.manipulation == REAL:
        return f"--manipulation {REAL} would call the fakes real"
    if layout.name not in ("faceforensics", "labelled") and options.manipulation:
        return "--manipulation is for --root and --labelled; this set names its fakes itself"
    if not is_forensics and (options.splits_dir or options.compression != "c23"):
        return "--compression and --splits-dir are for --root"
    if options.conversion_dict and not (is_forensics or options.beside):
        return "--conversion-dict is for --root and --beside"
    if options.beside and not is_frames:
        return "--beside is for --ffpp-frames"
    if is_forensics and options.split == "official" and not options.splits_dir:
        return "--split official needs --splits-dir"
    return ""
