"""What ``python -m detector`` does once its options are known: one verdict a file, as text, CSV or JSON Lines."""

from __future__ import annotations

import io
import logging
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal, TextIO

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from detector.analyzer import Analyzer
from detector.batch.files import list_files
from detector.batch.known_files import analyze_known_real, check_count
from detector.batch.output import NOT_ANALYSED, plain_text, to_csv
from detector.batch.resume import LinesError, Wanted, hashes_of, line, resume
from detector.batch.runner import BatchItem, analyze_many
from detector.conclusion.known_real import with_known_real
from detector.errors import CommandError, MediaError
from detector.messages import Message, counted
from detector.network.loading import ModelError, load_chosen
from detector.network.settings import ModelSettings, SettingError
from detector.report.case.pdf import write_pdf
from detector.report.evidence import build_evidence
from detector.report.evidence_report import write_evidence
from detector.report.wording.evidence import BAND_TEXT, BAND_TITLE, LIKELIHOOD_RATIO
from detector.report.wording.verdicts import VERDICT_TEXT, VERDICT_TITLE
from detector.results import Analysis, Band, Verdict
from detector.text import printable

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CommandOptions:
    """What was asked for on the command line.

    Attributes:
        paths: Files and folders.
        form: ``json`` for JSON Lines, ``csv``, or None for lines for people.
        output: Where to write; None for the standard output.
        resume: Whether to go on with the JSON Lines in `output`.
        report: Folder of the evidence reports; None for none.
        frames: How many frames of a video to sample.
        exact: See `Analyzer.analyze_video`.
        model: Folder of the model; None for that of the environment.
        known_real: Files, and folders of files, that are known to be real, to compare every file with.
        item: See `Analyzer.analyze`.
        pdf: Whether to write the evidence reports as PDF, too.
    """

    paths: list[Path]
    form: Literal["json", "csv"] | None
    output: Path | None
    resume: bool
    report: Path | None
    frames: int
    exact: bool
    model: Path | None
    known_real: list[Path] = field(default_factory=list)
    item: int = 0
    pdf: bool = False


def run(options: CommandOptions) -> int:
    """Analyses the files and writes what comes of them; returns the exit code.

    Raises:
        CommandError: There is no file, or the model or the output cannot be used.
        OSError: The output cannot be written.
    """
    files = list_files(options.paths, [path for path in (options.output, options.report) if path])
    if not any(os.path.lexists(path) for path in options.paths):
        raise CommandError(f"Nothing lies at {', '.join(map(printable, map(str, options.paths)))}.")
    if not files:
        raise CommandError("There is no file to analyse.")
    if options.report:
        options.report.mkdir(parents=True, exist_ok=True)
    analyzer = _analyzer(options.model)
    known_files = _known_real_files(options.known_real)
    remaining = _still_to_do(files, options, analyzer, known_files)
    compare = _comparison(known_files if remaining else [], options, analyzer)
    outcomes: Counter[str] = Counter()
    with _stream(options) as stream, _bar(len(remaining)) as bar, logging_redirect_tqdm():

        def show(share: float, doing: Message) -> None:
            bar.set_description_str(printable(str(doing)), refresh=False)
            bar.update(share * len(remaining) - bar.n)

        items = analyze_many(
            analyzer,
            remaining,
            options.frames,
            show,
            keep_analyses=bool(options.report),
            exact=options.exact,
            compare=compare,
            item=options.item,
        )
        for item in items:
            report = _write_report(item, analyzer, options.report, options.pdf)
            with tqdm.external_write_mode(file=stream):
                stream.write(_text(item, options, report, is_first=not outcomes))
                stream.flush()
            if options.output and options.output.is_file():  # a pipe or a device holds nothing
                os.fsync(stream.fileno())
            outcomes[_outcome(item)] += 1
            del item  # its pictures go before the next file brings its own
    _summarise(outcomes, len(files) - len(remaining), analyzer)
    return 1 if outcomes[""] else 0


def _bar(count: int) -> tqdm[None]:
    # none where nobody watches
    return tqdm(total=count, disable=None, bar_format="{percentage:3.0f} % |{bar}| {desc} [{elapsed}<{remaining}]")


def _analyzer(folder: Path | None) -> Analyzer:
    try:
        return Analyzer(load_chosen(ModelSettings.from_env(os.environ), folder or ""))
    except (ModelError, SettingError) as error:
        raise CommandError(str(error)) from error


def _known_real_files(paths: list[Path]) -> list[Path]:
    files = list_files(paths)
    if paths and not files:
        raise CommandError("There is no known-real file to compare with.")
    try:
        check_count(files)
    except MediaError as error:
        raise CommandError(str(error)) from error
    return files


