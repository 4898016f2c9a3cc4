"""What a worker of a scan does: fetch, analyse, and give a row a file. It has one analyzer for its whole life."""

from __future__ import annotations

import platform
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from detector.analyzer import Analyzer
from detector.batch.command import report_stem
from detector.batch.runner import analyze_many
from detector.batch.scan.addresses import (
    check_allowed,
    is_remote,
    local_path,
    open_file_system,
    stated_bytes,
    store_errors,
)
from detector.batch.scan.fetching import FetchError, fetched, look_at
from detector.batch.scan.inputs import Entry
from detector.batch.scan.models import Model, load
from detector.batch.scan.rows import Maker, Row, error_row, is_wanted, row_of
from detector.errors import CommandError, MediaError
from detector.facts import ModelInfo
from detector.limits import MAX_FILE_BYTES
from detector.media.files import file_sha256, too_large
from detector.report.evidence import build_evidence
from detector.report.evidence_report import write_evidence
from detector.results import Analysis, Band
from detector.version import __version__

_NO_REPORTS = (
    "The evidence reports cannot be written; please check the folder of --reports, and the rights to write there."
)


@dataclass(frozen=True)
class Task:
    """What is the same for every piece of a scan.

    Attributes:
        model: What is loaded.
        maker: What every row is made by.
        allowed: Beginnings of the addresses that manifests may name.
        reports: Folder of the evidence reports; empty for none.
        reports_from: The lowest band of which reports are written.
        node: Name of the machine that the scan was started on.
    """

    model: Model
    maker: Maker
    allowed: tuple[str, ...] = ()
    reports: str = ""
    reports_from: Band = "weak_support_for_manipulation"
    node: str = ""


@dataclass(frozen=True)
class Piece:
    """Files that are analysed one after the other: most often one, else the two halves of a Live Photo.

    Attributes:
        task: What is done.
        entries: The files.
        known: For each of them, fingerprint and hash of its row that is there already; empty ones without such a row.
    """

    task: Task
    entries: tuple[Entry, ...]
    known: tuple[tuple[str, str], ...]


def describe_model(model: Model) -> ModelInfo:
    """Loads the model, and tells which it is.

    Raises:
        CommandError: It cannot be used.
    """
    return _analyzer(model).model.info


def analyze_piece(piece: Piece) -> list[Row | None]:
    """Gives a row for each file of a piece; None where the row that is there says the same.

    Raises:
        CommandError: This worker has another model or version than the scan began with, or a report cannot be written.
    """
    task, analyzer = piece.task, _analyzer(piece.task.model)
    if task.maker.software != __version__ or not task.maker.is_model(analyzer.model.info):
        raise CommandError(
            f"The worker on {platform.node()} has another model or version than the scan began with; "
            "please install the same on every machine."
        )
    rows: list[Row | None] = [None] * len(piece.entries)
    with ExitStack() as copies:
        ready: list[tuple[int, str, Path]] = []
        for number, (entry, known) in enumerate(zip(piece.entries, piece.known, strict=True)):
            found = entry.fingerprint
            try:
                if entry.is_listed:
                    check_allowed(entry.address, task.allowed)
                    found = look_at(entry)
                path = _changed_file(entry, found, known, copies, task.node)
            except MediaError as error:
                retry = isinstance(error, FetchError)
                rows[number] = error_row(entry.path, found, error.message, task.maker, retry)
                continue
            if path:
                ready.append((number, found, path))
        start = time.monotonic()
        items = analyze_many(
            analyzer,
            [path for _, _, path in ready],
            task.maker.frames_per_video,
            keep_analyses=bool(task.reports),
            exact=task.maker.is_exact,
        )
        for (number, found, _), item in zip(ready, items, strict=True):
            report = _write_report(task, item.analysis, analyzer) if item.analysis else None
            now = time.monotonic()
            rows[number] = row_of(piece.entries[number].path, found, item, task.maker, now - start, report)
            start = now
            del item  # its pictures go before the next file brings its own
    return rows


def _changed_file(entry: Entry, found: str, known: tuple[str, str], copies: ExitStack, node: str) -> Path | None:
    """Gives the file on this machine; None where its bytes are those of the row that is there.

    Raises:
        MediaError: It cannot be fetched, or is too large.
        CommandError: This machine lacks the disk that it lies on: every file there would be said to be bad.
    """
    fingerprint, sha256 = known
    if fingerprint and found == fingerprint:
        return None
    has_lost_it = not is_remote(entry.address) and entry.fingerprint and not Path(entry.address).parent.is_dir()
    if has_lost_it and platform.node() != node:  # where the scan was started, a folder may be moved meanwhile
        raise CommandError(
            f"The worker on {platform.node()} does not see the folder of {entry.path}; "
            "files on a disk must be visible to all machines under the same path."
        )
    if is_remote(entry.address) and stated_bytes(found) > MAX_FILE_BYTES:
        raise too_large(MAX_FILE_BYTES)
    path = copies.enter_context(fetched(entry))
    is_same = bool(sha256) and path.is_file() and path.stat().st_size <= MAX_FILE_BYTES and file_sha256(path) == sha256
    return None if is_same else path


def _write_report(task: Task, analysis: Analysis, analyzer: Analyzer) -> str | None:
    """Writes the evidence report of a file where its band asks for one; gives the name of the page."""
    result = analysis.result
    evidence_band = result.deciding_evidence.band if result.deciding_evidence else None
    if not is_wanted(evidence_band, result.verdict, task.reports_from):
        return None
    stem = report_stem(Path(result.file.name), result.file.sha256)
    evidence = build_evidence(analysis, analyzer.model)
    if not is_remote(task.reports):
        try:
            return write_evidence(evidence, local_path(task.reports), stem)[0].name
        except OSError as error:
            raise CommandError(_NO_REPORTS) from error
    with tempfile.TemporaryDirectory() as folder:
        page, data = write_evidence(evidence, folder, stem)
        file_system, place = open_file_system(task.reports)
        try:
            for file in (data, page):  # the page last, as on a disk
                file_system.pipe_file(f"{place.rstrip('/')}/{file.name}", file.read_bytes())
        except store_errors() as error:
            raise CommandError(_NO_REPORTS) from error
    return page.name


@cache
def _analyzer(model: Model) -> Analyzer:
    return Analyzer(load(model))
