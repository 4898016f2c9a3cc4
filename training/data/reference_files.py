"""The files that an evidence scale is fitted and judged on: what the application said of them, and the truth."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from dataset_builder.layouts.csv_tables import read_table
from dataset_builder.sources import REAL

# A stand-in is a single frame of a video: it scatters more than the mean of a clip, so it bounds real clips from above.
Role = Literal["reference", "stand_in", "test"]
COLUMNS = ("file", "source", "manipulation", "group", "role", "note")


@dataclass(frozen=True)
class ReferenceFile:
    """A file with the frame scores of its most persistent face.

    Attributes:
        source: Name of its source.
        manipulation: ``real``, or which.
        group: Files of one group show the same people.
        role: What it serves for.
        note: What a reader must know of it, such as that the network has learned from this kind; may be empty.
        is_clip: Whether it is a clip.
        scores: Score of each frame, 0..1; one in a photo.
        numbers: Which sample of the clip each of them is.
        path: Where it lay when it was analysed.
    """

    source: str
    manipulation: str
    group: str
    role: Role
    note: str
    is_clip: bool
    scores: tuple[float, ...]
    numbers: tuple[int, ...]
    path: str = ""

    @property
    def label(self) -> int:
        """0 real, 1 manipulated."""
        return int(self.manipulation != REAL)


def read_files(table: Path, results: Sequence[Path]) -> tuple[list[ReferenceFile], int]:
    """Reads the truth and what ``python -m detector --json`` said.

    Args:
        table: CSV with `COLUMNS`; ``file`` as its results end, such as ``clips/real/001.mp4``.
        results: JSON Lines of the command.

    Returns:
        The files, and in how many the application found no face to assess.

    Raises:
        ValueError: A table is not what it should be, or a file has no result.
    """
    analysed = {path: result for file in results for path, result in _results(file)}
    names = {Path(path).as_posix(): result for path, result in analysed.items()}
    files, without_face = [], 0
    for row in read_table(table, COLUMNS):
        found = [name for name in names if name == row["file"] or name.endswith("/" + row["file"])]
        if len(found) != 1:
            raise ValueError(f"{table} names {row['file']}, of which there are {len(found)} results, not one.")
        if row["role"] not in get_args(Role):
            raise ValueError(f"{table} gives {row['file']} the role {row['role']}, which is none of {get_args(Role)}.")
        if names[found[0]]["faces"]:
            files.append(_file(row, found[0], names[found[0]]))
        else:
            without_face += 1
    return files, without_face


def _results(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            record = json.loads(line)
            path, result = record["file"], record["result"]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{file}, line {number}, was not written by python -m detector --json.") from error
        if result:
            yield path, result | {"samples": record["frames_per_video"]}


def _file(row: dict[str, str], path: str, result: dict[str, Any]) -> ReferenceFile:
    frames, duration_s = result["faces"][0]["frames"], result["file"]["duration_s"]
    part_s = duration_s / result["samples"] if duration_s else 1.0  # one sample of each equal part
    return ReferenceFile(
        source=row["source"],
        manipulation=row["manipulation"],
        group=row["group"],
        role=row["role"],  # type: ignore[arg-type]  # checked above
        note=row["note"],
        is_clip=duration_s is not None,
        scores=tuple(frame["score"] for frame in frames),
        numbers=tuple(int(frame["time_s"] / part_s) for frame in frames),
        path=path,
    )
