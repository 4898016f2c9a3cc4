"""What stands in the place of a result where there is none."""

from __future__ import annotations

from collections.abc import Sequence

from detector.messages import Message
from detector.text import printable
from web.views.elements import fill


def problem_html(name: str, problem: Message, language: str) -> str:
    """Says why a file could not be checked; `name` is empty where it is not a matter of one file."""
    return fill("problem.html", language, name=printable(name), problem=problem)


def stopped_html(language: str) -> str:
    """Says that a check was stopped, as was asked for."""
    return fill("stopped.html", language)


def remarks_html(remarks: Sequence[Message], language: str) -> str:
    """Says what must be known before all else."""
    return fill("remarks.html", language, remarks=remarks)
