"""Whatever moves: a video, an animated picture, or the film behind a photo."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from detector.media.files import check_size, no_such_item
from detector.media.photos.animations import Animation, says_animated
from detector.media.photos.images import photo_is_known
from detector.media.photos.motion_photos import find_film
from detector.media.videos.video import Video

Clip: TypeAlias = Video | Animation

# In a photo with a film behind it, in the order of the file.
PHOTO_ITEM, FILM_ITEM = 1, 2


def open_clip(path: str | Path, item: int = 0) -> Clip:
    """Opens what moves in a file; of a photo with a film behind it, the film.

    Args:
        path: The file.
        item: See `detector.media.reading.read_media`; 0 for the main film.

    Raises:
        MediaError: Nothing that moves can be read, or there is no such item.
        NotAVideoError: It is no video at all.
        OSError: It cannot be opened.
    """
    check_size(Path(path))
    if says_animated(path):
        check_only_item(item)
        animation = Animation(path)
        if not animation.is_still:
            return animation
    if photo_is_known(path) and (span := find_film(path)):
        if item not in (0, FILM_ITEM):
            raise no_such_item(FILM_ITEM, item)
        return Video(path, span=span)
    return Video(path, item=item)


def check_only_item(item: int) -> None:
    """Refuses a number in a file that holds one photo or film.

    Raises:
        MediaError: It is neither 0 nor 1.
    """
    if item not in (0, 1):
        raise no_such_item(1, item)
