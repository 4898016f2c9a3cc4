"""What the environment asks of the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.middleware import Middleware

from web.middleware.disk import RoomOnDisk
from web.middleware.headers import SecurityHeaders
from web.middleware.inputs import UploadsOnly
from web.middleware.origins import OwnPageOnly
from web.middleware.rate import RateLimit
from web.middleware.routes import ShutRoutes

# A check on the page is about six requests, so one office behind one address can have twenty files checked a minute.
REQUESTS_PER_MINUTE = 120


class SettingError(ValueError):
    """An environment variable makes no sense. The message is one plain sentence."""


@dataclass(frozen=True)
class Settings:
    """Who may ask, and how often.

    Attributes:
        logins: Name and password of everyone who may; anyone may where it is empty.
        requests_per_minute: POST requests an address; 0: any number.
    """

    logins: tuple[tuple[str, str], ...] = ()
    requests_per_minute: int = REQUESTS_PER_MINUTE

    @property
    def middleware(self) -> list[Middleware]:
        """What stands before Gradio, from the outside in."""
        limits = [Middleware(RateLimit, self.requests_per_minute)] if self.requests_per_minute else []
        own_page = Middleware(OwnPageOnly, has_login=bool(self.logins))
        return [
            Middleware(SecurityHeaders),
            Middleware(ShutRoutes),
            own_page,
            *limits,
            Middleware(RoomOnDisk),
            Middleware(UploadsOnly),
        ]


def read_settings(environment: Mapping[str, str]) -> Settings:
    """``APP_AUTH`` and ``RATE_LIMIT``.

    Raises:
        SettingError: One of them makes no sense.
    """
    return Settings(_logins(environment.get("APP_AUTH", "")), _rate(environment.get("RATE_LIMIT", "")))


def _logins(text: str) -> tuple[tuple[str, str], ...]:
    if not text.strip():
        return ()
    pairs = [entry.strip().partition(":") for entry in text.split(",")]
    names = [name.strip() for name, _, _ in pairs]
    # never with the text itself: it holds passwords
    if not all(name and password for name, (_, _, password) in zip(names, pairs, strict=True)):
        raise SettingError('APP_AUTH must be "name:password", several of them separated by commas.')
    if len(set(names)) < len(names):
        raise SettingError("APP_AUTH must name everyone once.")
    return tuple((name, password) for name, (_, _, password) in zip(names, pairs, strict=True))


def _rate(text: str) -> int:
    if not text.strip():
        return REQUESTS_PER_MINUTE
    if not text.strip().isdecimal():
        raise SettingError("RATE_LIMIT must be a whole number of requests a minute, or 0 for no limit.")
    return int(text)
