"""What is kept of a file that was checked, until its page is closed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from detector.results import Analysis, Result


@dataclass(frozen=True)
class Kept:
    """Holds what all that can be asked about a checked file needs.

    Attributes:
        upload: The file.
        analysis: What is said about it, and the pictures behind that.
    """

    upload: Path
    analysis: Analysis

    @property
    def result(self) -> Result:
        """What is said about the file."""
        return self.analysis.result
