"""Reads face frames of FaceForensics++ whose sequence is only estimated: folders by kind and ``frames.csv``."""

from __future__ import annotations

from pathlib import Path

from dataset_builder.layouts import faceforensics
from dataset_builder.layouts.csv_tables import read_table
from dataset_builder.layouts.layout import Layout
from dataset_builder.sources import REAL, SourceItem, SourceOptions, SourceSet

FRAMES_FILE = "frames.csv"
COLLECTION = "ffpp_frames"
# An estimated sequence number is off by at most this much.
ID_TOLERANCE = 4
SEQUENCES = 1000
BLOCK = 50


def find_frames(root: str | Path, sequence_group: dict[str, str] | None = None) -> SourceSet:
    """Lists the frames of a folder; each has every group that it may belong to, and is dropped where these are split.

    Args:
        root: Folder with ``frames.csv``: columns ``file``, ``manipulation`` and ``estimated_target``.
        sequence_group: Group of each sequence that a video used beside this set shows.

    Raises:
        FileNotFoundError: The table is missing.
        ValueError: It is not what it should be.
    """
    root = Path(root)
    file = root / FRAMES_FILE
    sequences = {int(name): group for name, group in (sequence_group or {}).items()}
    kinds = (REAL, *faceforensics.MANIPULATIONS)
    items = []
    for row in read_table(file, ("file", "manipulation", "estimated_target")):
        if row["manipulation"] not in kinds or not row["estimated_target"].isdecimal():
            raise ValueError(f"{file} has a row with an unknown manipulation, or without a number: {row['file']}.")
        items.append(
            SourceItem(
                path=str(root / row["file"]),
                manipulation=row["manipulation"],
                compression="unknown",
                video_id=Path(row["file"]).with_suffix("").as_posix(),
                target=row["estimated_target"],
                source="",
                groups=sequence_groups(int(row["estimated_target"]), sequences),
                collection=COLLECTION,
            )
        )
    if not items:
        raise ValueError(f"{file} names no frame.")
    return SourceSet(tuple(items), frozenset(group for item in items for group in item.groups), {})


def sequence_groups(estimated_id: int, sequences: dict[int, str]) -> tuple[str, ...]:
    """Finds all groups that a frame may belong to whose sequence is only known to a few numbers.

    Frames of neighbouring sequences share a block of 50. A frame near the border of two blocks, or near the sequence of
    a video, has several groups, and is left out where these are in different splits.

    Args:
        estimated_id: The target sequence, off by up to `ID_TOLERANCE`.
        sequences: The group of each sequence that a video shows.
    """
    ids = range(max(estimated_id - ID_TOLERANCE, 0), min(estimated_id + ID_TOLERANCE, SEQUENCES - 1) + 1)
    starts = {number // BLOCK * BLOCK for number in ids}
    blocks = {f"sequences {start:03}-{start + BLOCK - 1:03}" for start in starts}
    return tuple(sorted(blocks | {sequences[number] for number in ids if number in sequences}))


def _find(options: SourceOptions) -> SourceSet:
    beside = {}
    if options.beside:
        beside = faceforensics.groups_of_sequences(Path(options.beside), options.conversion_dict)
    return find_frames(options.root, beside)


LAYOUT = Layout(
    name="ffpp_frames",
    option="--ffpp-frames",
    help="folder of FaceForensics++ face frames, with frames.csv that names manipulation and estimated sequence",
    find=_find,
    title=faceforensics.LAYOUT.title,
    licence=faceforensics.LAYOUT.licence,
    link=faceforensics.LAYOUT.link,
    manipulations=faceforensics.MANIPULATIONS,
    may_be_public=faceforensics.LAYOUT.may_be_public,
)
