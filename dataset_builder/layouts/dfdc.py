"""Reads the DeepFake Detection Challenge (Dolhansky et al., 2020): parts with a metadata.json each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dataset_builder.layouts.layout import Layout
from dataset_builder.sources import REAL, SourceItem, SourceOptions, SourceSet, without_original

MANIPULATION = "DFDC"
COLLECTION = "dfdc"


def find_videos(root: str | Path) -> SourceSet:
    """Lists all labelled videos of a folder or of the parts in it.

    The set names no actors, but keeps each in one part: with several parts a part is a group. In a single
    part it is a real video with what was made from it, so one actor may be in two splits.

    Raises:
        FileNotFoundError: No metadata.json with labels is there, or none of its videos.
        ValueError: A metadata.json is not what it should be.
    """
    root = Path(root)
    files = sorted({*root.glob("metadata.json"), *root.glob("*/metadata.json")})
    items, listed = [], {REAL: 0, MANIPULATION: 0}
    for file in files:
        part = file.parent
        for name, facts in sorted(_read(file).items()):
            kind = REAL if facts["label"] == "REAL" else MANIPULATION
            listed[kind] += 1
            if not (part / name).is_file():
                continue
            original = facts.get("original") or name
            group = part.name if len(files) > 1 else Path(original).stem
            items.append(
                SourceItem(
                    path=str(part / name),
                    manipulation=kind,
                    compression="unknown",
                    video_id=f"{part.name}/{Path(name).stem}",
                    target=Path(original).stem,
                    source="",
                    groups=(group,),
                    target_video=f"{part.name}/{Path(original).stem}" if kind != REAL and original != name else "",
                    collection=COLLECTION,
                )
            )
    if not items:
        raise FileNotFoundError(
            f"{root} does not hold DFDC: a metadata.json beside its videos, or parts with one each."
        )
    groups = frozenset(item.group for item in items)
    return SourceSet(tuple(items), groups, listed, without_original(items))


def _read(file: Path) -> dict[str, dict[str, Any]]:
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
        return {name: facts for name, facts in entries.items() if facts["label"] in ("REAL", "FAKE")}
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{file} is not a metadata.json of DFDC.") from error


def _find(options: SourceOptions) -> SourceSet:
    return find_videos(options.root)


LAYOUT = Layout(
    name="dfdc",
    option="--dfdc",
    help="DFDC folder, or a folder of its parts",
    find=_find,
    title="the DeepFake Detection Challenge",
    licence="dfdc-terms",
    link="https://ai.meta.com/datasets/dfdc",
    manipulations=(MANIPULATION,),
)
