"""Does a piece of work on uploads for one page: within its time, with files to hand over, and failures as one sentence."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

import gradio as gr
from gradio.utils import get_upload_folder

from detector.deadline import Deadline, Progress
from detector.errors import MediaError
from detector.messages import Message
from detector.report.translation import translate
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

    def begun(self, request: gr.Request) -> AbstractContextManager[None]:
        """Marks a page as busy with the check that it waits for; see `Sessions`.

        Raises:
            Cancelled: It was cancelled meanwhile.
        """
        return self._sessions.begun(session_of(request))

    def run(
        self,
        work: Callable[[], Answer],
        files: Sequence[str | None] | None,
        request: gr.Request,
        needs_files: bool = True,
    ) -> Answer:
        """Does some work on uploads, or on nothing yet where it needs no files.

        Raises:
            MediaError: There are no uploads, or the work cannot be done.
        """
        uploads = [file for file in files or () if file]
        if (needs_files and not files) or len(uploads) < len(files or ()):
            raise MediaError(NO_FILE)
        with disk_faults(), self._sessions.running(session_of(request), uploads):
            return work()

    def reporting(self, request: gr.Request, progress: gr.Progress, seconds: float, language: str) -> Progress:
        """Makes a function that passes progress on, and leaves the work once it was cancelled or took too long."""
        deadline = Deadline(seconds)

        def report(share: float, doing: Message) -> None:
            self._sessions.check(session_of(request))
            if share < 1:  # what is done is not thrown away
                deadline.check()
            progress(share, desc=translate(doing, language))

        return report

    def check(self, request: gr.Request) -> None:
        """Leaves the work once it was cancelled.

        Raises:
            Cancelled: It was.
        """
        self._sessions.check(session_of(request))

    def new_folder(self, request: gr.Request) -> Path:
        """Makes a folder for what is handed over."""
        # in Gradio's own folder: what lies elsewhere it copies there, out of our sight
        return self._sessions.new_folder(session_of(request), get_upload_folder())


@contextmanager
def disk_faults() -> Iterator[None]:
    """Turns what goes wrong on the disk into one sentence.

    Raises:
        MediaError: A file is gone or cannot be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (*disk.CANNOT_WRITE, errno.ENOENT):
            raise
        logger.exception("a file cannot be read or written")
        raise MediaError(UPLOAD_GONE if error.errno == errno.ENOENT else CANNOT_WRITE) from error


@contextmanager
def refusals(language: str) -> Iterator[None]:
    """Tells scripts what went wrong as Gradio does.

    Raises:
        gr.Error: Says so in one sentence.
    """
    try:
        yield
    except MediaError as error:
        logger.info("refused: %s", error, exc_info=True)
        raise gr.Error(translate(error.message, language), duration=None, print_exception=False) from error


def session_of(request: gr.Request) -> str:
    """Tells which page a request comes from."""
    return request.session_hash or ""
