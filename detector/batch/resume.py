"""The JSON Lines of the command: one line a file, appended as it comes, and read again by a run that goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detector.batch.output import item_to_dict
from detector.batch.runner import BatchItem
from detector.errors import MediaError
from detector.facts import ModelInfo
from detector.media.files import check_size, file_sha256
from detector.results import SCHEMA_VERSION


@dataclass(frozen=True)
class Resumed:
    """What a run that goes on has to do.

    Attributes:
        remaining: Files that are still to be analysed.
        outdated: How many of them have a result of an earlier schema, which is dropped.
    """

    remaining: list[Path]
    outdated: int = 0


class LinesError(ValueError):
    """The output to resume holds something else. The message is one plain sentence."""


@dataclass(frozen=True)
class Wanted:
    """What an old line must agree with to be used again.

    Attributes:
        model: Which model answers.
        frames_per_video: How many frames of a video are sampled.
        report_folder: Where the evidence reports lie; None where none are asked for.
        with_pdf: Whether they are asked for as PDF, too.
        exact: Whether the frames are those in the middle of each part of a video.
        known_real: Hashes of the known-real files that each file is compared with.
        item: Which photo or film of every file is assessed, see `Analyzer.analyze`.
    """

    model: ModelInfo
    frames_per_video: int
    report_folder: Path | None = None
    exact: bool = False
    known_real: frozenset[str] = frozenset()
    item: int = 0
    with_pdf: bool = False

    def is_met_by(self, record: dict[str, Any]) -> bool:
        """Tells whether a line says what a new analysis of the same bytes would say."""
        result = record.get("result")
        if record.get("schema_version") != SCHEMA_VERSION or not result:
            return False
        if any(
            result["model"][key] != getattr(self.model, key) for key in ("id", "revision", "runtime", "config_sha256")
        ):
            return False
        if record.get("item", 0) != self.item or _known_real_of(result) != self.known_real:
            return False
        sampling = (self.frames_per_video, "exact" if self.exact else "near")
        if result["file"]["duration_s"] is not None and sampling != (record["frames_per_video"], result["sampling"]):
            return False
        if self.report_folder is None:
            return True
        page = self.report_folder / record["report"] if record["report"] else None
        return bool(page and page.is_file() and (not self.with_pdf or page.with_suffix(".pdf").is_file()))


def _known_real_of(result: dict[str, Any]) -> set[str]:
    comparison = result["known_real"]
    return {file["sha256"] for file in comparison["files"] if file["sha256"]} if comparison else set()


def line(item: BatchItem, frames_per_video: int, report: str | None = None, number: int = 0) -> str:
    """Writes a file as a line of JSON, in ASCII, so that no file name can break it.

    Args:
        item: What became of the file.
        frames_per_video: How many frames of a video were sampled.
        report: File name of its evidence report.
        number: Which photo or film of every file was asked for.
    """
    record = {"schema_version": SCHEMA_VERSION, **item_to_dict(item, with_path=True)}
    return _text(record | {"frames_per_video": frames_per_video, "report": report, "item": number})


def resume(output: Path, files: Iterable[Path], wanted: Wanted) -> Resumed:
    """Makes an output ready to be appended to, and says which files are still to be analysed.

    Lines of these files that are errors, or do not meet what is wanted, are dropped, and so is a half-written last
    line; lines of other files stay. A file whose bytes have a result under another name gets a line at once.

    Raises:
        LinesError: The output is not one of this command; it is left as it is.
        OSError: It cannot be read or written.
    """
    files = list(files)
    records = _read(output)
    if not records:
        _write(output, [])
        return Resumed(files)
    hashes = {str(path): _sha256(path) for path in files}
    kept = {
        record["file"]: record
        for record in records
        if record["file"] not in hashes or (wanted.is_met_by(record) and record["sha256"] == hashes[record["file"]])
    }
    by_hash: dict[str, dict[str, Any]] = {}
    for record in kept.values():
        if wanted.is_met_by(record):
            by_hash.setdefault(record["sha256"], record)
    remaining = []
    for path in files:
        name = str(path)
        if name in kept:
            continue
        if same := by_hash.get(hashes[name] or ""):
            facts = same["result"]["file"] | {"name": path.name}
            first = same["duplicate_of"] or same["file"]
            kept[name] = same | {"file": name, "duplicate_of": first, "result": same["result"] | {"file": facts}}
        else:
            remaining.append(path)
    _write(output, kept.values())
    outdated = {record["file"] for record in records if record["result"] and record["schema_version"] != SCHEMA_VERSION}
    return Resumed(remaining, sum(str(path) in outdated for path in remaining))


def _read(output: Path) -> list[dict[str, Any]]:
    """Reads all whole lines; a last one that was cut off is left out."""
    if not output.exists():
        return []
    *lines, last = output.read_bytes().split(b"\n")
    records = []
    for number, text in enumerate(lines, start=1):
        try:
            record = json.loads(text)
            is_ours = {"schema_version", "file", "result"} <= record.keys()
        except (ValueError, AttributeError):
            is_ours = False
        if not is_ours:
            raise LinesError(
                f"{output} was not written by this command with --json (see line {number}); it is unchanged."
            )
        records.append(record)
    if last and not records and not last.startswith(b'{"schema_version"'):
        raise LinesError(f"{output} was not written by this command with --json; it is unchanged.")
    return records


def _write(output: Path, records: Iterable[dict[str, Any]]) -> None:
    """Replaces the output at once, so that a run that is killed here loses nothing."""
    output = output.resolve()
    partial = output.with_name(f".{output.name}.partial")
    with open(partial, "w", encoding="ascii") as stream:
        stream.writelines(_text(record) for record in records)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(output)


def _text(record: dict[str, Any]) -> str:
    return json.dumps(record) + "\n"


def hashes_of(paths: Iterable[Path]) -> frozenset[str]:
    """Gives the hashes of files, as hex digests, without those that cannot be read or are refused unread."""
    return frozenset(sha256 for sha256 in map(_sha256, paths) if sha256)


def _sha256(path: Path) -> str | None:
    try:
        check_size(path)
        return file_sha256(path)
    except (MediaError, OSError):
        return None  # its analysis will say why
