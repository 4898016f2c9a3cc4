"""What a person can be shown of how a file was made and saved, as jobs of the decoding process."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from detector.errors import MediaError
from detector.facts import Provenance
from detector.media.forensics.clip_facts import ClipFacts, read_clip_facts
from detector.media.forensics.jpeg_facts import JpegFacts, jpeg_facts
from detector.media.forensics.photo_views import error_level_view, noise_view, plain_view
from detector.media.forensics.preview import Preview, read_preview
from detector.media.photos.animations import says_animated
from detector.media.photos.cut_off import load
from detector.media.photos.decoding_errors import DECODING_ERRORS
from detector.media.photos.images import IMAGE_FORMATS, Photo, photo_is_known, read_photo
from detector.media.photos.motion_photos import find_film
from detector.media.photos.orientation import orientation, upright

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PhotoTraces:
    """The traces of a photo.

    Attributes:
        plain: ``(h, w, 3)`` uint8 RGB, upright, at most `detector.media.forensics.photo_views.VIEW_SIDE_PX`.
        error_level: ``(h, w)`` uint8, see `detector.media.forensics.photo_views.error_level_view`; upright.
        noise: ``(h, w)`` uint8, see `detector.media.forensics.photo_views.noise_view`; upright.
        jpeg: None where the photo is no JPEG.
        preview: Of its EXIF; None where there is none.
    """

    plain: np.ndarray
    error_level: np.ndarray
    noise: np.ndarray
    jpeg: JpegFacts | None
    preview: Preview | None


# What the jobs answer.
PHOTO_ANSWERS = (PhotoTraces, Provenance)
CLIP_ANSWERS = (ClipFacts, Provenance)


def examine_photo(path: str, with_provenance: bool) -> Iterator[PhotoTraces | Provenance]:
    """Gives the traces of a photo; then what it says of its own origin, where that is asked for.

    Raises:
        MediaError: The photo cannot be read.
        OSError: It cannot be opened.
    """
    yield _photo_traces(Path(path))
    if with_provenance:
        yield _provenance(path)


def examine_clip(path: str, with_provenance: bool, item: int = 0) -> Iterator[ClipFacts | Provenance]:
    """Gives the facts of a clip; then what the file says of its own origin, where that is asked for.

    Args:
        path: The file; of a photo with a film behind it, the film is meant.
        with_provenance: Whether to read where the file says that it comes from.
        item: See `detector.media.reading.read_media`.

    Raises:
        MediaError: The clip cannot be read, or is an animated picture, which has no such facts.
        OSError: It cannot be opened.
    """
    if says_animated(path):
        raise MediaError(
            "An animated picture has no codec and no groups of pictures, so there is nothing to show of them."
        )
    span = find_film(path) if photo_is_known(path) else None
    yield read_clip_facts(Path(path), 0 if span else item, span)
    if with_provenance:
        yield _provenance(path)


def _photo_traces(path: Path) -> PhotoTraces:
    photo = read_photo(path, sha256="not needed")  # says in plain words what is wrong with a photo
    try:
        with Image.open(path, formats=IMAGE_FORMATS) as image:
            decoded, _ = load(image, path)
            pixels, turns = _stored(decoded, photo)
            jpeg = jpeg_facts(image, photo.jpeg_quality, pixels)
            preview = read_preview(image, pixels)
    except (Image.DecompressionBombError, *DECODING_ERRORS) as error:
        logger.info("no traces of %s: %s", path, error)
        raise MediaError(
            "The photo is damaged, so its traces cannot be shown; please send the original file."
        ) from error
    views = plain_view(pixels), error_level_view(pixels), noise_view(pixels)
    plain, error_level, noise = (np.ascontiguousarray(upright(view, turns)) for view in views)
    return PhotoTraces(plain, error_level, noise, jpeg, preview)


def _stored(decoded: Image.Image, photo: Photo) -> tuple[np.ndarray, int]:
    """Gives the pixels as they are stored, and how they are turned; as they are shown where a conversion changes them anyway."""
    if decoded.mode in ("RGB", "L"):
        return np.asarray(decoded.convert("RGB")), orientation(decoded)
    return photo.image, 1


def _provenance(path: str) -> Provenance:
    # not at the top: the server needs the types of this module, not the slow parser of content credentials
    from detector.media.provenance import read_provenance

    return read_provenance(path)
