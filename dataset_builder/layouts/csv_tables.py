"""Reads the small CSV tables that describe a data set."""

from __future__ import annotations

import csv
from pathlib import Path


def read_table(file: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Reads the rows of a CSV file with a header.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It lacks a column, or a row lacks a value.
    """
    with file.open(encoding="utf-8-sig", newline="") as lines:
        try:
            rows = list(csv.DictReader(lines))
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(f"{file} is not a CSV table.") from error
    if any(row.get(column) is None for row in rows for column in columns):
        raise ValueError(f"{file} must be a CSV table with the columns {', '.join(columns)}.")
    return rows
