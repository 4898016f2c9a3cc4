"""What is asked of an untrusted file, as jobs of the decoding process: one pass gives all that is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from detector.facts import MediaFile, MediaItem, Provenance
from detector.media.files import check_size
from detector.media.photos.images import Photo, photo_is_known, read_photo
from detector.media.videos.video import Video, VideoFrame
from detector.messages import Message

# What the caller takes the file for; ``any`` leaves it to the content.
Kind = Literal["any", "photo", "video"]


@dataclass(frozen=True)
class ClipStart:
    """What comes before the frames of a clip.

    Attributes:
        facts: Facts about the file.
        times_s: When the frames that follow are shown, in seconds since the first frame of the clip.
        items: See `detector.results.Result`.
    """

    facts: MediaFile
    times_s: list[float]
    items: list[MediaItem]


@dataclass(frozen=True)
class FileEnd:
    """What comes last of a file.

    Attributes:
        problems: What a reader must know of the file.
        provenance: What the file says of its own origin; None where it was not asked for.
    """

    problems: list[Message]
    provenance: Provenance | None


# What `read_media` answers, in the order of its answers.
MEDIA_ANSWERS = (Photo, ClipStart, VideoFrame, FileEnd)


def read_media(
    path: str, kind: Kind, frames: int, exact: bool, sha256: str, with_provenance: bool, item: int = 0
) -> Iterator[Photo | ClipStart | VideoFrame | FileEnd]:
    """Reads a photo, or samples a clip: a `Photo`, or a `ClipStart` and its frames; then a `FileEnd`.

    Args:
        path: The file.
        kind: What it is taken for.
        frames: How many frames of a clip to sample.
        exact: Takes the frame in the middle of each part of a clip, not the one that costs least to decode.
        sha256: Hex digest of the file where that is known already; else it is computed.
        with_provenance: Whether to read where the file says that it comes from.
        item: Number of the photo or film to take of a file that holds several; 0 for the main one.

    Raises:
        MediaError: The file cannot be read, or has no such item.
        NotAVideoError: It is no video, and not taken for a photo.
        OSError: It cannot be opened.
    """
    check_size(Path(path))
    if kind == "photo" or (kind == "any" and photo_is_known(path)):
        photo = read_photo(path, sha256)
        yield photo
        problems = photo.problems
    else:
        with Video(path, sha256=sha256, item=item) as video:
            times = video.sample_times(frames) if exact else video.near_times(frames)
            yield ClipStart(video.facts, times, video.items)
            yield from video.frames_at(times)
            problems = video.problems()
    yield FileEnd(problems, _provenance(path) if with_provenance else None)


def frames_at(path: str, times_s: list[float], item: int = 0) -> Iterator[VideoFrame]:
    """Gives single frames of a clip, at seconds since its first frame; for `item` see `read_media`."""
    with Video(path, item=item) as video:
        yield from video.frames_at(times_s)


def _provenance(path: str) -> Provenance:
    # not at the top: the server needs the types of this module, not the slow parser of content credentials
    from detector.media.provenance import read_provenance

    return read_provenance(path)