def _comparison(
    known_files: list[Path], options: CommandOptions, analyzer: Analyzer
) -> Callable[[Analysis], Analysis] | None:
    """Analyses the known-real files, and gives what compares an analysis with them; None without any."""
    if not known_files:
        return None
    with _bar(len(known_files)) as bar, logging_redirect_tqdm():

        def show(share: float, doing: Message) -> None:
            bar.set_description_str(printable(f"known-real {doing}"), refresh=False)
            bar.update(share * len(known_files) - bar.n)

        known = analyze_known_real(analyzer, known_files, options.frames, options.exact, show)
    for file in known:
        if file.error:
            logger.warning("%s: %s", printable(file.name), file.error)
    return partial(with_known_real, known=known, scales=analyzer.model.scales)


def _still_to_do(files: list[Path], options: CommandOptions, analyzer: Analyzer, known_files: list[Path]) -> list[Path]:
    if not options.resume or options.output is None:
        return files
    wanted = Wanted(
        analyzer.model.info,
        options.frames,
        options.report,
        options.exact,
        hashes_of(known_files),
        options.item,
        options.pdf,
    )
    try:
        resumed = resume(options.output, files, wanted)
    except LinesError as error:
        raise CommandError(str(error)) from error
    if resumed.outdated:
        sentence = counted(
            "{count} result of an earlier schema is analysed again.",
            "{count} results of an earlier schema are analysed again.",
            resumed.outdated,
        )
        sys.stderr.write(f"{sentence}\n")
    return resumed.remaining


@contextmanager
def _stream(options: CommandOptions) -> Iterator[TextIO]:
    if not options.output:
        if isinstance(sys.stdout, io.TextIOWrapper):
            # a file name may hold what the terminal cannot show; the line ends of CSV stay as they are
            sys.stdout.reconfigure(errors="backslashreplace", newline="")
        yield sys.stdout
        return
    # Excel reads a CSV file as UTF-8 only with a mark at its start
    encoding = "utf-8-sig" if options.form == "csv" else "utf-8"
    with open(options.output, "a", encoding=encoding, errors="backslashreplace", newline="") as stream:
        yield stream


def _text(item: BatchItem, options: CommandOptions, report: str | None, is_first: bool) -> str:
    """Writes what became of a file in the form that was asked for."""
    if options.form == "json":
        return line(item, options.frames, report, options.item)
    if options.form == "csv":
        return to_csv([item], with_path=True, with_header=is_first)
    return plain_text(item)


def _write_report(item: BatchItem, analyzer: Analyzer, folder: Path | None, with_pdf: bool) -> str | None:
    """Writes the evidence report of a file and gives its name; a duplicate has that of the first of its kind."""
    if folder is None or item.result is None:
        return None
    if item.duplicate_of:
        return f"{report_stem(item.duplicate_of, item.sha256)}.html"
    if item.analysis is None:
        return None
    evidence, stem = build_evidence(item.analysis, analyzer.model), report_stem(item.path, item.sha256)
    if with_pdf:  # before the page, by which --resume knows that a report is there
        write_pdf(evidence, folder / f"{stem}.pdf")
    html, _ = write_evidence(evidence, folder, stem)
    return html.name


def report_stem(path: Path, sha256: str) -> str:
    """Makes a file name that is safe everywhere and names one content: ``photo-0a1b2c3d``."""
    safe = re.sub(r"[^\w-]+", "_", path.stem)[:48].strip("_-")
    return f"{safe or 'file'}-{sha256[:8]}"


def _outcome(item: BatchItem) -> str:
    """Names what the summary counts: the band of the evidence, else the verdict; empty without a result."""
    if item.result is None:
        return ""
    evidence = item.result.deciding_evidence
    return evidence.band if evidence else item.result.verdict


def _summarise(outcomes: Counter[str], done_before: int, analyzer: Analyzer) -> None:
    """Says on the error stream how many files had which verdict, what that means, and which model answered."""
    info = analyzer.model.info
    titles = _by_outcome(VERDICT_TITLE, BAND_TITLE) | {"": NOT_ANALYSED}
    texts = _by_outcome(VERDICT_TEXT, BAND_TEXT)
    counts = [f"{count} {str(titles[outcome]).lower()}" for outcome, count in outcomes.most_common()]
    before = [f"{done_before} done before"] if done_before else []
    meanings = [f"{titles[name]}: {text}" for name, text in texts.items() if outcomes[name]]
    if any(outcomes[band] for band in BAND_TITLE):
        meanings.append(f"LR: {LIKELIHOOD_RATIO}")
    lines = [", ".join(before + counts) + ".", *meanings, f"Model {info.id}, revision {info.revision}."]
    sys.stderr.write("".join(f"{text}\n" for text in lines))


def _by_outcome(verdicts: Mapping[Verdict, Message], bands: Mapping[Band, Message]) -> dict[str, Message]:
    """Joins words for verdicts and for bands."""
    return {str(name): words for name, words in (*verdicts.items(), *bands.items())}
