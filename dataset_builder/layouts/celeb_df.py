"""Reads Celeb-DF v2 (Li et al., CVPR 2020)."""

from __future__ import annotations

import re
from pathlib import Path

from dataset_builder.layouts.layout import Layout
from dataset_builder.sources import REAL, SourceItem, SourceOptions, SourceSet, without_original

MANIPULATION = "Celeb-synthesis"
PUBLISHED = {REAL: 590 + 300, MANIPULATION: 5639}
COLLECTION = "celeb_df"
TEST_LIST = "List_of_testing_videos.txt"

_NAMES = {
    "Celeb-real": re.compile(r"(?P<target>id\d+)_(?P<scene>\d+)"),
    "YouTube-real": re.compile(r"(?P<target>\d+)"),
    MANIPULATION: re.compile(r"(?P<target>id\d+)_(?P<source>id\d+)_(?P<scene>\d+)"),
}


def find_videos(root: str | Path) -> SourceSet:
    """Lists all videos of a folder. Groups are the celebrities; a fake shows two of them.

    The official split knows a test part only, the 518 videos of ``List_of_testing_videos.txt``.

    Raises:
        FileNotFoundError: No real or no fake video is there.
    """
    root = Path(root)
    test_list = root / TEST_LIST
    listed = None
    if test_list.is_file():
        # a line is "1 YouTube-real/00170.mp4"
        listed = {line.split()[-1] for line in test_list.read_text(encoding="utf-8").splitlines() if line.strip()}
    items = []
    for folder, pattern in _NAMES.items():
        for path in sorted((root / folder).rglob("*.mp4")):
            if not (match := pattern.fullmatch(path.stem)):
                continue
            name = match.groupdict()
            people = [f"{folder}/{name['target']}"] if folder == "YouTube-real" else [name["target"]]
            people += [name["source"]] if folder == MANIPULATION else []
            in_test = listed and f"{folder}/{path.name}" in listed
            items.append(
                SourceItem(
                    path=str(path),
                    manipulation=MANIPULATION if folder == MANIPULATION else REAL,
                    compression="unknown",
                    video_id=f"{folder}/{path.stem}",
                    target=name["target"],
                    source=name.get("source", ""),
                    groups=tuple(people),
                    official_split=None if listed is None else "test" if in_test else "",
                    target_video=f"Celeb-real/{name['target']}_{name['scene']}" if folder == MANIPULATION else "",
                    collection=COLLECTION,
                )
            )
    if len({item.label for item in items}) < 2:
        raise FileNotFoundError(f"{root} does not hold Celeb-DF v2: Celeb-real and Celeb-synthesis with videos.")
    return SourceSet(
        tuple(items), frozenset(group for item in items for group in item.groups), PUBLISHED, without_original(items)
    )


def _find(options: SourceOptions) -> SourceSet:
    return find_videos(options.root)


LAYOUT = Layout(
    name="celeb_df",
    option="--celeb-df",
    help="Celeb-DF v2 folder",
    find=_find,
    title="Celeb-DF v2",
    licence="celeb-df-terms-of-use",
    link="https://github.com/yuezunli/celeb-deepfakeforensics",
    manipulations=(MANIPULATION,),
)
