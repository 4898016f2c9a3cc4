"""Shuts routes of Gradio that this page does not use: each fetches, writes or reveals what nobody asked for."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from detector.messages import Message
from web.middleware.answers import refusal

# file=http...: would fetch any public address for anyone. process_recording, deep_link and component_server write files that
# nobody deletes, or read whole ones into memory. proxy, vibe and dev are for Gradio's own tools.
_SHUT = re.compile(
    r"/gradio_api/(file[=/]\s*[a-z][a-z0-9+.-]*:/|proxy=|process_recording|deep_link|component_server|vibe|undo-vibe|dev/)",
    re.IGNORECASE,
)


class ShutRoutes:
    """Answers 403 to requests for these routes."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http" and _SHUT.search(scope["path"]):
            app = refusal(Message("This address is not served here."), 403, scope)
        await app(scope, receive, send)
