"""The folder layout of FaceForensics++ (Roessler et al., ICCV 2019) with DeepFakeDetection (Google, 2019)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from dataset_builder.sources import REAL, SourceItem, SourceSet, connected_groups, without_original

# Made from the 1000 YouTube sequences.
YOUTUBE_MANIPULATIONS = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter")
# Made from videos of 28 actors, who appear in several videos and pairs.
ACTORS_MANIPULATION = "DeepFakeDetection"
MANIPULATIONS = ("Deepfakes", ACTORS_MANIPULATION, "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter")
# How many videos a complete folder holds at each compression.
PUBLISHED = dict.fromkeys(YOUTUBE_MANIPULATIONS, 1000) | {ACTORS_MANIPULATION: 3068}
PUBLISHED_ORIGINALS = {"youtube": 1000, "actors": 363}

_NAMES = {
    "youtube": (
        re.compile(r"(?P<target>\d{3})_(?P<source>\d{3})\.mp4"),
        re.compile(r"(?P<target>\d{3})\.mp4"),
    ),
    "actors": (
        re.compile(r"(?P<target>\d{2})_(?P<source>\d{2})__(?P<scene>.+)__[A-Z0-9]{8}\.mp4"),
        re.compile(r"(?P<target>\d{2})__(?P<scene>.+)\.mp4"),
    ),
}
_SPLIT_FILES = {"train": "train.json", "validation": "val.json", "test": "test.json"}


def origin_of(manipulation: str) -> str:
    """Which originals a manipulation was made from: ``youtube`` or ``actors``."""
    return "actors" if manipulation == ACTORS_MANIPULATION else "youtube"


def videos_folder(root: Path, manipulation: str, compression: str) -> Path:
    """Where the videos of a manipulation lie; ``youtube`` and ``actors`` name the originals, ``masks`` the masks."""
    kind = "original_sequences" if manipulation in PUBLISHED_ORIGINALS else "manipulated_sequences"
    return root / kind / manipulation / compression / "videos"


def find_videos(
    root: str | Path,
    manipulations: tuple[str, ...],
    compression: str,
    conversion_dict: str | Path | None = None,
    splits_dir: str | Path | None = None,
) -> SourceSet:
    """The fakes of some manipulations and their real videos, each once.

    Real videos are those that a fake of the folder was made from; where the folder holds none of
    these, all of the same origin.

    Args:
        root: Folder that holds ``original_sequences`` and ``manipulated_sequences``.
        manipulations: Of `MANIPULATIONS`; with several, those that the folder lacks are left out.
        compression: ``raw``, ``c23`` or ``c40``.
        conversion_dict: ``conversion_dict.json`` of the FaceForensics repository: sequences cut from
            one YouTube video then share a group.
        splits_dir: Folder with its ``train.json``, ``val.json`` and ``test.json``.

    Raises:
        FileNotFoundError: No fake of these manipulations, or no real video, is there; or a given file is not.
        ValueError: A given JSON file is not what it should be.
    """
    root = Path(root)
    pairs = _split_pairs(Path(splits_dir)) if splits_dir else {}
    videos = set(_videos(root, "youtube"))
    sequences = _sequence_groups(videos, list(pairs), conversion_dict)
    official = {sequence: split for pair, split in pairs.items() for sequence in pair}

    def groups(origin: str, *names: str) -> tuple[str, ...]:
        if origin == "actors":
            return tuple(dict.fromkeys(f"actor_{name}" for name in names))
        # a pair is one group, so its target stands for both
        return (sequences[names[0]],)

    def official_split(origin: str, *names: str) -> str | None:
        if origin == "actors" or not official:
            return None
        splits = {official.get(name, "") for name in names}
        return splits.pop() if len(splits) == 1 else ""

    fakes, reals = [], []
    for manipulation in manipulations:
        origin = origin_of(manipulation)
        masks = videos_folder(root, manipulation, "masks")
        for path, name in _matching(videos_folder(root, manipulation, compression), _NAMES[origin][0]):
            target = f"{name['target']}__{name['scene']}" if origin == "actors" else name["target"]
            mask = masks / path.name
            fakes.append(
                SourceItem(
                    str(path),
                    manipulation,
                    compression,
                    f"{manipulation}/{path.stem}",
                    name["target"],
                    name["source"],
                    groups(origin, name["target"], name["source"]),
                    official_split=official_split(origin, name["target"], name["source"]),
                    target_video=f"{origin}/{target}",
                    mask_path=str(mask) if mask.is_file() else "",
                )
            )
    targets = {fake.target_video for fake in fakes}
    for origin in dict.fromkeys(origin_of(fake.manipulation) for fake in fakes):
        found = [
            SourceItem(
                str(path),
                REAL,
                compression,
                f"{origin}/{path.stem}",
                name["target"],
                "",
                groups(origin, name["target"]),
                official_split=official_split(origin, name["target"]),
            )
            for path, name in _matching(videos_folder(root, origin, compression), _NAMES[origin][1])
        ]
        reals += [item for item in found if item.video_id in targets] or found
    if not fakes or not reals:
        missing = videos_folder(root, origin_of(manipulations[0]) if fakes else manipulations[0], compression)
        raise FileNotFoundError(f"No FaceForensics++ video lies in {missing}; --root must be the folder above it.")
    published = {name: PUBLISHED[name] for name in manipulations}
    published[REAL] = sum(PUBLISHED_ORIGINALS[origin] for origin in {origin_of(name) for name in manipulations})
    items = tuple(reals + fakes)
    # all of the folder, so that the split of a group is the same whichever manipulations are chosen
    every_group = {sequences[name] for names in videos for name in names if name} | {
        f"actor_{actor}" for actor in _actors(root)
    }
    return SourceSet(items, frozenset(every_group), published, without_original(items))


def _matching(folder: Path, pattern: re.Pattern) -> list[tuple[Path, re.Match]]:
    return [(path, match) for path in sorted(folder.glob("*.mp4")) if (match := pattern.fullmatch(path.name))]


def _videos(root: Path, origin: str) -> Iterator[tuple[str, str]]:
    """Target and source (empty of an original) of every video of an origin, whatever manipulation and compression."""
    for path in root.glob("*_sequences/*/*/videos/*.mp4"):
        for pattern in _NAMES[origin]:
            if match := pattern.fullmatch(path.name):
                yield match["target"], match.groupdict().get("source", "")
                break


def _actors(root: Path) -> set[str]:
    """Every actor that a file of the folder shows."""
    return {name for names in _videos(root, "actors") for name in names if name}


def _sequence_groups(
    videos: set[tuple[str, str]], known_pairs: list[tuple[str, str]], conversion_dict: str | Path | None
) -> dict[str, str]:
    """The group of each sequence: connected over the pairs of every manipulation and over YouTube videos."""
    links = sorted({(target, source) for target, source in videos if source} | set(known_pairs))
    first_of: dict[str, str] = {}
    for sequence, video in _youtube_ids(Path(conversion_dict)).items() if conversion_dict else ():
        links.append((first_of.setdefault(video, sequence), sequence))
    members = {name for link in links for name in link} | {target for target, _ in videos}
    return connected_groups(sorted(members), links)


def _youtube_ids(path: Path) -> dict[str, str]:
    """YouTube id of each sequence; the file has ``"332": "R03Sko97IDE 1"``, id and number of the cut."""
    try:
        return {sequence: value.rsplit(" ", 1)[0] for sequence, value in sorted(_read_json(path).items())}
    except (AttributeError, ValueError) as error:
        raise ValueError(f"{path} is not the conversion_dict.json of the FaceForensics repository.") from error


def _split_pairs(folder: Path) -> dict[tuple[str, str], str]:
    """The published split of each pair."""
    pairs = {}
    for split, name in _SPLIT_FILES.items():
        try:
            pairs |= {(str(a), str(b)): split for a, b in _read_json(folder / name)}
        except (TypeError, ValueError) as error:
            raise ValueError(f"{folder / name} is not a split file of the FaceForensics repository.") from error
    return pairs


def _read_json(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))
