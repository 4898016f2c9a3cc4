"""The folder layout of FaceForensics++ (Roessler et al., ICCV 2019)."""

from __future__ import annotations

import re
from pathlib import Path

from dataset_builder.sources import SourceItem, connected_groups

# Manipulations of the 1000 YouTube sequences. DeepFakeDetection has actors and needs its own grouping.
MANIPULATIONS = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter")
COMPRESSIONS = ("raw", "c23", "c40")

_FAKE_NAME = re.compile(r"(?P<target>\d{3})_(?P<source>\d{3})\.mp4")
_REAL_NAME = re.compile(r"(?P<target>\d{3})\.mp4")


def find_videos(root: str | Path, manipulation: str, compression: str) -> list[SourceItem]:
    """The fakes of one manipulation and the real videos of their targets.

    Raises:
        FileNotFoundError: The folder holds no video of the manipulation, or no original of it, at this compression.
    """
    root = Path(root)
    fake_folder = root / "manipulated_sequences" / manipulation / compression / "videos"
    real_folder = root / "original_sequences" / "youtube" / compression / "videos"
    fakes = _matching(fake_folder, _FAKE_NAME)
    reals = _matching(real_folder, _REAL_NAME)
    if not fakes or not reals:
        empty = real_folder if fakes else fake_folder
        raise FileNotFoundError(f"No FaceForensics++ video lies in {empty}; --root must be the folder above it.")
    group_of = find_groups(root)
    items = [
        SourceItem(
            str(path),
            "fake",
            manipulation,
            compression,
            f"{manipulation}/{path.stem}",
            name["target"],
            name["source"],
            group_of[name["target"]],
        )
        for path, name in fakes
    ]
    targets = {item.target for item in items}
    items += [
        SourceItem(
            str(path),
            "real",
            "none",
            compression,
            f"original/{path.stem}",
            name["target"],
            "",
            group_of[name["target"]],
        )
        for path, name in reals
        if name["target"] in targets
    ]
    return items


def missing_targets(items: list[SourceItem]) -> list[str]:
    """Fakes whose original is not in the folder."""
    reals = {item.target for item in items if item.label == "real"}
    return sorted(item.video_id for item in items if item.label == "fake" and item.target not in reals)


def _matching(folder: Path, pattern: re.Pattern) -> list[tuple[Path, re.Match]]:
    return [(path, match) for path in sorted(folder.glob("*.mp4")) if (match := pattern.fullmatch(path.name))]


def find_groups(root: str | Path) -> dict[str, str]:
    """The group of each sequence: connected components over the pairs of every manipulation and compression."""
    names = [path.name for path in Path(root).glob("manipulated_sequences/*/*/videos/*.mp4")]
    pairs = {(match["target"], match["source"]) for name in names if (match := _FAKE_NAME.fullmatch(name))}
    return connected_groups({sequence for pair in pairs for sequence in pair}, sorted(pairs))
