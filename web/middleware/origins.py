"""Keeps other websites from acting through the browser of someone who can reach this server, or is logged in to it.

Gradio's `strict_cors` only keeps them from reading answers on localhost; it carries the request out.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from detector.messages import Message
from web.middleware.answers import refusal

LOCAL_NAMES = ("localhost", "127.0.0.1", "0.0.0.0", "::1")


class OwnPageOnly:
    """Refuses requests from pages of other websites to a server on localhost and to one with a login.

    Other servers may be called from anywhere. Scripts outside a browser send no ``Origin`` and are let through.
    """

    def __init__(self, app: ASGIApp, has_login: bool):
        self._app = app
        self._has_login = has_login

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http" and self._is_foreign(Headers(scope=scope)):
            app = refusal(Message("Requests from other websites are not taken here."), 403, scope)
        await app(scope, receive, send)

    def _is_foreign(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        host = _name(f"//{headers.get('host', '')}")
        if origin is None or not (self._has_login or host in LOCAL_NAMES):
            return False
        # the browser's own word, which no page can forge; it also holds behind a proxy that names another host
        if site := headers.get("sec-fetch-site"):
            return site == "cross-site"
        hosts = (host, _name(f"//{headers.get('x-forwarded-host', '')}"))
        return _name(origin) not in (LOCAL_NAMES if host in LOCAL_NAMES else hosts)


def _name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
