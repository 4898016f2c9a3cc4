"""python -m detector: files and folders in, one verdict a file out."""

from __future__ import annotations

import argparse
import io
import logging
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from detector.text import printable

# torch takes seconds: what needs it is imported where it is used, so that --help and mistakes are answered at once
if TYPE_CHECKING:
    from detector.analyzer import Analyzer
    from detector.batch.runner import BatchItem

logger = logging.getLogger(__name__)

FRAMES_PER_VIDEO = 32
EPILOG = """\
examples:
  python -m detector photo.jpg clip.mp4
  python -m detector inbox --csv --output inbox.csv
  python -m detector inbox --json --output inbox.jsonl --report reports
  python -m detector inbox --json --output inbox.jsonl --resume

Every file is tried, whatever its name; folders are walked with all below them, in sorted order, hidden files left out.
Files of the same bytes are analysed once. The model is the bundled one, or MODEL_ID at MODEL_REVISION of the Hub.

--json writes JSON Lines, one object a file as soon as it is done: schema_version, file, sha256, duplicate_of, result (the
documented JSON, or null), error (a sentence, or null), frames_per_video, report.

exit codes, whatever the verdicts: 0 every file was analysed, 1 at least one could not be, 2 an option, the model or the
output is wrong, or there is no file, 130 stopped by Ctrl-C
"""


