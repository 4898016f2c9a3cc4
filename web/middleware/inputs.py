"""Takes files as uploads only: Gradio would fetch an address in place of a file, and fail on a path of the server."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

from gradio.route_utils import FnIndexInferError
from gradio.utils import get_upload_folder
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as ServerMessage

from detector.messages import Message
from web.middleware.answers import refusal, refused_input

logger = logging.getLogger(__name__)

# Fifty files are some 30 kB; Gradio itself would take a body of any size into memory.
MAX_BODY_BYTES = 1_000_000
_TAKES_INPUT = re.compile(r"/gradio_api/(queue/join|call|run|api|stream)(/|$)")


class UploadsOnly:
    """Refuses inputs that name anything but an upload as a file, for whichever component, and inputs that are too large."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not _TAKES_INPUT.search(scope["path"]):
            await self._app(scope, receive, send)
            return
        messages, size = [], 0
        while True:
            message = await receive()
            messages.append(message)
            size += len(message.get("body", b""))
            if size > MAX_BODY_BYTES:
                too_large = Message("The request is too large; please upload files first.")
                await refusal(too_large, 413, scope)(scope, receive, send)
                return
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                break
        body = b"".join(message.get("body", b"") for message in messages)
        sentence = None
        if names_other_than_uploads(body):
            sentence = Message("Files are taken as uploads only: no address is fetched, no other file is opened.")
        elif not _is_request(body, scope["path"]):
            sentence = Message(
                'The request must be JSON such as {example}; see "Use via API" at the foot of the page.',
                {"example": '{"data": [...]}'},
            )
        if sentence:
            await refused_input(sentence, scope)(scope, receive, send)
            return
        try:
            await self._app(scope, _replay(messages, receive), send)
        except (FnIndexInferError, KeyError, TypeError):
            # Gradio looks up endpoint and inputs before it answers anything
            logger.info("no such endpoint or input: %s", scope["path"], exc_info=True)
            unknown = Message(
                'There is no such endpoint, or it takes other inputs; see "Use via API" at the foot of the page.'
            )
            await refused_input(unknown, scope)(scope, receive, send)


def _is_request(body: bytes, path: str) -> bool:
    """Tells whether Gradio can find inputs in this body: a list under ``data``, or an object that names them."""
    if "/stream/" in path:  # takes none
        return True
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(request, dict) and ("/call/v2/" in path or isinstance(request.get("data"), list))


def names_other_than_uploads(body: bytes) -> bool:
    """Tells whether an object in this JSON has a ``path`` outside Gradio's upload folder."""
    uploads = Path(get_upload_folder()).resolve()
    try:
        waiting = [json.loads(body)]
    except (ValueError, RecursionError):  # no request at all
        return False
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            path = value.get("path")
            if isinstance(path, str) and not _lies_in(uploads, path):
                return True
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return False


def _lies_in(folder: Path, path: str) -> bool:
    try:
        return Path(path).resolve().is_relative_to(folder)  # links are followed
    except (OSError, ValueError, RuntimeError):  # no path at all, or links in a circle
        return False


def _replay(messages: list[ServerMessage], receive: Receive) -> Receive:
    waiting = iter(messages)

    async def again() -> ServerMessage:
        for message in waiting:
            return message
        return await receive()

    return again
