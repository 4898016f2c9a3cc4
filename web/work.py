"""Does a piece of work on uploads for one page: within its time, with files to hand over, and failures as one sentence."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import gradio as gr
from gradio.utils import get_upload_folder

from detector.batch.output import to_csv, to_json
from detector.batch.runner import BatchItem
from detector.deadline import Deadline
from detector.errors import MediaError
from detector.messages import Message
from detector.network.loading import LoadedModel
from detector.report.evidence_report import build_evidence, write_evidence
from detector.report.translation import translate
from detector.results import Analysis
from web.middleware import disk
from web.sessions import Sessions

logger = logging.getLogger(__name__)

NO_FILE = Message("No file was sent; please choose a photo or a video first.")
UPLOAD_GONE = Message("The upload is no longer there; please send the file again.")
CANNOT_WRITE = Message(
    "The server has no room to write the answer, because its disk is full or locked; please try again later."
)

Answer = TypeVar("Answer")


class Work:
    """Does work on uploads for the pages that are open."""

    def __init__(self, sessions: Sessions):
        self._sessions = sessions

    def run(
        self, work: Callable[[], Answer], files: Sequence[str | None] | None, language: str, request: gr.Request
    ) -> Answer:
        """Does some work on uploads, and turns what goes wrong into one sentence.

        Raises:
            gr.Error: There are no uploads, or the work cannot be done.
        """
        try:
            uploads = [file for file in files or () if file]
            if not files or len(uploads) < len(files):
                raise MediaError(NO_FILE)
            with self._sessions.running(session_of(request), uploads):
                return work()
        except MediaError as error:
            logger.info("refused: %s", error, exc_info=True)
            raise _refusal(error.message, language) from error
        except OSError as error:
            if error.errno not in (*disk.CANNOT_WRITE, errno.ENOENT):
                raise
            logger.exception("a file cannot be read or written")
            raise _refusal(UPLOAD_GONE if error.errno == errno.ENOENT else CANNOT_WRITE, language) from error

    def reporting(self, request: gr.Request, progress: gr.Progress, seconds: float) -> Callable[[float, str], None]:
        """Makes a function that passes progress on, and leaves the work once it was cancelled or took too long."""
        deadline = Deadline(seconds)

        def report(share: float, doing: str) -> None:
            self._sessions.check(session_of(request))
            if share < 1:  # what is done is not thrown away
                deadline.check()
            progress(share, desc=doing)

        return report

    def write_reports(
        self, file: str, analysis: Analysis, model: LoadedModel, language: str, request: gr.Request
    ) -> tuple[str, str]:
        """Writes the evidence report as HTML and as JSON."""
        evidence = build_evidence(analysis, model)
        stem = f"{Path(file).stem[:80]}-evidence"
        html, record = write_evidence(evidence, self.new_folder(request), stem, language)
        return str(html), str(record)

    def write_tables(self, items: list[BatchItem], request: gr.Request) -> tuple[str, str]:
        """Writes all results as CSV and as JSON."""
        folder = self.new_folder(request)
        table, lines = folder / "results.csv", folder / "results.json"
        # Excel reads a CSV file as UTF-8 only with a mark at its start
        table.write_text(to_csv(items), encoding="utf-8-sig", newline="")
        lines.write_text(to_json(items), encoding="ascii")
        return str(table), str(lines)

    def new_folder(self, request: gr.Request) -> Path:
        """Makes a folder for what is handed over."""
        # in Gradio's own folder: what lies elsewhere it copies there, out of our sight
        return self._sessions.new_folder(session_of(request), get_upload_folder())


def session_of(request: gr.Request) -> str:
    """Tells which page a request comes from."""
    return request.session_hash or ""


def _refusal(message: Message, language: str) -> gr.Error:
    return gr.Error(translate(message, language), duration=None, print_exception=False)
