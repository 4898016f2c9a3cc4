"""Reads a folder of real faces: photos, or a sub-folder for each collection they come from."""

from __future__ import annotations

from pathlib import Path

from dataset_builder.grouping.near_duplicates import PHOTO_SUFFIXES
from dataset_builder.layouts.csv_tables import read_table
from dataset_builder.layouts.labelled import media, unnamed_set
from dataset_builder.layouts.layout import Layout
from dataset_builder.sources import REAL, SourceOptions, SourceSet

# Optional, with the columns ``file`` (path below the folder) and ``group`` (such as a person; may be empty).
GROUPS_FILE = "faces.csv"


def find_photos(root: str | Path) -> SourceSet:
    """Lists the photos of a folder, grouped by near-duplicates and by the groups that `GROUPS_FILE` names.

    Raises:
        FileNotFoundError: The folder holds no photo.
        ValueError: `GROUPS_FILE` is not what it should be.
    """
    root = Path(root)
    paths = media(root, frozenset(PHOTO_SUFFIXES))
    if not paths:
        raise FileNotFoundError(f"No photo lies in {root}.")
    return unnamed_set(root, dict.fromkeys(paths, REAL), _links(root, set(paths)), {}, level=0)


def _links(root: Path, known: set[Path]) -> list[tuple[str, str]]:
    """Reads which photos share a group."""
    file = root / GROUPS_FILE
    if not file.is_file():
        return []
    first: dict[str, str] = {}
    links = []
    for row in read_table(file, ("file", "group")):
        path = root / row["file"]
        if row["group"] and path in known:
            links.append((first.setdefault(row["group"], str(path)), str(path)))
    return links


def _find(options: SourceOptions) -> SourceSet:
    return find_photos(options.root)


LAYOUT = Layout(
    name="real_faces",
    option="--real-faces",
    help="folder of real photos; each sub-folder is a collection, faces.csv may name groups",
    find=_find,
    title="the source folder",
    licence="terms-of-the-source",
    link="README.md",
)
