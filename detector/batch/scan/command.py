"""What ``python -m detector scan`` does once its options are known."""

from __future__ import annotations

import json
import os
import platform
import posixpath
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from detector.batch.cluster import ATTEMPTS, ClusterOptions, Done, connected, outcomes
from detector.batch.scan.addresses import check_protocol, is_below, is_remote, local_path, public
from detector.batch.scan.inputs import Entry, find_entries
from detector.batch.scan.metrics import Metrics
from detector.batch.scan.models import Model, on_gpus
from detector.batch.scan.output import Known, Output
from detector.batch.scan.rows import Maker, Row, error_row
from detector.batch.scan.worker import Piece, Task, analyze_piece, describe_model
from detector.errors import CommandError
from detector.limits import FRAMES_PER_VIDEO
from detector.messages import Message
from detector.network.settings import ModelSettings, SettingError
from detector.results import Band

GIVEN_UP = Message(
    "The program that analysed this file ended unexpectedly, {count} times; please check this file by itself.",
    {"count": ATTEMPTS},
)
_BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} files [{elapsed}<{remaining}{postfix}]"
# What is counted beside bands and verdicts.
_BEFORE, _ERROR = "before", "error"
_WORDS = {_BEFORE: "done before", _ERROR: "could not be analysed"}


@dataclass(frozen=True)
class ScanOptions:
    """What was asked for on the command line; see its ``--help``."""

    inputs: list[str]
    output: str
    address: str = ""
    workers: int = 0
    cores: int = 1
    column: str = ""
    allow: tuple[str, ...] = ()
    reports: str = ""
    reports_from: Band = "weak_support_for_manipulation"
    frames: int = FRAMES_PER_VIDEO
    exact: bool = False
    model: str = ""
    retry_errors: bool = False
    json: bool = False

    @property
    def cluster(self) -> ClusterOptions:
        """Where the work is done."""
        return ClusterOptions(self.address, self.workers, self.cores)


def run(options: ScanOptions) -> int:
    """Analyses the files and writes their rows; returns the exit code.

    Raises:
        CommandError: There is no file, or the model, the cluster or the output cannot be used.
    """
    start = time.monotonic()
    entries = _find(options)
    model = _model(options)
    with Output(options.output, len(entries)) as output, connected(options.cluster), on_gpus(model) as model:
        if options.reports and not is_remote(options.reports):
            os.makedirs(local_path(options.reports), exist_ok=True)
        task = _task(options, model)
        known = {
            path: row
            for path, row in output.index(task.maker, options.reports_from if options.reports else None).items()
            if not (row.retry or row.lacks_report or (row.is_error and options.retry_errors))
        }
        counts = _analyze(entries, task, known, output, options.cluster)
        output.tidy()
    _summarise(counts, len(entries), task, options, time.monotonic() - start)
    return 1 if counts[_ERROR] else 0


def _find(options: ScanOptions) -> list[Entry]:
    """Lists the files.

    Raises:
        CommandError: There are none, or reports would lie where files or the table are.
    """
    own = [place for place in (options.output, options.reports) if place]
    for place in (*own, *options.allow):
        check_protocol(place)
    reports = options.reports
    if reports and (is_below(reports, options.output) or any(is_below(one, reports) for one in options.inputs)):
        raise CommandError("--reports needs a folder of its own, neither the table nor one that is analysed.")
    return find_entries(options.inputs, own, options.column)


def _model(options: ScanOptions) -> Model:
    try:
        settings = ModelSettings.from_env(os.environ)
    except SettingError as error:
        raise CommandError(str(error)) from error
    return Model(settings, options.model and os.path.abspath(options.model), options.cores)


def _task(options: ScanOptions, model: Model) -> Task:
    """Has a worker load the model, and says what every piece of work has to know."""
    [described] = outcomes(describe_model, [model], options.cluster, "load the model")
    if described.value is None:
        raise CommandError(f"A worker cannot load the model: {described.lost}")
    maker = Maker(described.value, options.frames, options.exact)
    reports = options.reports
    if reports and not is_remote(reports):
        reports = os.path.abspath(local_path(reports))  # a worker may have another folder of its own
    return Task(model, maker, options.allow, reports, options.reports_from, platform.node())


