"""Decodes untrusted photos into RGB arrays, and says in plain words why it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, TiffImagePlugin, UnidentifiedImageError

from detector.errors import MediaError
from detector.facts import MediaFile, MediaItem, PixelBox
from detector.limits import MAX_COUNTED_PAGES, MAX_IMAGE_PIXELS, MIN_IMAGE_SIDE_PX
from detector.media.files import check_aspect_ratio, check_size, file_sha256
from detector.media.photos.colours import srgb_pixels
from detector.media.photos.cut_off import cut_off_warning, load
from detector.media.photos.decoding_errors import DECODING_ERRORS
from detector.media.photos.orientation import orientation, upright, upright_box
from detector.messages import Message

pillow_heif.register_heif_opener()  # HEIC photos of phones; Pillow itself reads AVIF

# Pillow knows many more, some of which start other programs (EPS) or are never photos.
IMAGE_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
# Of TIFFs only strips, and what packs them without JPEG. In tiles, YCbCr and JPEG Pillow before 13 reads past its buffers, and what it
# finds there, such as somebody else's photo, would be shown (GHSA-462x-pgg6-55fp, -c6hw-5grf-ff96, -q45j-58j2-45rg).
_TIFF_COMPRESSIONS = ("raw", "packbits", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "group3", "group4")
_TIFF_YCBCR = 6
_TABLE_SUM_AT_QUALITY_50 = 3688  # JPEG standard (ITU-T T.81), table K.1
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")

# Measured on a moving face: GIFs scored up to .58 above the frames they were made of, rarely below.
FEW_COLOURS = Message(
    "The picture is stored in at most 256 colours, which can raise its scores far above those of the original; "
    "please look for the original."
)


_DAMAGED = Message("The photo is damaged or cut off and cannot be decoded; please send the original file.")


@dataclass(frozen=True)
class Photo:
    """A photo that was read.

    Attributes:
        facts: Facts about the file.
        image: ``(H, W, 3)`` uint8 sRGB with the EXIF orientation applied, transparency laid on white, more bits
            scaled to 8. Animated pictures are read by `detector.media.photos.animations`.
        jpeg_quality: About which quality, 1..100, a JPEG was last saved at, by libjpeg's scale; None for other formats.
        problems: What a reader must know of the photo.
        items: See `detector.results.Result`.
        missing_px: ``(x0, y0, x1, y1)`` in pixels of `image`: what could not be read, as the file is cut off; None where it is whole.
    """

    facts: MediaFile
    image: np.ndarray
    jpeg_quality: int | None
    problems: list[Message]
    items: list[MediaItem]
    missing_px: PixelBox | None = None


def read_image(path: str | Path) -> tuple[MediaFile, np.ndarray]:
    """Reads the facts and the pixels of a whole photo, for training; see `read_photo`.

    Raises:
        MediaError: As there, and of a photo that is cut off.
    """
    photo = read_photo(path)
    if photo.missing_px:
        raise MediaError(_DAMAGED)
    return photo.facts, photo.image


def read_photo(path: str | Path, sha256: str = "") -> Photo:
    """Reads a photo.

    Args:
        path: The file.
        sha256: Hex digest of its bytes where that is known already; else it is computed.

    Raises:
        MediaError: The file is empty, too large, damaged, or not a photo.
    """
    path = Path(path)
    size = check_size(path)
    try:
        with Image.open(path, formats=IMAGE_FORMATS) as image:
            _check_pixels(image)
            media_type, quality = _media_type(path, image), _jpeg_quality(image)
            decoded, whole_rows = load(image, path)
            pixels, problems = srgb_pixels(decoded, path if whole_rows is None else None)
            turns = orientation(decoded)
            missing = None
            if whole_rows is not None:
                stored = 0, whole_rows, decoded.width, decoded.height
                missing = upright_box(stored, decoded.size, turns)
                problems.append(cut_off_warning(decoded.size, stored))
            pixels = upright(pixels, turns)
            problems += _problems(image)
    except UnidentifiedImageError as error:
        raise MediaError(
            "The file is not a photo that can be read; please send a JPEG, PNG, WebP, GIF or HEIC."
        ) from error
    except Image.DecompressionBombError as error:
        raise MediaError(
            "The photo has more than {megapixels} megapixels, so please send a smaller copy.",
            megapixels=MAX_IMAGE_PIXELS // 10**6,
        ) from error
    except DECODING_ERRORS as error:
        if isinstance(error, MediaError):
            raise
        raise MediaError(_DAMAGED) from error
    height, width = pixels.shape[:2]
    facts = MediaFile(path.name, sha256 or file_sha256(path), size, media_type, width, height, None)
    return Photo(facts, pixels, quality, problems, [], missing)


def photo_is_known(path: str | Path) -> bool:
    """Tells whether Pillow knows the first bytes; whether the rest is sound, `read_photo` tells.

    Raises:
        OSError: The file cannot be opened.
    """
    return ask_header(path, IMAGE_FORMATS, lambda image: True, if_damaged=True)


def ask_header(
    path: str | Path, formats: tuple[str, ...], ask: Callable[[Image.Image], bool], *, if_damaged: bool
) -> bool:
    """Answers a question about a photo from its header; False where the file is of no such format.

    Args:
        path: The file.
        formats: Those that are tried.
        ask: Answers it for the opened photo.
        if_damaged: The answer where the header cannot be read.

    Raises:
        OSError: The file cannot be opened.
    """
    try:
        with Image.open(path, formats=formats) as image:
            return ask(image)
    except UnidentifiedImageError:
        return False
    except OSError as error:
        if error.errno is not None:  # the file, not its content
            raise
        return if_damaged
    except (Image.DecompressionBombError, *DECODING_ERRORS):
        return if_damaged


def _check_pixels(image: Image.Image) -> None:
    """Raises MediaError for a photo that is too large or too small, a strip, or of a kind that is read unsafely."""
    width, height = image.size
    if width * height > MAX_IMAGE_PIXELS:
        raise MediaError(
            "The photo has {width} x {height} pixels; the limit is {megapixels} megapixels, "
            "so please send a smaller copy.",
            width=width,
            height=height,
            megapixels=MAX_IMAGE_PIXELS // 10**6,
        )
    if min(width, height) < MIN_IMAGE_SIDE_PX:
        raise MediaError(
            "The photo has only {width} x {height} pixels; it needs at least {side} on each side to show a face.",
            width=width,
            height=height,
            side=MIN_IMAGE_SIDE_PX,
        )
    check_aspect_ratio("photo", width, height)
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        _check_tiff(image)


def _jpeg_quality(image: Image.Image) -> int | None:
    """See `Photo`; read off the brightness table, whose entries grow as quality falls."""
    tables = getattr(image, "quantization", None)
    if not tables:
        return None
    scale: float = 100 * sum(next(iter(tables.values()))) / _TABLE_SUM_AT_QUALITY_50
    return round(min(max(5000 / scale if scale > 100 else (200 - scale) / 2, 1), 100))


def _problems(image: Image.Image) -> list[Message]:
    """See `Photo`; moves to other pages of the file, so it comes last."""
    if image.format == "TIFF":
        pages = _pages(image)
        if pages > MAX_COUNTED_PAGES:
            many = {"count": MAX_COUNTED_PAGES}
            return [Message("The file holds more than {count} pictures; only the first was looked at.", many)]
        if pages > 1:
            return [Message("The file holds {count} pictures; only the first was looked at.", {"count": pages})]
        return []
    if image.format == "HEIF" and (pictures := getattr(image, "n_frames", 1)) > 1:
        return [Message("The file holds {count} pictures; only the main one was looked at.", {"count": pictures})]
    if image.mode == "P" and image.format in ("GIF", "PNG"):
        return [FEW_COLOURS]
    return []


def _check_tiff(image: TiffImagePlugin.TiffImageFile) -> None:
    """Raises MediaError for a kind of TIFF that Pillow reads unsafely."""
    tags = image.tag_v2
    is_safe = (
        image.info.get("compression") in _TIFF_COMPRESSIONS
        and tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) != _TIFF_YCBCR
        and TiffImagePlugin.TILEOFFSETS not in tags
        and TiffImagePlugin.TILEWIDTH not in tags
    )
    if not is_safe:
        raise MediaError(
            "The TIFF is one in tiles or with JPEG inside, which is not read here; please send it as a PNG."
        )


def _pages(image: Image.Image) -> int:
    """Counts the pictures of a TIFF that can be found one after the other, up to one more than the limit."""
    for number in range(1, MAX_COUNTED_PAGES + 1):
        try:
            image.seek(number)
        except DECODING_ERRORS:
            return number
    return MAX_COUNTED_PAGES + 1


def _media_type(path: Path, image: Image.Image) -> str:
    if image.format == "HEIF":
        with open(path, "rb") as stream:
            return "image/heic" if stream.read(12)[8:] in _HEIC_BRANDS else "image/heif"
    return Image.MIME.get(image.format or "", "application/octet-stream")
