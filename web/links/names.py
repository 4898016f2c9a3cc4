"""Names of fetched files: what the server or the address calls them, made harmless."""

from __future__ import annotations

import mimetypes
import os
from email.message import Message as Header
from urllib.parse import unquote

from gradio_client.utils import strip_invalid_filename_characters

from detector.text import printable

# As long as reports and folders of a name still fit beside it.
_MAX_BYTES = 120
_NAMELESS = "fetched"


def file_name(path: str, disposition: str, media_type: str) -> str:
    """Chooses the name under which a file is kept.

    Args:
        path: Of the address, with its percent signs.
        disposition: The header ``Content-Disposition``; empty where there is none.
        media_type: As the server says, without parameters.

    Returns:
        One printable name without folders, of at most 120 bytes, with the ending of its media type where it has none.
    """
    header = Header()
    header["Content-Disposition"] = disposition
    named = header.get_filename() or unquote(path)
    # what Gradio does to the names of uploads, so that both are alike in reports
    name = strip_invalid_filename_characters(_last_part(named), _MAX_BYTES).lstrip(". ")
    if not os.path.splitext(name)[1] and media_type.startswith(("image/", "video/")):
        name = (name or _NAMELESS) + (mimetypes.guess_extension(media_type) or "")
    return name or _NAMELESS


def _last_part(path: str) -> str:
    parts = printable(path).replace("\\", "/").replace("\N{REPLACEMENT CHARACTER}", "").split("/")
    return next((part for part in reversed(parts) if part.strip(". ")), _NAMELESS)
