"""python -m detector: files and folders in, one verdict a file out."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

from detector.batch.files import is_in, real
from detector.command_line import STOPPED, report_missing_package
from detector.errors import CommandError
from detector.limits import FRAMES_PER_VIDEO

logger = logging.getLogger(__name__)

EPILOG = """\
examples:
  python -m detector photo.jpg clip.mp4
  python -m detector inbox --csv --output inbox.csv
  python -m detector inbox --json --output inbox.jsonl --report reports
  python -m detector inbox --json --output inbox.jsonl --resume
  python -m detector clip.mp4 --known-real speeches/2025 --report reports
  python -m detector scan --help

scan, as the first word, is for archives: several cores or machines, files behind URLs, a table of Parquet files.

Every file is tried, whatever its name; folders are walked with all below them, in sorted order, hidden files left out.
Files of the same bytes are analysed once. The model is the bundled one, or MODEL_ID at MODEL_REVISION of the Hub.

--json writes JSON Lines, one object a file as soon as it is done: schema_version, file, sha256, duplicate_of, result (the
documented JSON, or null), error (a sentence, or null), frames_per_video, report, item.

exit codes, whatever the verdicts: 0 every file was analysed, 1 at least one could not be, 2 an option, the model or the
output is wrong, or no file lies there, 130 stopped by Ctrl-C
"""


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Reads the command line; see ``--help``."""
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
    parser.add_argument("--pdf", action="store_true", help="write every report of --report as a PDF, too")
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
    parser.add_argument(
        "--known-real",
        type=Path,
        action="extend",
        nargs=1,
        default=[],
        metavar="FILE|DIR",
        help="files of the same speaker, camera or channel that are known to be real (up to 20), to compare with; repeatable",
    )
    parser.add_argument(
        "--item",
        type=int,
        default=0,
        metavar="N",
        help="of files that hold several photos or films, assess number N (default: the main one)",
    )
    parser.add_argument("--model", type=Path, metavar="FOLDER", help="answer with the model in this folder")
    options = parser.parse_args(arguments)
    if options.output and not options.form:
        options.form = {".jsonl": "json", ".csv": "csv"}.get(options.output.suffix.lower())
    if message := _contradiction(options):
        parser.error(message)
    return options


def _contradiction(options: argparse.Namespace) -> str:
    """Says what is wrong with the options together; empty when nothing is."""
    if options.frames < 1:
        return "--frames must be at least 1"
    if options.item < 0:
        return "--item must be at least 1; leave it out for the main photo or film"
    if options.resume and not (options.output and options.form == "json"):
        return "--resume needs --json and --output FILE"
    if options.pdf and not options.report:
        return "--pdf needs --report DIR"
    if options.output and not options.output.parent.is_dir():
        return f"the folder of --output {options.output} does not exist"
    if options.report and any(is_in(path, [real(options.report)]) for path in options.paths):
        return "--report needs a folder of its own, not one that is analysed"
    if options.output and not options.resume and options.output.exists() and not _is_empty(options.output):
        return f"{options.output} is there already; give another name, or go on with it by --resume (with --json)"
    return ""


def _is_empty(output: Path) -> bool:
    # a device such as /dev/stdout can always be written to
    return not output.is_dir() and (not output.is_file() or output.stat().st_size == 0)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["scan"]:
        return scan(arguments[1:])
    options = parse_arguments(arguments)

    def work() -> int:
        # not at the top: it takes a second, and --help and mistakes are answered at once
        from detector.batch.command import CommandOptions, run

        return run(CommandOptions(**vars(options)))

    goes_on = options.output and options.form == "json"
    return _ended(work, "; the same command with --resume goes on where it was" if goes_on else "")


def scan(arguments: list[str]) -> int:
    """Runs ``python -m detector scan``; returns the exit code."""
    # not at the top, as its options are nothing that the plain command waits for
    from detector.batch.scan.options import parse_arguments as parse_scan_arguments

    options = parse_scan_arguments(arguments)

    def work() -> int:
        try:
            from detector.batch.scan.command import ScanOptions
            from detector.batch.scan.command import run as run_scan

            return run_scan(ScanOptions(**options))
        except ModuleNotFoundError as error:
            return report_missing_package(error, "requirements-cluster.txt", needed_by="The scan")

    return _ended(work, "; the same command goes on where it was")


def _ended(work: Callable[[], int], advice: str) -> int:
    """Does the work of a command, and says in one sentence why it cannot be done; `advice` is for who stops it."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        return work()
    except BrokenPipeError:
        # whoever read the output has seen enough; Python must not complain when it flushes at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (CommandError, OSError) as error:
        logger.debug("refused", exc_info=True)
        sys.stderr.write(f"{_sentence(error)}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write(f"Stopped{advice}.\n")
        return STOPPED


def _sentence(error: CommandError | OSError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'The output'}: {error.strerror}."
    return str(error)


if __name__ == "__main__":
    sys.exit(main())
