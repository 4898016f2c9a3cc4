"""The options of ``python -m detector scan``."""

from __future__ import annotations

import argparse
from typing import Any, get_args

from detector.limits import FRAMES_PER_VIDEO
from detector.results import Band

EPILOG = """\
examples:
  python -m detector scan archive --output archive-table
  python -m detector scan 's3://news/2026/*.mp4' --output s3://news/table --address auto
  python -m detector scan tips.csv --column link --allow https://cdn.example.org/ --output tips

Ray is started on this machine, or joined with --address. The same command goes on where an earlier one ended: what has a row
for the same bytes, model and version is not analysed again.

INPUT is a file, a folder, a pattern with *, or a manifest: a table in .csv or .parquet with a column of paths or addresses.
Addresses: s3://, gs://, hf://, https://, http://, with the credentials of the environment. Those in a manifest are fetched
only where they begin with one of --allow, as who wrote the list may not be known.

--output is a folder of Parquet files, one row a file: path, sha256, verdict, evidence_band, log10_likelihood_ratio, faces, spans,
duration_s, error, model_id, software, result (the documented JSON), and more; see docs/scale.md.

exit codes, whatever the verdicts: 0 every file was analysed, 1 at least one could not be, 2 an option, the model, the cluster or the
output is wrong, or there is no file, 130 stopped by Ctrl-C
"""


def parse_arguments(arguments: list[str] | None = None) -> dict[str, Any]:
    """Reads the command line; gives the fields of `detector.batch.scan.command.ScanOptions`."""
    parser = argparse.ArgumentParser(
        prog="python -m detector scan",
        description="Analyses whole archives on several cores or machines, and writes a table.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="files, folders, patterns and manifests")
    parser.add_argument("--output", required=True, metavar="URL", help="folder of the table: a path, s3:// or gs://")
    parser.add_argument(
        "--address", default="", help="a running Ray cluster: auto, or host:port (default: this machine)"
    )
    parser.add_argument(
        "--workers", type=int, default=0, metavar="N", help="files that are analysed at once (default: one a core)"
    )
    parser.add_argument(
        "--cores", type=int, default=1, metavar="N", help="cores that each worker computes with (default: %(default)s)"
    )
    parser.add_argument(
        "--column", default="", metavar="NAME", help="the column of a manifest that holds the addresses"
    )
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="URL",
        help="beginning of addresses that a manifest may name; repeatable",
    )
    parser.add_argument("--reports", default="", metavar="URL", help="folder for evidence reports")
    parser.add_argument(
        "--reports-from",
        choices=get_args(Band),
        default="weak_support_for_manipulation",
        metavar="BAND",
        help="write reports of files in this band and the stronger ones (default: %(default)s)",
    )
    parser.add_argument(
        "--frames", type=int, default=FRAMES_PER_VIDEO, metavar="N", help="frames of a video (default: %(default)s)"
    )
    parser.add_argument("--exact", action="store_true", help="as for python -m detector")
    parser.add_argument("--model", default="", metavar="FOLDER", help="the model; every machine needs the folder")
    parser.add_argument("--retry-errors", action="store_true", help="analyse files again that could not be analysed")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    options = parser.parse_args(arguments)
    if options.frames < 1 or options.workers < 0 or options.cores < 1:
        parser.error("--frames and --cores must be at least 1, and --workers must not be negative")
    return vars(options) | {"allow": tuple(options.allow)}
