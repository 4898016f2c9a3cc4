"""Refuses uploads that would fill the disk: other programs need room too."""

from __future__ import annotations

import errno
import logging
import shutil

from gradio.utils import get_upload_folder
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from detector.messages import Message
from web.middleware.answers import refusal

logger = logging.getLogger(__name__)

MIN_FREE_BYTES = 1024**3
# What the system says when a file cannot be written: full, over a quota or a limit, locked.
CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)


class RoomOnDisk:
    """Answers 507 to uploads after which less than `MIN_FREE_BYTES` would be free."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].rstrip("/").endswith("/upload"):
            await self._app(scope, receive, send)
            return
        full = refusal(Message("The server's disk is full; please try again later."), 507, scope)
        length = Headers(scope=scope).get("content-length", "")
        if _free_bytes() - (int(length) if length.isdecimal() else 0) < MIN_FREE_BYTES:
            await full(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except OSError as error:
            if error.errno not in CANNOT_WRITE:
                raise
            logger.exception("an upload cannot be written")
            await full(scope, receive, send)  # Gradio answers once the file is whole, so nothing was sent yet


def _free_bytes() -> int:
    try:
        return shutil.disk_usage(get_upload_folder()).free
    except FileNotFoundError:  # Gradio makes the folder with the first upload
        return MIN_FREE_BYTES * 2**20
