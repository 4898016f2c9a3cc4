"""The progress of a scan as Ray's dashboard shows it, beside the count of its tasks."""

from __future__ import annotations

from ray.util.metrics import Counter, Gauge


class Metrics:
    """Files done, errors among them, and files that remain."""

    def __init__(self, remaining: int):
        """Begins at none done.

        Args:
            remaining: Files to do.
        """
        self._left = remaining
        self._files = Counter("face_check_scan_files", "Files of which a scan has a row")
        self._errors = Counter("face_check_scan_errors", "Files among them that could not be analysed")
        self._remaining = Gauge("face_check_scan_remaining", "Files that a scan has yet to do")
        self._remaining.set(remaining)

    def file_is_done(self, is_error: bool) -> None:
        """Counts a file."""
        self._left -= 1
        self._files.inc()
        if is_error:
            self._errors.inc()
        self._remaining.set(self._left)
