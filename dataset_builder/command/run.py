"""Runs the command of the builder, once its options are read."""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx2
from datasets.exceptions import DatasetGenerationError

from dataset_builder.builder import FaceCrops, build, choose_pool
from dataset_builder.command.inventory import dry_run, faceforensics_folder, inventory_text
from dataset_builder.command.options import configuration
from dataset_builder.publish import SAVED_SIGN, SUMMARIES, check_target, make_repository, push, save, save_parquet
from dataset_builder.summary import summary_table
from detector.command_line import error_line
from detector.errors import CommandError


def run(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    name, root, overrides = configuration(options)
    try:
        return _plan(options, name, root, overrides) if options.dry_run else _build(options, name, root, overrides)
    except (CommandError, OSError, ValueError, httpx2.HTTPError, DatasetGenerationError) as error:
        logging.getLogger(__name__).debug("refused", exc_info=True)
        sys.stderr.write(f"{_sentence(error)}\n")
        return 2


def _sentence(error: Exception) -> str:
    if isinstance(error, DatasetGenerationError) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    if isinstance(error, httpx2.TransportError):
        return f"The Hub cannot be reached: {error}."
    return error_line(error)


def _plan(options: argparse.Namespace, name: str, root: Path, overrides: dict[str, Any]) -> int:
    report: dict[str, Any] = {"folder": faceforensics_folder(root)} if options.root else {}
    with tempfile.TemporaryDirectory() as cache:
        builder = FaceCrops(config_name=name, root=str(root.resolve()), cache_dir=cache, **overrides)
        try:
            report |= dry_run(builder)
        except (OSError, ValueError) as error:
            report["problem"] = _sentence(error)
    sys.stdout.write((json.dumps(report) if options.json else inventory_text(report)) + "\n")
    return 2 if "problem" in report else 0


def _build(options: argparse.Namespace, name: str, root: Path, overrides: dict[str, Any]) -> int:
    pool = choose_pool(options.num_proc, options.address)
    for folder, sign in ((options.output, SAVED_SIGN), (options.parquet, SUMMARIES)):
        if folder:
            check_target(folder, sign)
    if options.push_to_hub:
        make_repository(options.push_to_hub, options.public)
    beside = (options.output or options.parquet or Path(options.push_to_hub.replace("/", "--"))).resolve()
    cache = options.cache_dir or beside.with_name(f"{beside.name}.cache")
    splits, summary = build(name, root, cache, pool, **overrides)
    if options.output:
        save(splits, summary, options.output, 1 if options.address else options.num_proc or 1)
    if options.parquet:
        save_parquet(splits, summary, options.parquet)
    if options.push_to_hub:
        revision = push(splits, summary, options.push_to_hub, public=options.public)
        sys.stderr.write(f"pushed revision {revision}\n")
    del splits  # its files are in the cache
    if not options.cache_dir:
        shutil.rmtree(cache)
    for video_id, problem in summary.problems.items():
        sys.stderr.write(f"skipped {video_id}: {problem}\n")
    sys.stdout.write((json.dumps(summary.to_dict()) if options.json else summary_table(summary)) + "\n")
    return 0
