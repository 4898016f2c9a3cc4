"""python -m dataset_builder: folder in, data set of face crops out."""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import sys
import tempfile
from pathlib import Path

import httpx2
from datasets.exceptions import DatasetGenerationError

from dataset_builder.builder import FRAMES_PER_VIDEO, FaceCrops, build
from dataset_builder.error_line import error_line
from dataset_builder.inventory import dry_run, faceforensics_folder, inventory_text
from dataset_builder.layouts.faceforensics import MANIPULATIONS
from dataset_builder.publish import SAVED_SIGN, SUMMARIES, check_target, make_repository, push, save, save_parquet
from dataset_builder.sources import COMPRESSIONS, REAL
from dataset_builder.splits import SPLITS
from dataset_builder.summary import summary_table

EXAMPLES = """\
examples:
  python -m dataset_builder --root FaceForensics --dry-run
  python -m dataset_builder --root FaceForensics --manipulation Deepfakes --output data/deepfakes_c23
  python -m dataset_builder --root FaceForensics --manipulation all --split leave-one-out --held-out FaceSwap \\
      --output data/without_faceswap
  python -m dataset_builder --celeb-df Celeb-DF-v2 --split test-only --output data/celeb_df

exit codes: 0 done, 2 the folder or an option is wrong, 3 stopped by the user (the same command goes on)
"""


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line; see ``--help``."""
    parser = argparse.ArgumentParser(
        prog="python -m dataset_builder",
        description="Builds a balanced data set of face crops, split by group, never by file.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    source = parser.add_argument_group("source, one of").add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--root", type=Path, help="FaceForensics++ folder (holds original_sequences and manipulated_sequences)"
    )
    source.add_argument(
        *("--labelled", "--images", "--videos"),
        type=Path,
        metavar="DIR",
        help="folder of labelled photos and videos (holds real, fake or both)",
    )
    source.add_argument("--celeb-df", type=Path, metavar="DIR", help="Celeb-DF v2 folder")
    source.add_argument("--dfdc", type=Path, metavar="DIR", help="DFDC folder, or a folder of its parts")
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
        "--seed", type=int, default=0, help="which surplus frames are dropped; never the split (default: %(default)s)"
    )
    where = parser.add_argument_group("where it goes")
    where.add_argument("--output", type=Path, metavar="DIR", help="folder for datasets.load_from_disk")
    where.add_argument("--parquet", type=Path, metavar="DIR", help="folder of Parquet shards for datasets.load_dataset")
    where.add_argument("--push-to-hub", metavar="ID", help="Hub data set, private and gated")
    where.add_argument("--public", action="store_true", help="neither private nor gated; refused for FaceForensics++")
    how = parser.add_argument_group("how")
    how.add_argument("--dry-run", action="store_true", help="report what the folder holds and lacks, and stop")
    how.add_argument("--num-proc", type=int, default=1, help="processes (default: %(default)s)")
    how.add_argument(
        "--cache-dir",
        type=Path,
        metavar="DIR",
        help="where finished videos wait, so that a stopped run goes on (default: beside the output, removed at the end)",
    )
    how.add_argument("--json", action="store_true", help="print the summary as JSON")
    options = parser.parse_args(arguments)
    if message := _contradiction(options):
        parser.error(message)
    return options


def _contradiction(options: argparse.Namespace) -> str:
    """What is wrong with the options together; empty when nothing is."""
    if not (options.output or options.parquet or options.push_to_hub or options.dry_run):
        return "give --output DIR, --parquet DIR, --push-to-hub ID, or --dry-run"
    if options.root and (options.manipulation or "all") not in (*MANIPULATIONS, "all"):
        return f"--manipulation must be one of {', '.join(MANIPULATIONS)}, or all"
    if options.frames_per_video < 1 or options.num_proc < 1:
        return "--frames-per-video and --num-proc must be at least 1"
    if options.labelled and options.manipulation == REAL:
        return f"--manipulation {REAL} would call the fakes real"
    if (options.celeb_df or options.dfdc) and options.manipulation:
        return "--manipulation is for --root and --labelled; this set has one kind of fakes"
    if not options.root and (options.splits_dir or options.conversion_dict or options.compression != "c23"):
        return "--compression, --splits-dir and --conversion-dict are for --root"
    if (options.split == "leave-one-out") != bool(options.held_out):
        return "--split leave-one-out and --held-out MANIPULATION go together"
    if options.split == "official" and options.root and not options.splits_dir:
        return "--split official needs --splits-dir"
    if options.public and options.root:
        return "--public is refused: the terms of FaceForensics++ forbid passing frames on"
    return ""


def configuration(options: argparse.Namespace) -> tuple[str, Path, dict]:
    """Name of the builder's configuration, source folder, and what overrides its defaults."""
    overrides = {"frames_per_video": options.frames_per_video, "split": options.split, "seed": options.seed}
    if options.root:
        default = "all" if options.held_out else "Deepfakes"
        overrides |= {"held_out": options.held_out}
        for name in ("splits_dir", "conversion_dict"):
            if value := getattr(options, name):
                overrides[name] = str(value.resolve())
        return f"{options.manipulation or default}_{options.compression}", options.root, overrides
    if options.labelled:
        return "labelled", options.labelled, overrides | {"manipulations": (options.manipulation or "unknown",)}
    return ("celeb_df", options.celeb_df, overrides) if options.celeb_df else ("dfdc", options.dfdc, overrides)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    options = parse_arguments(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    name, root, overrides = configuration(options)
    try:
        return _plan(options, name, root, overrides) if options.dry_run else _build(options, name, root, overrides)
    except (OSError, ValueError, httpx2.HTTPError, DatasetGenerationError) as error:
        logging.getLogger(__name__).debug("refused", exc_info=True)
        sys.stderr.write(f"{_sentence(error)}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; the same command goes on where it was.\n")
        return 3


def _sentence(error: Exception) -> str:
    if isinstance(error, DatasetGenerationError) and error.__cause__:
        error = error.__cause__
    if isinstance(error, httpx2.TransportError):
        return f"The Hub cannot be reached: {error}."
    return error_line(error)


def _plan(options: argparse.Namespace, name: str, root: Path, overrides: dict) -> int:
    report = {"folder": faceforensics_folder(root)} if options.root else {}
    with tempfile.TemporaryDirectory() as cache:
        builder = FaceCrops(config_name=name, root=str(root.resolve()), cache_dir=cache, **overrides)
        try:
            report |= dry_run(builder)
        except (OSError, ValueError) as error:
            report["problem"] = _sentence(error)
    sys.stdout.write((json.dumps(report) if options.json else inventory_text(report)) + "\n")
    return 2 if "problem" in report else 0


def _build(options: argparse.Namespace, name: str, root: Path, overrides: dict) -> int:
    for folder, sign in ((options.output, SAVED_SIGN), (options.parquet, SUMMARIES)):
        if folder:
            check_target(folder, sign)
    if options.push_to_hub:
        make_repository(options.push_to_hub, options.public)
    beside = (options.output or options.parquet or Path(options.push_to_hub.replace("/", "--"))).resolve()
    cache = options.cache_dir or beside.with_name(f"{beside.name}.cache")
    splits, summary = build(name, root, cache, num_proc=options.num_proc, **overrides)
    if options.output:
        save(splits, summary, options.output, options.num_proc)
    if options.parquet:
        save_parquet(splits, summary, options.parquet)
    if options.push_to_hub:
        revision = push(splits, summary, options.push_to_hub, public=options.public)
        logging.getLogger(__name__).warning("pushed revision %s", revision)
    del splits  # its files are in the cache
    if not options.cache_dir:
        shutil.rmtree(cache)
    for video_id, problem in summary.problems.items():
        sys.stderr.write(f"skipped {video_id}: {problem}\n")
    sys.stdout.write((json.dumps(summary.to_dict()) if options.json else summary_table(summary)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
