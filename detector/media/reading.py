"""What is asked of an untrusted file, as jobs of the decoding process: one pass gives all that is known of it."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from detector.errors import MediaError
from detector.facts import MediaFile, MediaItem, Provenance
from detector.media.clips import FILM_ITEM, PHOTO_ITEM, Clip, check_only_item, open_clip
from detector.media.files import check_size, no_such_item
from detector.media.photos.animations import Animation, says_animated
from detector.media.photos.images import Photo, photo_is_known, read_photo
from detector.media.photos.live_photos import APPLE_IDENTIFIER, HALF_OF_FILM, HALF_OF_STILL, live_photo_identifier
from detector.media.photos.motion_photos import find_film
from detector.media.videos.video import Video, VideoFrame
from detector.media.videos.window import Span
from detector.messages import Message

logger = logging.getLogger(__name__)

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
        live_photo: What both files of a Live Photo of Apple's share; empty where the file is half of none.
    """

    problems: list[Message]
    provenance: Provenance | None
    live_photo: str = ""


# What a reader must know, and `FileEnd.live_photo`.
End = tuple[list[Message], str]
Answers = Generator[Photo | ClipStart | VideoFrame, None, End]
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
    if says_animated(path):
        read = _read_animation(path, kind, frames, exact, sha256, item)
    elif (is_photo := photo_is_known(path)) or kind == "photo":
        span = find_film(path) if is_photo else None
        read = _read_photo_or_its_film(path, span, kind, frames, exact, sha256, item)
    else:
        read = _read_clip(Video(path, sha256=sha256, item=item), frames, exact)
    problems, live_photo = yield from read
    yield FileEnd(problems, _provenance(path) if with_provenance else None, live_photo)


def frames_at(path: str, times_s: list[float], item: int = 0) -> Iterator[VideoFrame]:
    """Gives single frames of a clip, at seconds since its first frame; for `item` see `read_media`."""
    with open_clip(path, item) as clip:
        yield from clip.frames_at(times_s)


def _read_animation(path: str, kind: Kind, frames: int, exact: bool, sha256: str, item: int) -> Answers:
    check_only_item(item)
    animation = Animation(path, sha256=sha256)
    if animation.is_still and kind != "video":
        yield (photo := read_photo(path, sha256))
        return [*photo.problems, *animation.problems()], ""
    return (yield from _read_clip(Video(path) if animation.is_still else animation, frames, exact))


def _read_photo_or_its_film(
    path: str, span: Span | None, kind: Kind, frames: int, exact: bool, sha256: str, item: int
) -> Answers:
    """Reads a photo; or the film that lies at `span` of its file, where there is one and that is asked for."""
    if span is None:
        if kind == "video":  # which says why it is none
            return (yield from _read_clip(Video(path), frames, exact))
        check_only_item(item)
        yield (photo := read_photo(path, sha256))
        return _with_live_photo(photo.problems, live_photo_identifier(path), HALF_OF_STILL)
    if item not in (0, PHOTO_ITEM, FILM_ITEM):
        raise no_such_item(FILM_ITEM, item)
    photo = read_photo(path, sha256)
    if item == FILM_ITEM or (item == 0 and kind == "video"):
        film = Video(path, sha256=sha256, span=span)
        film.items = _items(photo.facts, film.size_px, film.duration_s, FILM_ITEM)
        problems, _ = yield from _read_clip(film, frames, exact, photo.facts.media_type)
        return [*problems, Message("The file holds a photo that was not assessed; choose it to have it assessed.")], ""
    items, problem = _film_beside(path, photo.facts, sha256, span)
    yield replace(photo, items=items)
    return [*photo.problems, problem], ""


def _read_clip(clip: Clip, frames: int, exact: bool, media_type: str = "") -> Answers:
    """Samples a clip; `media_type` is that of the file where the clip is only a part of it."""
    with clip:
        times = clip.sample_times(frames) if exact else clip.near_times(frames)
        facts = replace(clip.facts, media_type=media_type or clip.facts.media_type)
        yield ClipStart(facts, times, clip.items)
        yield from clip.frames_at(times)
        problems = clip.problems()
        if len(times) < (wanted := min(frames, clip.frame_count)):
            problems.append(
                Message(
                    "Only {taken} frames were looked at, not {wanted}: in some parts of the video no new frame is shown.",
                    {"taken": len(times), "wanted": wanted},
                )
            )
        identifier = clip.tags.get(APPLE_IDENTIFIER, "") if isinstance(clip, Video) else ""
        return _with_live_photo(problems, identifier, HALF_OF_FILM)


def _film_beside(path: str, photo: MediaFile, sha256: str, span: Span) -> tuple[list[MediaItem], Message]:
    """Gives the items of a photo that holds a film, and says that the film was not assessed."""
    try:
        with Video(path, sha256=sha256, span=span) as film:
            seconds = {"seconds": f"{film.duration_s:.1f}"}
            said = Message(
                "The photo holds a film of {seconds} s that was not assessed; choose it to have it assessed.", seconds
            )
            return _items(photo, film.size_px, film.duration_s, PHOTO_ITEM), said
    except MediaError as error:
        logger.info("the film in %s: %s", path, error)
        return [], Message("The photo holds a film that was not assessed, because it cannot be read.")


def _items(photo: MediaFile, size_px: tuple[int, int], duration_s: float, assessed: int) -> list[MediaItem]:
    return [
        MediaItem(PHOTO_ITEM, "photo", photo.width_px, photo.height_px, None, assessed == PHOTO_ITEM),
        MediaItem(FILM_ITEM, "film", *size_px, duration_s, assessed == FILM_ITEM),
    ]


def _with_live_photo(problems: list[Message], identifier: str, said: Message) -> End:
    return ([*problems, said], identifier) if identifier else (problems, "")


def _provenance(path: str) -> Provenance:
    # not at the top: the server needs the types of this module, not the slow parser of content credentials
    from detector.media.provenance import read_provenance

    return read_provenance(path)
