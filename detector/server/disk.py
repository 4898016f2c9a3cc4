"""No upload is begun that would fill the disk: the newsroom's other programs need room too."""

from __future__ import annotations

import shutil

from gradio.utils import get_upload_folder
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from detector.server.answers import refusal

MIN_FREE_BYTES = 1024**3


class RoomOnDisk:
    """Answers 507 to uploads after which less than `MIN_FREE_BYTES` would be free."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].rstrip("/").endswith("/upload"):
            length = Headers(scope=scope).get("content-length", "")
            if _free_bytes() - (int(length) if length.isdecimal() else 0) < MIN_FREE_BYTES:
                app = refusal("The server's disk is full; please try again later.", 507, scope)
        await app(scope, receive, send)


def _free_bytes() -> int:
    try:
        return shutil.disk_usage(get_upload_folder()).free
    except FileNotFoundError:  # Gradio makes the folder with the first upload
        return MIN_FREE_BYTES * 2**20
