"""Markdown that cards, reports and benchmarks share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Makes a table whose columns also line up as plain text, numbers to the right.

    Args:
        head: Names of the columns.
        rows: Cells of each row; integers get separators for thousands.
    """
    texts = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(head, *texts, strict=True)]

    def line(cells: Iterable[str]) -> str:
        padded = [
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = "|".join("-" * (width + 1) + ("-" if index == 0 else ":") for index, width in enumerate(widths))
    return "\n".join([line(head), f"|{rule}|", *map(line, texts)])
