"""How the commands of the builder and of training say what went wrong."""

from __future__ import annotations


def error_line(error: Exception) -> str:
    """One line; of an error of the system what and where, without its number."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.strerror}: {error.filename}."
    return " ".join(str(error).split())
