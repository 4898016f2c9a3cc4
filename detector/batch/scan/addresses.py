"""Addresses of files: which are read, through what, and how they are told to people."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import fsspec

from detector.batch.files import is_in, real
from detector.errors import CommandError, MediaError

# The others that fsspec knows reach into archives, other programs and shells, or join several addresses in one.
PROTOCOLS = ("file", "s3", "gs", "hf", "https", "http")
_PROTOCOL = re.compile(r"([a-z][a-z0-9+.-]*(?:::[a-z0-9+.:-]*)?)://", re.IGNORECASE)
_JOINED = "::"
_CLIENT_ERRORS = {
    "aiohttp": ("ClientError",),
    "botocore.exceptions": ("BotoCoreError", "ClientError"),
    "gcsfs.retry": ("HttpError",),
    "google.auth.exceptions": ("GoogleAuthError",),
    "httpx2": ("HTTPError",),
}
# Of a query, which may hold a signature, as it is told to people: enough to tell files apart.
_QUERY_DIGITS = 12


def protocol_of(address: str) -> str:
    """Names the protocol of an address, ``file`` for a path."""
    found = _PROTOCOL.match(address)
    return found[1].lower() if found else "file"


def is_remote(address: str) -> bool:
    """Tells whether an address leads away from the file system of this machine."""
    return protocol_of(address) != "file"


def is_web(address: str) -> bool:
    """Tells whether an address is that of a web server."""
    return protocol_of(address) in ("http", "https")


def local_path(address: str) -> str:
    """Gives the path of a local address; of one with ``file://``, as RFC 8089 writes it."""
    if not address.lower().startswith("file://"):
        return address
    return unquote(address[len("file://") :].removeprefix("localhost"))


def check_protocol(address: str) -> None:
    """Refuses what is read through none of `PROTOCOLS`.

    Raises:
        CommandError: It is such an address.
    """
    if protocol_of(address) not in PROTOCOLS or (is_remote(address) and _JOINED in address):
        raise CommandError(
            f"{public(address)} is not read; files are read from paths and from addresses with "
            f"{', '.join(f'{name}://' for name in PROTOCOLS)}."
        )


def check_allowed(address: str, allowed: Collection[str]) -> None:
    """Refuses an address of a manifest that lies under none of those that the user named: who wrote the list is not known.

    Raises:
        MediaError: It lies elsewhere.
    """
    if not is_remote(address):
        if "\0" in address:
            raise MediaError("The list names a path that no file can have; please save it as UTF-8.")
        return
    if protocol_of(address) not in PROTOCOLS or _JOINED in address:
        raise MediaError(
            "The list names an address of a kind that is not read; please give a path, or s3, gs, hf or https."
        )
    if not any(_is_under(address, start) for start in allowed):
        raise MediaError("The list names an address that was not allowed; please allow its beginning with --allow.")


def _is_under(address: str, start: str) -> bool:
    if ".." in re.split(r"[/\\?#]", unquote(address)):
        return False
    # whole names only: s3://news must not allow s3://newsroom
    return address == start or address.startswith(start if start.endswith("/") else f"{start}/")


def is_below(address: str, place: str) -> bool:
    """Tells whether an address is a place, or lies below it."""
    if is_remote(address) or is_remote(place):
        return f"{address.rstrip('/')}/".startswith(f"{place.rstrip('/')}/")
    return is_in(Path(local_path(address)), [real(Path(local_path(place)))])


def public(address: str) -> str:
    """Gives an address without what may be secret: a user's name and password, and the query, which may be a signature."""
    if not is_remote(address):
        return local_path(address)
    protocol, _, rest = address.partition("://")
    query = ""
    if is_web(address):  # elsewhere names may hold these characters
        rest, _, query = rest.partition("#")[0].partition("?")
    host, slash, path = rest.partition("/")
    named = f"{protocol}://{host.rpartition('@')[2]}{slash}{path}"
    digest = hashlib.sha256(query.encode(errors="surrogatepass")).hexdigest()[:_QUERY_DIGITS]
    return f"{named}?sha256={digest}" if query else named


def open_file_system(address: str) -> tuple[Any, str]:
    """Gives the file system of an address, and the path in it. Credentials are those of the environment.

    Raises:
        CommandError: Its package is not installed.
    """
    options: dict[str, Any] = {"use_listings_cache": False}
    if is_web(address):
        options["client_kwargs"] = {"trace_configs": [_without_redirects()]}
    try:
        file_system, path = fsspec.core.url_to_fs(address, **(options if is_remote(address) else {}))
    except ImportError as error:
        raise CommandError(
            f"Addresses with {protocol_of(address)}:// need a package more; install it with "
            "pip install -r requirements-cluster.txt."
        ) from error
    return file_system, path


def store_errors() -> tuple[type[Exception], ...]:
    """Gives what file systems raise: Python's own errors, and those of the clients that were imported by now."""
    clients = [
        getattr(sys.modules[module], name)
        for module, names in _CLIENT_ERRORS.items()
        if module in sys.modules
        for name in names
    ]
    return (OSError, ValueError, RuntimeError, *clients)


def _without_redirects() -> Any:
    """Makes what refuses redirects, which could lead past the addresses that the user allowed."""
    import aiohttp  # late: files elsewhere need none of it

    async def refuse(*_: Any) -> None:
        raise aiohttp.ClientError("a redirect")

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(refuse)
    return trace


def stated_bytes(mark: str) -> int:
    """Gives the size of a file as its `fingerprint` states it; 0 where it is empty."""
    return int(mark.partition(":")[0] or 0)


def fingerprint(facts: dict[str, Any]) -> str:
    """Makes what changes whenever the bytes of a file change, of what its file system says of it; empty where that says too little.

    It is the size with the mark of its content, where the store gives one, else with the time of its change.
    """
    version = next(
        (facts[key] for key in ("ETag", "etag", "blob_id", "md5Hash", "mtime", "LastModified") if facts.get(key)), None
    )
    size = facts.get("size")
    return f"{size}:{str(version).strip(chr(34))}" if version is not None and size is not None else ""
