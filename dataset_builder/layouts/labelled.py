"""Reads a folder of labelled photos and videos: ``real/``, ``fake/`` or both, any depth below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from dataset_builder.grouping.near_duplicates import PHOTO_SUFFIXES, VIDEO_SUFFIXES, near_duplicate_groups
from dataset_builder.layouts.csv_tables import read_table
from dataset_builder.layouts.layout import Layout
from dataset_builder.sources import REAL, SourceItem, SourceOptions, SourceSet, without_original

# Names the original of each fake: columns ``real`` and ``fake``, paths below these two folders.
PAIRS_FILE = "pairs.csv"


def find_labelled(root: str | Path, manipulation: str) -> SourceSet:
    """Lists the photos and videos of a folder, grouped by near-duplicates; of a video its middle frame counts.

    A sub-folder of ``real`` or ``fake`` is a collection of its own. Where the folder holds a `PAIRS_FILE`, each fake
    that it names is cut at the box of its original, and shares its group.

    Args:
        root: Folder with ``real`` and ``fake`` below it.
        manipulation: What the fakes are called in the ``manipulation`` column.

    Raises:
        FileNotFoundError: Neither folder holds a photo or video. One alone will do: real photos serve for
            pseudo-fakes and false alarms.
        ValueError: The table of pairs names a file that is not there.
    """
    root = Path(root)
    kind_of = {path: kind for folder, kind in (("real", REAL), ("fake", manipulation)) for path in media(root / folder)}
    if not kind_of:
        raise FileNotFoundError(
            f"No photo or video lies in {root / 'real'} or {root / 'fake'}; the folder given must hold these two."
        )
    original_of = _originals(root, set(kind_of))
    links = [(str(real), str(fake)) for fake, real in original_of.items()]
    return unnamed_set(root, kind_of, links, original_of, level=1)


def unnamed_set(
    root: Path,
    kind_of: Mapping[Path, str],
    links: Iterable[tuple[str, str]],
    original_of: Mapping[Path, Path],
    level: int,
) -> SourceSet:
    """Describes files of which only their folders tell anything, grouped by near-duplicates.

    Args:
        root: Folder that holds them all.
        kind_of: The files, each with its manipulation.
        links: Pairs of them that share a group whatever they look like.
        original_of: The file that each fake was made from, as far as is known.
        level: How many folders lie between the root and the folders that name collections.
    """
    paths = list(kind_of)
    group_of = near_duplicate_groups(paths, links)
    name_of = unique_names(paths, root)
    items = []
    for path, kind in kind_of.items():
        folders = path.relative_to(root).parts[level:-1]
        original = original_of.get(path)
        items.append(
            SourceItem(
                path=str(path),
                manipulation=kind,
                compression="unknown",
                video_id=name_of[path],
                target=name_of[path],
                source="",
                groups=(name_of[Path(group_of[str(path)])],),
                target_video=name_of[original] if original else "",
                collection=folders[0] if folders else root.name,
            )
        )
    return SourceSet(tuple(items), frozenset(item.group for item in items), {}, without_original(items))


def media(folder: Path, suffixes: frozenset[str] = frozenset(PHOTO_SUFFIXES | VIDEO_SUFFIXES)) -> list[Path]:
    """Lists the photos and videos below a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in suffixes)


def unique_names(paths: list[Path], root: Path) -> dict[Path, str]:
    """Names each file by its path below a folder, without suffix; ``a.jpg`` and ``a.png`` keep theirs."""
    stems = Counter(path.with_suffix("") for path in paths)
    return {
        path: (path if stems[path.with_suffix("")] > 1 else path.with_suffix("")).relative_to(root).as_posix()
        for path in paths
    }


def _originals(root: Path, known: set[Path]) -> dict[Path, Path]:
    """Reads which real file each fake was made from; empty where the folder holds no table of pairs."""
    file = root / PAIRS_FILE
    if not file.is_file():
        return {}
    originals = {}
    for row in read_table(file, ("real", "fake")):
        real, fake = root / "real" / row["real"], root / "fake" / row["fake"]
        for path in (real, fake):
            if path not in known:
                raise ValueError(f"{file} names {path.relative_to(root)}, which is not in the folder.")
        originals[fake] = real
    return originals


def _find(options: SourceOptions) -> SourceSet:
    return find_labelled(options.root, options.manipulations[0])


LAYOUT = Layout(
    name="labelled",
    option="--labelled",
    help="folder of labelled photos and videos (holds real, fake or both); pairs.csv in it names the originals",
    find=_find,
    title="the source folder",
    licence="terms-of-the-source",
    link="README.md",
    manipulations=("unknown",),
    aliases=("--images", "--videos"),
)
