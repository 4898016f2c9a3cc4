"""What is kept of a file that was checked, until its page is closed: on disk, as pictures of a hundred pages fill no memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from detector.errors import MediaError
from detector.facts import Fetched
from detector.messages import Message
from detector.network.loading import LoadedModel
from detector.report.case.case_file import write_shown
from detector.report.case.opening import OpenedCase, open_case
from detector.report.evidence import Background
from detector.report.pictures.closeup import KeptFaces, kept_faces
from detector.results import Analysis

NO_RESULT = Message("The result is no longer there; please check the file again.")


@dataclass(frozen=True)
class Kept:
    """Holds where that lies which all that can be asked about a checked file needs.

    Attributes:
        case: A saved case: the one that was opened, or one of ours without reports.
        upload: The file itself; None for a case that somebody opened.
        faces: Where its faces lie, to cut them from the file; None likewise.
    """

    case: Path
    upload: Path | None
    faces: KeptFaces | None = None

    @property
    def stem(self) -> str:
        """Begins the names of what is made of the file."""
        return (self.upload or self.case).stem[:80]

    @property
    def path(self) -> Path:
        """The file that was sent."""
        return self.upload or self.case

    def opened(self) -> OpenedCase:
        """Reads it again.

        Raises:
            MediaError: It is damaged or gone.
        """
        if not self.case.is_file():
            raise MediaError(NO_RESULT)
        return open_case(self.case)

    def background(self, model: LoadedModel, opened: OpenedCase) -> LoadedModel | Background:
        """Gives the model that answered: the loaded one, or what the case tells of its own."""
        return model if self.upload else opened.background


def keep(analysis: Analysis, model: LoadedModel, upload: str, folder: Path, source: Fetched | None = None) -> Kept:
    """Writes into an empty folder what is kept of a file.

    Raises:
        OSError: The disk is full.
    """
    case = folder / "shown.zip"
    write_shown(analysis, model, case, source)
    return Kept(case, Path(upload), kept_faces(analysis))
