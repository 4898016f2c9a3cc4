"""Measures how fast and how large the detector is on this machine, against plain eager float32 torch.

    python -m benchmarks
    python -m benchmarks scan

Everything is measured with the same weights in one run, in turn, on media that it makes. Ratios of two runs can be
compared, seconds cannot.
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
from detector.command_line import stoppable
from detector.markdown import markdown_table

PARTS = ("crops", "limit", "photo", "clips", "server")
SHORT = "30 s of 1080p"
LONG = 60  # times as long
USUAL, _, SMALL, _ = CLIPS  # half an hour of the small one can still be uploaded


def run(parts: list[str], rounds: int) -> list[Row]:
    """Measures these parts; shows the rows of each part as soon as they are known, and gives all of them."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name, tqdm(total=len(parts), unit="part", disable=None) as bar:
        for part in parts:
            bar.set_description(part)
            found = _measure(part, Path(name), rounds)
            bar.write(table(found), file=sys.stderr)
            rows += found
            bar.update()
    return rows


def _measure(part: str, folder: Path, rounds: int) -> list[Row]:
    """Measures one part."""
    if part == "crops":
        return classification(rounds)
    if part == "limit":
        return distance_to_the_limit(rounds)
    if part == "photo":
        return photos(make_photo(folder / "photo.jpg"), rounds)
    if part == "clips":
        return clips({f"{SHORT}, {name}": _clip(folder, name) for name in CLIPS}, max(rounds // 2, 1))
    served = {f"{SHORT}, {name}": _clip(folder, name) for name in (USUAL, SMALL)}
    served[f"30 min of 1080p, {SMALL}"] = repeat_clip(_clip(folder, SMALL), folder / "long.mp4", LONG)
    return serving(make_photo(folder / "photo.jpg"), served, folder)


def _clip(folder: Path, name: str) -> Path:
    """Makes a clip unless an earlier part has made it."""
    path = folder / f"{list(CLIPS).index(name)}.mp4"
    return path if path.exists() else make_clip(path, CLIPS[name])


def table(rows: list[Row]) -> str:
    """Writes the rows as Markdown."""
    lines = [
        (
            row.what,
            f"{row.seconds:.3f}" if row.seconds else "",
            "" if row.ratio is None else f"{row.ratio:.2f} {row.unit}".replace(".00 MB", " MB"),
        )
        for row in rows
    ]
    return markdown_table(("what", "seconds", "ratio"), lines)


@stoppable
def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code: 0 done, 130 stopped by Ctrl-C."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["scan"]:
        from benchmarks import scan  # needs Ray, which the others do without

        return scan.main(arguments[1:])
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures classification, saliency, photos, clips and the server on this machine; takes 10 to 20 minutes.",
        epilog="example: python -m benchmarks --parts crops limit --json; for archives: python -m benchmarks scan --help",
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
