"""Reads pairs of face crops of the DeepFake Detection Challenge: ``real/``, ``fake/`` and ``pairs.csv``."""

from __future__ import annotations

from pathlib import Path

from dataset_builder.grouping.appearance import appearance_groups
from dataset_builder.layouts import dfdc
from dataset_builder.layouts.csv_tables import read_table
from dataset_builder.layouts.layout import Layout
from dataset_builder.sources import REAL, SourceItem, SourceOptions, SourceSet, without_original

PAIRS_FILE = "pairs.csv"


def find_pairs(root: str | Path) -> SourceSet:
    """Lists the originals of a folder, each with the fake made from it.

    The set names no actors, so originals that look alike share a group.

    Raises:
        FileNotFoundError: The table of pairs is missing.
        ValueError: It is not what it should be, or names no pair.
    """
    root = Path(root)
    rows = read_table(root / PAIRS_FILE, ("real", "fake"))
    if not rows:
        raise ValueError(f"{root / PAIRS_FILE} names no pair.")
    groups = appearance_groups([root / "real" / row["real"] for row in rows])
    items = []
    for row, group in zip(rows, groups, strict=True):
        real, fake = root / "real" / row["real"], root / "fake" / row["fake"]
        items.append(_item(real, REAL, f"real/{real.stem}", real.stem, group))
        items.append(_item(fake, dfdc.MANIPULATION, f"fake/{fake.stem}", real.stem, group, f"real/{real.stem}"))
    return SourceSet(tuple(items), frozenset(groups), {}, without_original(items))


def _item(path: Path, kind: str, name: str, target: str, group: str, original: str = "") -> SourceItem:
    return SourceItem(
        path=str(path),
        manipulation=kind,
        compression="unknown",
        video_id=name,
        target=target,
        source="",
        groups=(group,),
        target_video=original,
        collection=dfdc.COLLECTION,
    )


def _find(options: SourceOptions) -> SourceSet:
    return find_pairs(options.root)


LAYOUT = Layout(
    name="dfdc_pairs",
    option="--dfdc-pairs",
    help="folder of DFDC face crops: real, fake, and pairs.csv that names the original of each fake",
    find=_find,
    title=dfdc.LAYOUT.title,
    licence=dfdc.LAYOUT.licence,
    link=dfdc.LAYOUT.link,
    manipulations=(dfdc.MANIPULATION,),
)