class CommandError(Exception):
    """Why the command cannot run, in one plain sentence."""


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line; see ``--help``."""
    parser = argparse.ArgumentParser(
        prog="python -m detector",
        description="Scores every face in photos and videos for signs of manipulation. A lead to check, never proof.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE|FOLDER", help="photos, videos, folders of them")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", dest="form", action="store_const", const="json", help="JSON Lines, for scripts")
    form.add_argument("--csv", dest="form", action="store_const", const="csv", help="a table for spreadsheets")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="write there instead of the standard output; a name in .jsonl or .csv chooses the form too",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the JSON Lines in --output: files that have a result of this model are skipped",
    )
    parser.add_argument("--report", type=Path, metavar="DIR", help="write the evidence report of every file there")
    parser.add_argument(
        "--frames",
        type=int,
        default=FRAMES_PER_VIDEO,
        metavar="N",
        help="frames of a video, evenly spaced (default: %(default)s)",
    )
    parser.add_argument(
        "--exact",
        action="store_true",
        help="take the frame in the middle of each part of a video, not the one next to it that is decoded fastest",
    )
    parser.add_argument("--model", type=Path, metavar="FOLDER", help="answer with the model in this folder")
    options = parser.parse_args(arguments)
    if options.output and not options.form:
        options.form = {".jsonl": "json", ".csv": "csv"}.get(options.output.suffix.lower())
    if message := _contradiction(options):
        parser.error(message)
    return options


def _contradiction(options: argparse.Namespace) -> str:
    """What is wrong with the options together; empty when nothing is."""
    if options.frames < 1:
        return "--frames must be at least 1"
    if options.resume and not (options.output and options.form == "json"):
        return "--resume needs --json and --output FILE"
    if options.output and not options.output.parent.is_dir():
        return f"the folder of --output {options.output} does not exist"
    if options.report and any(path.resolve().is_relative_to(options.report.resolve()) for path in options.paths):
        return "--report needs a folder of its own, not one that is analysed"
    if options.output and not options.resume and options.output.exists() and not _is_empty(options.output):
        return f"{options.output} is there already; give another name, or go on with it by --resume (with --json)"
    return ""


def _is_empty(output: Path) -> bool:
    # a device such as /dev/stdout can always be written to
    return not output.is_dir() and (not output.is_file() or output.stat().st_size == 0)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    options = parse_arguments(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        return _run(options)
    except BrokenPipeError:
        # whoever read the output has seen enough; Python must not complain when it flushes at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (CommandError, OSError) as error:
        logger.debug("refused", exc_info=True)
        is_system = isinstance(error, OSError) and error.strerror
        sys.stderr.write(f"{error.filename or 'The output'}: {error.strerror}.\n" if is_system else f"{error}\n")
        return 2
    except KeyboardInterrupt:
        going_on = options.output and options.form == "json"
        sys.stderr.write(f"Stopped{'; the same command with --resume goes on where it was' if going_on else ''}.\n")
        return 130


def list_files(paths: Iterable[Path], left_out: Iterable[Path] = ()) -> list[Path]:
    """The files, and those in the folders in sorted order, each once.

    A path that does not exist, or a folder that cannot be listed, stays in the list, so that it is reported.

    Args:
        paths: Files and folders.
        left_out: What the command itself writes, files or folders; not taken from a folder.
    """
    own = [path.resolve() for path in left_out]
    found: dict[Path, Path] = {}
    for path in paths:
        files = [path]
        if path.is_dir():
            below = _files_below(path)
            files = [file for file in below if not any(file.resolve().is_relative_to(place) for place in own)]
        for file in files:
            found.setdefault(Path(os.path.abspath(file)), file)
    return list(found.values())


def _files_below(folder: Path) -> list[Path]:
    found: list[Path] = []

    def add_unlisted(error: OSError) -> None:
        found.append(Path(error.filename))

    for parent, folders, names in os.walk(folder, onerror=add_unlisted):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found.extend(Path(parent, name) for name in names if not name.startswith("."))
    return sorted(found)


def _run(options: argparse.Namespace) -> int:
    files = list_files(options.paths, [path for path in (options.output, options.report) if path])
    if not files:
        raise CommandError("There is no file to analyse.")
    if options.report:
        options.report.mkdir(parents=True, exist_ok=True)
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    from detector.batch.runner import analyze_many

    analyzer = _analyzer(options.model)
    files, done_before = _still_to_do(files, options, analyzer), len(files)
    done_before -= len(files)
    outcomes: Counter[str] = Counter()
    with (
        _stream(options) as stream,
        # none where nobody watches
        tqdm(
            total=len(files), disable=None, bar_format="{percentage:3.0f} % |{bar}| {desc} [{elapsed}<{remaining}]"
        ) as bar,
        logging_redirect_tqdm(),
    ):

        def show(share: float, doing: str) -> None:
            bar.set_description_str(printable(doing), refresh=False)
            bar.update(share * len(files) - bar.n)

        items = analyze_many(
            analyzer, files, options.frames, show, keep_analyses=bool(options.report), exact=options.exact
        )
        for item in items:
            report = _write_report(item, analyzer, options.report)
            with tqdm.external_write_mode(file=stream):
                stream.write(_text(item, options, report, is_first=not outcomes))
                stream.flush()
            if options.output and stream.seekable():
                os.fsync(stream.fileno())
            outcomes[item.result.verdict if item.result else ""] += 1
            del item  # its pictures go before the next file brings its own
    _summarise(outcomes, done_before, analyzer)
    return 1 if outcomes[""] else 0


def _analyzer(folder: Path | None) -> Analyzer:
    from detector.analyzer import Analyzer
    from detector.network.loading import ModelError, load_folder, load_model

    try:
        return Analyzer(load_folder(folder, folder.resolve().name) if folder else load_model())
    except ModelError as error:
        raise CommandError(str(error)) from error


def _still_to_do(files: list[Path], options: argparse.Namespace, analyzer: Analyzer) -> list[Path]:
    if not options.resume:
        return files
    from detector.batch.resume import LinesError, Wanted, go_on

    try:
        return go_on(options.output, files, Wanted(analyzer.model.info, options.frames, options.report, options.exact))
    except LinesError as error:
        raise CommandError(str(error)) from error


@contextmanager
def _stream(options: argparse.Namespace) -> Iterator[TextIO]:
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


def _text(item: BatchItem, options: argparse.Namespace, report: str | None, is_first: bool) -> str:
    """What is written of a file, in the form that was asked for."""
    if options.form == "json":
        from detector.batch.resume import line

        return line(item, options.frames, report)
    from detector.batch.output import plain_text, to_csv

    if options.form == "csv":
        return to_csv([item], with_path=True, with_header=is_first)
    return plain_text(item)


def _write_report(item: BatchItem, analyzer: Analyzer, folder: Path | None) -> str | None:
    """Writes the evidence report of a file and gives its name; a duplicate has that of the first of its kind."""
    if folder is None or item.result is None:
        return None
    if item.analysis is None:
        return f"{report_stem(item.duplicate_of, item.sha256)}.html"
    from detector.report.evidence_report import build_evidence, write_evidence

    try:
        evidence = build_evidence(item.path, item.analysis, analyzer.model)
    except OSError as error:
        logger.warning("no report of %s: it can no longer be read (%s)", printable(str(item.path)), error.strerror)
        return None
    html, _ = write_evidence(evidence, folder, report_stem(item.path, item.sha256))
    return Path(html).name


def report_stem(path: Path, sha256: str) -> str:
    """A file name that is safe everywhere and names one content: ``photo-0a1b2c3d``."""
    safe = re.sub(r"[^\w-]+", "_", path.stem)[:48].strip("_-")
    return f"{safe or 'file'}-{sha256[:8]}"


def _summarise(outcomes: Counter[str], done_before: int, analyzer: Analyzer) -> None:
    """Says on the error stream how many files had which verdict, what that means, and which model answered."""
    from detector.batch.output import NOT_ANALYSED
    from detector.report.wording import VERDICT_TEXT, VERDICT_TITLE

    info = analyzer.model.info
    counts = [
        f"{count} {VERDICT_TITLE.get(outcome, NOT_ANALYSED).lower()}" for outcome, count in outcomes.most_common()
    ]
    before = [f"{done_before} done before"] if done_before else []
    meanings = [f"{title}: {VERDICT_TEXT[name]}" for name, title in VERDICT_TITLE.items() if outcomes[name]]
    lines = [", ".join(before + counts) + ".", *meanings, f"Model {info.id}, revision {info.revision}."]
    sys.stderr.write("".join(f"{text}\n" for text in lines))


if __name__ == "__main__":
    sys.exit(main())
