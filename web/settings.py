"""What the environment asks of the server."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from starlette.middleware import Middleware

from detector.network.settings import ModelSettings, SettingError
from web.middleware.disk import RoomOnDisk
from web.middleware.headers import SecurityHeaders
from web.middleware.inputs import UploadsOnly
from web.middleware.origins import OwnPageOnly
from web.middleware.rate import RateLimit
from web.middleware.routes import ShutRoutes

# A check on the page is about six requests, so one office behind one address can have twenty files checked a minute.
REQUESTS_PER_MINUTE = 120
# Where the Hub's proxies are, so that an address is that of the person.
_PROXIES_OF_THE_HUB = "127.0.0.1,10.0.0.0/8"


@dataclass(frozen=True)
class Settings:
    """Holds all that the environment asks of the server, but for what Gradio reads itself, such as its port.

    Attributes:
        logins: ``APP_AUTH``, names and passwords of those who may use the server; anyone may where it is empty.
        requests_per_minute: ``RATE_LIMIT``, POST requests per minute per IP address; 0 for any number.
        temporary_base: ``GRADIO_TEMP_DIR``, where temporary files go; None for the system's own folder.
        trusted_proxies: ``FORWARDED_ALLOW_IPS``, whose ``X-Forwarded-For`` and ``-Host`` are believed; empty for uvicorn's default.
        model: The model to answer with.
        allow_links: ``ALLOW_LINKS``, whether the page may fetch what a link leads to.
    """

    logins: tuple[tuple[str, str], ...] = ()
    requests_per_minute: int = REQUESTS_PER_MINUTE
    temporary_base: Path | None = None
    trusted_proxies: str = ""
    model: ModelSettings = field(default_factory=ModelSettings)
    allow_links: bool = False

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Settings:
        """Reads the settings from environment variables; those that are empty or missing keep their defaults.

        Raises:
            SettingError: A variable makes no sense.
        """
        base = environment.get("GRADIO_TEMP_DIR", "")
        default_proxies = _PROXIES_OF_THE_HUB if "SPACE_ID" in environment else ""
        return cls(
            _logins(environment.get("APP_AUTH", "")),
            _rate(environment.get("RATE_LIMIT", "")),
            Path(base) if base else None,
            environment.get("FORWARDED_ALLOW_IPS", default_proxies),
            ModelSettings.from_env(environment),
            _is_on("ALLOW_LINKS", environment.get("ALLOW_LINKS", "")),
        )

    @property
    def middleware(self) -> list[Middleware]:
        """What stands before Gradio, from the outside in."""
        limits = [Middleware(RateLimit, self.requests_per_minute)] if self.requests_per_minute else []
        own_page = Middleware(OwnPageOnly, bool(self.logins), self.trusted_proxies)
        return [
            Middleware(SecurityHeaders),
            Middleware(ShutRoutes),
            own_page,
            *limits,
            Middleware(RoomOnDisk),
            Middleware(UploadsOnly),
        ]

    def trust_proxies(self) -> None:
        """Tells uvicorn which proxies to believe: it takes them from the environment, and Gradio passes no such option."""
        if self.trusted_proxies:
            os.environ["FORWARDED_ALLOW_IPS"] = self.trusted_proxies


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


def _is_on(name: str, text: str) -> bool:
    if text.strip() not in ("", "0", "1"):
        raise SettingError(f"{name} must be 1 for on, or 0 for off.")
    return text.strip() == "1"
