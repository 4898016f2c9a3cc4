"""Keeps other websites from acting through the browser of someone who can reach this server, or is logged in to it.

Gradio's `strict_cors` only keeps them from reading answers on localhost; it carries the request out.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from detector.messages import Message
from web.middleware.answers import refusal

LOCAL_NAMES = ("localhost", "127.0.0.1", "0.0.0.0", "::1")
# Those that uvicorn trusts unless others are named.
LOCAL_PROXIES = "127.0.0.1,::1"
_FORWARDED_HOST = re.compile(r'(?:^|;)\s*host="?([^";\s]+)', re.IGNORECASE)


class OwnPageOnly:
    """Refuses requests from pages of other websites to a server on localhost and to one with a login.

    Other servers may be called from anywhere. Scripts outside a browser send no ``Origin`` and are let through. A proxy may
    name the host that the browser asked for in ``X-Forwarded-Host`` or ``Forwarded``, if it is one of those to trust.
    """

    def __init__(self, app: ASGIApp, has_login: bool, trusted_proxies: str = ""):
        self._app = app
        self._has_login = has_login
        self._trusted = ProxyHeadersMiddleware(app, trusted_proxies or LOCAL_PROXIES).trusted_hosts  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http" and self._is_foreign(scope):
            app = refusal(Message("Requests from other websites are not taken here."), 403, scope)
        await app(scope, receive, send)

    def _is_foreign(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        host = _name(headers.get("host", ""))
        if origin is None or not (self._has_login or host in LOCAL_NAMES):
            return False
        # the browser's own word, which no page can forge; it also holds behind a proxy that names another host
        if site := headers.get("sec-fetch-site"):
            return site == "cross-site"
        hosts = set(LOCAL_NAMES if host in LOCAL_NAMES else [host])
        if self._is_from_proxy(scope):
            hosts.add(_forwarded_host(headers))
        return _name(origin) not in hosts - {""}

    def _is_from_proxy(self, scope: Scope) -> bool:
        """Tells whether a proxy to trust has sent a request.

        Where it did and names the browser's address, uvicorn has put that in the place of the proxy's, with a port of 0, which
        no connection has.
        """
        address, port = scope.get("client") or (None, None)
        return port == 0 or address in self._trusted


def _forwarded_host(headers: Headers) -> str:
    """Gives the name that the browser asked the first proxy for; empty where none is stated."""
    if host := headers.get("x-forwarded-host"):
        return _name(host.split(",")[0].strip())
    found = _FORWARDED_HOST.search(headers.get("forwarded", "").split(",")[0])
    return _name(found[1]) if found else ""


def _name(address: str) -> str:
    """Gives the host of an address, or of what a browser puts into ``Host``; empty where there is none."""
    try:
        return urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""
