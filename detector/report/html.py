"""HTML from templates, in the language of the reader, with everything escaped that comes from a file."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from detector.messages import Message
from detector.report.document import Block
from detector.report.translation import supported, translate
from detector.text import capitalised, printable

JPEG_QUALITY = 88
TEMPLATES = Path(__file__).parent / "templates"  # of the reports


@dataclass(frozen=True)
class EmbeddedPicture:
    """A picture inside a page, so that nothing of it lies on a server: its ``data:`` address and its size."""

    address: Markup
    width_px: int
    height_px: int


def render(folder: Path, template: str, language: str, **values: Any) -> str:
    """Fills a template; see `_templates` for what is known in it.

    Args:
        folder: Where the template lies.
        template: File name of the template.
        language: Language of the reader.
        values: Further names of the template.
    """
    return _templates(folder, supported(language)).get_template(template).render(values)


def fragment(template: str, language: str, **values: Any) -> Markup:
    """Fills a template of the reports for a place in another page, which escapes nothing of it again; see `render`."""
    return Markup(render(TEMPLATES, template, language, **values))


def blocks_html(blocks: Sequence[Block], language: str) -> Markup:
    """Shows some blocks of a report in a place of another page; see `detector.report.document`."""
    return fragment("blocks.html", language, blocks=blocks, jpeg_address=jpeg_address)


@cache
def _templates(folder: Path, language: str) -> Environment:
    """Makes the environment of the templates in a folder.

    Templates print a `Message` in the language of the reader. ``say("A sentence with {name}.", name=value)`` makes one
    of a sentence in the template.
    """
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown(language),
    )
    environment.globals |= {"say": _say, "language": language}
    environment.filters |= {
        "text": lambda message: translate(message, language),
        "sentence_start": lambda message: capitalised(translate(message, language)),
        "box": lambda box_px: ", ".join(str(value) for value in box_px),
    }
    return environment


def _say(template: str, /, **arguments: str | int | Message) -> Message:
    return Message(template, arguments)


def _shown(language: str) -> Callable[[object], object]:
    def shown(value: object) -> object:
        if isinstance(value, Message):
            value = translate(value, language)
        # names and metadata may hold direction marks that turn what is printed after them
        return printable(value) if type(value) is str else value

    return shown


def jpeg(image: np.ndarray, quality: int = JPEG_QUALITY, *options: int) -> bytes:
    """Encodes ``(H, W, 3)`` uint8 RGB as JPEG; `options` are further ones of `cv2.imencode`.

    Raises:
        ValueError: The picture is too large for one.
    """
    # OpenCV wants BGR
    is_done, data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality, *options])
    if not is_done:
        raise ValueError(f"no JPEG of a picture of shape {image.shape}")
    return data.tobytes()


def jpeg_address(data: bytes) -> Markup:
    """Returns the ``data:`` address of a JPEG."""
    return Markup(f"data:image/jpeg;base64,{base64.b64encode(data).decode()}")


def webp(image: np.ndarray) -> bytes:
    """Encodes ``(H, W, 4)`` uint8 RGBA as WebP, which keeps the opacity as it is and the colours nearly so."""
    data = io.BytesIO()
    Image.fromarray(image).save(data, "WEBP", quality=80, method=1)
    return data.getvalue()


def webp_address(data: bytes) -> Markup:
    """Returns the ``data:`` address of a WebP."""
    return Markup(f"data:image/webp;base64,{base64.b64encode(data).decode()}")


def embedded(image: np.ndarray, max_side_px: int | None = None) -> EmbeddedPicture:
    """Makes a picture for a page.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        max_side_px: Pictures with a longer side are reduced to it.
    """
    scale = min(1.0, max_side_px / max(image.shape[:2])) if max_side_px else 1.0
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = image.shape[:2]
    return EmbeddedPicture(jpeg_address(jpeg(image)), width, height)
