"""Reads the command line of the pseudo-fakes, and makes them."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path

import numpy as np

from dataset_builder.pseudo_fakes.face_lists import faces_of_dataset, faces_of_folder
from dataset_builder.pseudo_fakes.folder import make_pseudo_fakes, write_folder
from dataset_builder.pseudo_fakes.registry import KINDS, kind_name
from detector.command_line import error_line, stoppable


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Reads the command line; see ``--help``."""
    parser = argparse.ArgumentParser(
        prog="python -m dataset_builder.pseudo_fakes",
        description="Makes fakes of real faces and writes OUTPUT/real, fake and masks; python -m dataset_builder "
        "--labelled OUTPUT makes a data set of them.",
        epilog="example: python -m dataset_builder.pseudo_fakes --images portraits --kind self_blended "
        "--output data/self_blended --seed 1 --count 500",
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--dataset", type=Path, help="data set of the builder: its real crops")
    source.add_argument("--images", type=Path, help="folder of real photos, or one with real below it")
    parser.add_argument(
        "--kind",
        type=kind_name,
        choices=list(KINDS),
        required=True,
        help="a face blended into itself, put on another person, or rebuilt",
    )
    parser.add_argument("--output", type=Path, required=True, help="new or empty folder")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same bytes (default: %(default)s)")
    parser.add_argument("--count", type=int, default=1000, help="at most so many fakes (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    options = parser.parse_args(arguments)
    if options.count < 1 or options.seed < 0:
        parser.error("--count must be at least 1 and --seed at least 0")
    return options


@stoppable
def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code: 0, or 2 for a wrong folder or where no fake could be made."""
    options = parse_arguments(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    order, random = np.random.default_rng(options.seed).spawn(2)
    faces = faces_of_dataset(options.dataset, order) if options.dataset else faces_of_folder(options.images, order)
    fakes = make_pseudo_fakes(faces, options.kind, options.count, random)
    try:
        written = write_folder(fakes, options.output, options.count)
    except OSError as error:
        sys.stderr.write(f"{error_line(error)}\n")
        return 2
    if not written:
        sys.stderr.write("No fake could be made: no face was found, or none of another person in the same pose.\n")
        return 2
    summary = {"kind": options.kind, "written": written, "wanted": options.count, "output": str(options.output)}
    text = f"{written} of {options.count} {options.kind} fakes in {options.output}"
    sys.stdout.write((json.dumps(summary) if options.json else text) + "\n")
    return 0