def _is_done(entry: Entry, known: Mapping[str, Known]) -> bool:
    """Tells, without a look at the file, whether its row needs no other."""
    row = known.get(entry.path)
    return bool(row and entry.fingerprint and entry.fingerprint == row.fingerprint)


def _analyze(
    entries: list[Entry], task: Task, known: Mapping[str, Known], output: Output, cluster: ClusterOptions
) -> Counter[str]:
    """Analyses what has no row yet, and counts what came of the files: bands or verdicts, `_ERROR`, and `_BEFORE` for old rows."""
    done_before: list[Entry] = []
    remaining: list[Entry] = []
    for entry in entries:
        (done_before if _is_done(entry, known) else remaining).append(entry)
    counts: Counter[str] = Counter({_BEFORE: len(done_before)})
    counts[_ERROR] = sum(known[entry.path].is_error for entry in done_before)
    metrics = Metrics(len(remaining))
    with (
        tqdm(total=len(entries), initial=counts[_BEFORE], unit="file", disable=None, bar_format=_BAR) as bar,
        logging_redirect_tqdm(),
    ):
        for done in outcomes(analyze_piece, _pieces(remaining, task, known), cluster, "analyse"):
            for entry, row in zip(done.item.entries, _rows(done, task.maker), strict=True):
                if row is None:
                    counts[_BEFORE] += 1
                    counts[_ERROR] += known[entry.path].is_error
                else:
                    output.add(row)
                    counts[_ERROR if row["error"] else str(row["evidence_band"] or row["verdict"])] += 1
                metrics.file_is_done(bool(row and row["error"]))
                bar.update()
            per_minute = 60 * (bar.format_dict["rate"] or 0)
            bar.set_postfix_str(f"{per_minute:.0f} a minute, {counts[_ERROR]} errors", refresh=False)
    return counts


def _pieces(entries: list[Entry], task: Task, known: Mapping[str, Known]) -> Iterator[Piece]:
    """Puts what may be the two halves of a Live Photo together, and every other file by itself."""
    by_stem: dict[str, list[Entry]] = {}
    for entry in entries:
        by_stem.setdefault(posixpath.splitext(entry.path)[0], []).append(entry)
    for members in by_stem.values():
        for together in [members] if len(members) == 2 else [[entry] for entry in members]:
            rows = [known.get(entry.path) for entry in together]
            yield Piece(
                task, tuple(together), tuple((row.fingerprint, row.sha256) if row else ("", "") for row in rows)
            )


def _rows(done: Done[Piece, list[Row | None]], maker: Maker) -> list[Row | None]:
    if done.value is not None:
        return done.value
    return [error_row(entry.path, entry.fingerprint, GIVEN_UP, maker) for entry in done.item.entries]


def _summarise(counts: Counter[str], files: int, task: Task, options: ScanOptions, seconds: float) -> None:
    """Says what came of the files, as lines for people or as JSON."""
    outcomes_of_now = {name: count for name, count in counts.most_common() if name not in (_BEFORE, _ERROR)}
    model, place = task.maker.model, public(options.output)
    per_minute = round(60 * (files - counts[_BEFORE]) / seconds, 1)
    if options.json:
        summary = {
            "output": place,
            "files": files,
            "done_before": counts[_BEFORE],
            "errors": counts[_ERROR],
            "outcomes": outcomes_of_now,
            "seconds": round(seconds, 1),
            "files_a_minute": per_minute,
            "model": model.id,
            "model_revision": model.revision,
        }
        sys.stdout.write(json.dumps(summary) + "\n")
        return
    parts = [f"{count} {name.replace('_', ' ')}" for name, count in outcomes_of_now.items()]
    parts += [f"{counts[name]} {words}" for name, words in _WORDS.items() if counts[name]]
    sys.stderr.write(
        f"{', '.join(parts)}.\n{files} files, {per_minute:g} a minute; the table is {place}.\n"
        f"Model {model.id}, revision {model.revision}.\n"
    )
