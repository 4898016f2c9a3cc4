"""How fast and how large the detector is on this machine, against plain eager float32 torch with the same weights.

    python -m benchmarks

Everything is measured in one run, in turn, on media that it makes; figures of two runs cannot be compared, ratios can.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tqdm import tqdm

from benchmarks.media import CLIPS, make_clip, make_photo, repeat_clip
from benchmarks.serving import serving
from benchmarks.speed import Row, classification, clips, distance_to_the_limit, photos
from dataset_builder.summary import markdown_table

PARTS = ("crops", "limit", "photo", "clips", "server")
LONG = 60  # times 30 seconds


def run(parts: list[str], rounds: int) -> list[Row]:
    """All rows of these parts."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name, tqdm(total=len(parts), unit="part", disable=None) as bar:
        folder = Path(name)
        photo = make_photo(folder / "photo.jpg") if {"photo", "server"} & set(parts) else None
        wanted = list(CLIPS.items()) if "clips" in parts else list(CLIPS.items())[: "server" in parts]
        made = {
            f"30 s of 1080p, {name}": make_clip(folder / f"clip{number}.mp4", kind)
            for number, (name, kind) in enumerate(wanted)
        }
        for part in parts:
            bar.set_description(part)
            if part == "crops":
                rows += classification(rounds)
            elif part == "limit":
                rows += distance_to_the_limit(rounds)
            elif part == "photo":
                rows += photos(photo, rounds)
            elif part == "clips":
                rows += clips(made, max(rounds // 2, 1))
            else:
                first, *_ = made
                long = repeat_clip(made[first], folder / "long.mp4", LONG)
                served = {first: made[first], first.replace("30 s", "30 min", 1): long}
                rows += serving(photo, served, folder)
            bar.update()
    return rows


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    lines = [
        (
            row.what,
            f"{row.seconds:.3f}" if row.seconds else "",
            "" if row.ratio is None else f"{row.ratio:.2f} {row.unit}".replace(".00 MB", " MB"),
        )
        for row in rows
    ]
    return markdown_table(("what", "seconds", "ratio"), lines)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures classification, saliency, photos, clips and the server on this machine; 10 to 20 minutes.",
        epilog="example: python -m benchmarks --parts crops limit --json",
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="what to measure (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="runs behind each median (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    rows = run(options.parts, options.rounds)
    sys.stdout.write((json.dumps([asdict(row) for row in rows]) if options.json else table(rows)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
