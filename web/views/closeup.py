"""A face shown large: what the page sends when one is clicked, and what it is answered."""

from __future__ import annotations

from urllib.parse import quote
from uuid import uuid4

from detector.report.html import jpeg_address, webp_address
from detector.report.pictures.closeup import EnlargedFace
from web.views.elements import fill

# For the `js_on_load` of the component that shows `web.views.media.viewer_html`: passes on which face of which frame is
# opened, as the data of its `select` event, ``{"face": 1, "frame": 0}``.
ASKS_FOR_FACES = 'element.addEventListener("enlarge", ({ detail }) => trigger("select", detail));'
# For that of the component that shows `face_html`, which stays hidden: the viewer takes the pictures from it.
TELLS_OF_FACES = 'watch("value", () => element.dispatchEvent(new CustomEvent("enlarged", { bubbles: true })));'


def face_html(enlarged: EnlargedFace, language: str) -> str:
    """Shows a face cut from the file, plain and with its overlay; the page moves both into the view that is open."""
    overlay = enlarged.overlay_webp
    return fill(
        "closeup.html",
        language,
        enlarged=enlarged,
        once=uuid4().hex,  # the page hears of an answer only where it differs from the one before
        plain=jpeg_address(enlarged.plain_jpeg),
        overlay=webp_address(overlay) if overlay else None,
    )


def upload_address(path: str) -> str:
    """Gives the address of an upload relative to the page, which only a browser that knows the path can ask for."""
    return f"gradio_api/file={quote(path)}"
