"""Writes the section of the model card about false alarms on subgroups of real faces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from detector.evidence_scale import MANIPULATED_FROM
from detector.markdown import markdown_table
from training.evaluation.subgroups import SUPPORT_FROM

_HEAD = (
    "trait",
    "group",
    "faces",
    "alarms",
    "alarms, all others",
    "mean score",
    "median score",
    "shift within sources",
)
_REDUCED_HEAD = ("face size", "photos", "alarms", "alarms before", "any support", "any support before", "shift")


def subgroup_section(subgroups: dict[str, Any]) -> str:
    """Renders the section.

    Args:
        subgroups: What evaluation.json holds under ``subgroups``.
    """
    # Markdown, not HTML: nothing to escape
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined)
    higher = [f"{row['trait']}: {row['group']}" for row in subgroups["rows"] if row["is_higher"]]
    return environment.get_template("subgroup_section.md").render(
        subgroups=subgroups,
        ratio=f"{MANIPULATED_FROM:g}",
        support=f"{SUPPORT_FROM:g}",
        faces=sum(subgroups["sources"].values()),
        sources=_names(subgroups["sources"]),
        table=_table(subgroups["rows"]),
        higher=higher,
        apart_faces=sum(subgroups["apart"].values()),
        apart_sources=_names(subgroups["apart"]),
        apart_table=_table(subgroups["apart_rows"]),
        reduced_table=_reduced_table(subgroups["reduced"]),
        reduced_higher=[f"{row['side_px']:g} px" for row in subgroups["reduced"] if row["support_is_higher"]],
    )


def _names(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))


def _table(rows: list[dict[str, Any]]) -> str:
    return markdown_table(
        _HEAD,
        [
            (
                row["trait"],
                row["group"],
                row["alarms"]["of"],
                _share(row["alarms"]),
                _share(row["others"]),
                f"{row['mean_score']:.3f}",
                f"{row['median_score']:.3f}",
                _shift(row),
            )
            for row in rows
        ],
    )


def _reduced_table(rows: list[dict[str, Any]]) -> str:
    return markdown_table(
        _REDUCED_HEAD,
        [
            (
                f"{row['side_px']:g} px",
                row["alarms"]["of"],
                *(_share(row[name]) for name in ("alarms", "alarms_before", "support", "support_before")),
                _shift(row),
            )
            for row in rows
        ],
    )


def _share(share: dict[str, Any]) -> str:
    """Writes a count with its share and the interval of that."""
    if not share["of"]:
        return ""
    low, high = share["interval"]
    return f"{share['count']}: {share['count'] / share['of']:.1%} [{low:.1%}, {high:.1%}]"


def _shift(row: dict[str, Any]) -> str:
    if row["shift"] is None or row["shift_interval"] is None:
        return ""
    low, high = row["shift_interval"]
    return f"{row['shift']:+.2f} [{low:+.2f}, {high:+.2f}]"
