"""Limits how often one IP address may ask: the model answers one request at a time, so nobody may fill its queue alone."""

from __future__ import annotations

import ipaddress
import time

from starlette.types import ASGIApp, Receive, Scope, Send

from detector.messages import Message
from web.middleware.answers import refusal

_MAX_ADDRESSES = 10_000


class RateLimit:
    """Answers 429 to an IP address that has sent too many POST requests per minute; they are earned back evenly over time.

    The address is that of the connection; behind a proxy that uvicorn trusts (``FORWARDED_ALLOW_IPS``, by default one on
    this machine), that of ``X-Forwarded-For``. Requests from this machine are not counted.
    """

    def __init__(self, app: ASGIApp, per_minute: int):
        self._app = app
        self._per_minute = per_minute
        self._left: dict[str, tuple[float, float]] = {}  # requests that are left, and at what time

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http" and scope["method"] == "POST" and not self._may(scope.get("client")):
            app = refusal(Message("Too many requests came from your address; please wait a minute."), 429, scope)
        await app(scope, receive, send)

    def _may(self, client: tuple[str, int] | None) -> bool:
        address = _network(client[0]) if client else ""
        if address is None:
            return True
        now = time.monotonic()
        left, then = self._left.pop(address, (float(self._per_minute), now))
        left = min(left + (now - then) * self._per_minute / 60, self._per_minute)
        self._left[address] = (max(left - 1, 0.0), now)
        if len(self._left) > _MAX_ADDRESSES:
            del self._left[next(iter(self._left))]  # the address that has been silent longest
        return left >= 1


def _network(host: str) -> str | None:
    """Returns what is counted as one address; None for this machine."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_loopback:
        return None
    # one subscriber has a whole /64 network of IPv6
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else host
