"""Reads FaceForensics++ (Roessler et al., ICCV 2019) with DeepFakeDetection (Google, 2019)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dataset_builder.layouts.layout import Layout
from dataset_builder.sources import (
    REAL,
    SourceItem,
    SourceOptions,
    SourceSet,
    connected_groups,
    without_original,
)

# Made from the 1000 YouTube sequences.
YOUTUBE_MANIPULATIONS = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter")
# Made from videos of 28 actors, who appear in several videos and pairs.
ACTORS_MANIPULATION = "DeepFakeDetection"
MANIPULATIONS = ("Deepfakes", ACTORS_MANIPULATION, "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter")
# How many videos a complete folder holds at each compression.
PUBLISHED = dict.fromkeys(YOUTUBE_MANIPULATIONS, 1000) | {ACTORS_MANIPULATION: 3068}
PUBLISHED_ORIGINALS = {"youtube": 1000, "actors": 363}
COLLECTION = "ffpp"

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
    """Tells which originals a manipulation was made from: ``youtube`` or ``actors``."""
    return "actors" if manipulation == ACTORS_MANIPULATION else "youtube"


def videos_folder(root: Path, manipulation: str, compression: str) -> Path:
    """Names the folder with the videos of a manipulation; ``youtube`` and ``actors`` name the originals, ``masks`` the masks."""
    kind = "original_sequences" if manipulation in PUBLISHED_ORIGINALS else "manipulated_sequences"
    return root / kind / manipulation / compression / "videos"


def find_videos(
    root: str | Path,
    manipulations: tuple[str, ...],
    compression: str,
    conversion_dict: str | Path | None = None,
    splits_dir: str | Path | None = None,
) -> SourceSet:
    """Lists the fakes of some manipulations and their real videos, each once.

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
    shown = _shown_in(root)
    lookup = _Lookup.read(shown["youtube"], conversion_dict, splits_dir)
    fakes = [fake for manipulation in manipulations for fake in _fakes(root, manipulation, compression, lookup)]
    targets = {fake.target_video for fake in fakes}
    reals = []
    for origin in dict.fromkeys(origin_of(fake.manipulation) for fake in fakes):
        found = _reals(root, origin, compression, lookup)
        reals += [item for item in found if item.video_id in targets] or found
    if not fakes or not reals:
        missing = videos_folder(root, origin_of(manipulations[0]) if fakes else manipulations[0], compression)
        raise FileNotFoundError(f"No FaceForensics++ video lies in {missing}; --root must be the folder above it.")
    published = {name: PUBLISHED[name] for name in manipulations}
    published[REAL] = sum(PUBLISHED_ORIGINALS[origin] for origin in {origin_of(name) for name in manipulations})
    items = tuple(reals + fakes)
    return SourceSet(items, _every_group(shown, lookup), published, without_original(items))


def groups_of_sequences(root: Path, conversion_dict: str | Path | None = None) -> dict[str, str]:
    """Finds the group of every sequence that any video of a folder shows as target or source.

    Args:
        root: As for `find_videos`.
        conversion_dict: As for `find_videos`.

    Raises:
        FileNotFoundError: The folder holds no video of a YouTube sequence.
        ValueError: The JSON file is not what it should be.
    """
    videos = _shown_in(root)["youtube"]
    if not videos:
        raise FileNotFoundError(f"{root} does not hold FaceForensics++: no video of a YouTube sequence lies there.")
    return _sequence_groups(videos, [], conversion_dict)


@dataclass(frozen=True)
class _Lookup:
    """Tells the groups and the official split of a video by the sequences it shows.

    Attributes:
        group_of: The group of each YouTube sequence.
        split_of: The official split of each YouTube sequence; empty where no lists were given.
    """

    group_of: dict[str, str]
    split_of: dict[str, str]

    @classmethod
    def read(
        cls, videos: set[tuple[str, str]], conversion_dict: str | Path | None, splits_dir: str | Path | None
    ) -> _Lookup:
        """Reads the given lists, beside target and source of every video of a YouTube sequence."""
        pairs = _split_pairs(Path(splits_dir)) if splits_dir else {}
        groups = _sequence_groups(videos, list(pairs), conversion_dict)
        return cls(groups, {sequence: split for pair, split in pairs.items() for sequence in pair})

    def groups(self, origin: str, *names: str) -> tuple[str, ...]:
        """Finds the groups of a video that shows these sequences or actors, the target first."""
        if origin == "actors":
            return tuple(dict.fromkeys(f"actor_{name}" for name in names))
        # a pair is one group, so its target stands for both
        return (self.group_of[names[0]],)

    def official_split(self, origin: str, *names: str) -> str | None:
        """Finds the official split of a video; see `SourceItem`."""
        if origin == "actors" or not self.split_of:
            return None
        splits = {self.split_of.get(name, "") for name in names}
        return splits.pop() if len(splits) == 1 else ""


def _fakes(root: Path, manipulation: str, compression: str, lookup: _Lookup) -> list[SourceItem]:
    """Lists the fakes of a manipulation."""
    origin = origin_of(manipulation)
    masks = videos_folder(root, manipulation, "masks")
    items = []
    for path, name in _matching(videos_folder(root, manipulation, compression), _NAMES[origin][0]):
        target = f"{name['target']}__{name['scene']}" if origin == "actors" else name["target"]
        mask = masks / path.name
        items.append(
            SourceItem(
                path=str(path),
                manipulation=manipulation,
                compression=compression,
                video_id=f"{manipulation}/{path.stem}",
                target=name["target"],
                source=name["source"],
                groups=lookup.groups(origin, name["target"], name["source"]),
                official_split=lookup.official_split(origin, name["target"], name["source"]),
                target_video=f"{origin}/{target}",
                collection=COLLECTION,
                mask_path=str(mask) if mask.is_file() else "",
            )
        )
    return items


def _reals(root: Path, origin: str, compression: str, lookup: _Lookup) -> list[SourceItem]:
    """Lists the originals of an origin."""
    return [
        SourceItem(
            path=str(path),
            manipulation=REAL,
            compression=compression,
            video_id=f"{origin}/{path.stem}",
            target=name["target"],
            source="",
            groups=lookup.groups(origin, name["target"]),
            official_split=lookup.official_split(origin, name["target"]),
            collection=COLLECTION,
        )
        for path, name in _matching(videos_folder(root, origin, compression), _NAMES[origin][1])
    ]


def _every_group(shown: dict[str, set[tuple[str, str]]], lookup: _Lookup) -> frozenset[str]:
    """Lists all groups of the folder, so that a group's split is the same whichever manipulations are chosen."""
    sequences, actors = (
        {name for names in shown[origin] for name in names if name} for origin in ("youtube", "actors")
    )
    return frozenset({lookup.group_of[name] for name in sequences} | {f"actor_{actor}" for actor in actors})


def _matching(folder: Path, pattern: re.Pattern[str]) -> list[tuple[Path, re.Match[str]]]:
    return [(path, match) for path in sorted(folder.glob("*.mp4")) if (match := pattern.fullmatch(path.name))]


def _shown_in(root: Path) -> dict[str, set[tuple[str, str]]]:
    """Finds target and source (empty of an original) of every video, by origin, whatever manipulation and compression."""
    shown: dict[str, set[tuple[str, str]]] = {origin: set() for origin in _NAMES}
    for path in root.glob("*_sequences/*/*/videos/*.mp4"):
        for origin, patterns in _NAMES.items():
            for match in filter(None, (pattern.fullmatch(path.name) for pattern in patterns)):
                shown[origin].add((match["target"], match.groupdict().get("source", "")))
    return shown


def _sequence_groups(
    videos: set[tuple[str, str]], known_pairs: list[tuple[str, str]], conversion_dict: str | Path | None
) -> dict[str, str]:
    """Finds the group of each sequence: connected over the pairs of every manipulation and over YouTube videos."""
    links = sorted({(target, source) for target, source in videos if source} | set(known_pairs))
    first_of: dict[str, str] = {}
    for sequence, video in _youtube_ids(Path(conversion_dict)).items() if conversion_dict else ():
        links.append((first_of.setdefault(video, sequence), sequence))
    members = {name for link in links for name in link} | {target for target, _ in videos}
    return connected_groups(sorted(members), links)


def _youtube_ids(path: Path) -> dict[str, str]:
    """Reads the YouTube id of each sequence; the file has ``"332": "R03Sko97IDE 1"``, id and number of the cut."""
    try:
        return {sequence: value.rsplit(" ", 1)[0] for sequence, value in sorted(_read_json(path).items())}
    except (AttributeError, ValueError) as error:
        raise ValueError(f"{path} is not the conversion_dict.json of the FaceForensics repository.") from error


def _split_pairs(folder: Path) -> dict[tuple[str, str], str]:
    """Reads the published split of each pair."""
    pairs: dict[tuple[str, str], str] = {}
    for split, name in _SPLIT_FILES.items():
        try:
            pairs |= {(str(a), str(b)): split for a, b in _read_json(folder / name)}
        except (TypeError, ValueError) as error:
            raise ValueError(f"{folder / name} is not a split file of the FaceForensics repository.") from error
    return pairs


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _find(options: SourceOptions) -> SourceSet:
    return find_videos(
        options.root, options.manipulations, options.compression, options.conversion_dict, options.splits_dir
    )


LAYOUT = Layout(
    name="faceforensics",
    option="--root",
    help="FaceForensics++ folder (holds original_sequences and manipulated_sequences)",
    find=_find,
    title="FaceForensics++",
    licence="faceforensics-terms-of-use",
    link="https://github.com/ondyari/FaceForensics",
    manipulations=MANIPULATIONS,
    may_be_public=False,
)
