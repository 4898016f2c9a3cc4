"""Fetches the file at an address: follows redirects by hand, and streams the body to disk within its limits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpcore2
import httpx2

from detector.errors import MediaError
from detector.media.files import too_large
from detector.messages import Message
from detector.version import __version__
from web.links.addresses import RefusedAddress, parse_link
from web.links.connections import FetchLimits, GuardedBackend, Network, Watch, too_slow
from web.links.names import file_name

FETCHING = Message("fetching the file")
WEB_PAGE = Message(
    "The link leads to a web page, not to a photo or a video; please send the address of the media itself, or the file."
)

_REDIRECTS = (301, 302, 303, 307, 308)
_PAGES = ("text/html", "application/xhtml+xml")
_REFUSED, _GONE = (401, 403, 407, 451), (404, 410)
_HEADERS = (
    ("User-Agent", f"face-manipulation-check/{__version__}"),
    ("Accept", "image/*, video/*, */*;q=0.5"),
    ("Accept-Encoding", "identity"),  # what is packed could unpack to any size
)


class LeadsToPage(MediaError):
    """There is a web page in place of a file.

    Attributes:
        address: Of the page, after redirects.
    """

    def __init__(self, message: Message, address: httpx2.URL):
        """Takes what to say where the page cannot be made use of."""
        super().__init__(message)
        self.address = address


@dataclass(frozen=True)
class Download:
    """A file that was fetched.

    Attributes:
        path: Where it lies.
        address: Where it came from, after redirects.
        sha256: Hex digest of its bytes.
        media_type: As the server says, without parameters; empty where it does not.
    """

    path: Path
    address: httpx2.URL
    sha256: str
    media_type: str


def download(address: httpx2.URL, folder: Path, limits: FetchLimits, network: Network, watch: Watch) -> Download:
    """Fetches the file at an address that was checked with `parse_link`.

    Args:
        address: Where to begin.
        folder: Takes the file; on failure nothing is left in it.
        limits: What it may cost.
        network: How to connect.
        watch: Hears of the progress and stops the work.

    Raises:
        RefusedAddress: It, or what it leads on to, is not public.
        LeadsToPage: There is a web page.
        MediaError: It cannot be had; the message says why.
        OSError: It cannot be written.
    """
    certificates = network.ssl_context()
    for hop in range(limits.redirects + 1):
        backend = GuardedBackend(network, limits, watch)
        with (
            _in_words(address, is_first=hop == 0),
            # not httpx2.Client: it can neither be given a network backend, nor does it leave packed bodies as they are
            httpcore2.ConnectionPool(ssl_context=certificates, network_backend=backend) as pool,
            pool.stream("GET", _request_url(address), headers=_headers(address)) as response,
        ):
            headers = httpx2.Headers(response.headers)
            if response.status in _REDIRECTS and "location" in headers:
                address = _next_address(address, headers["location"])
                continue
            _check_answer(response.status, headers, address, limits)
            return _save(response, headers, address, folder, limits, watch)
    raise MediaError(
        "The link leads on to other addresses more than {count} times; please send the address of the file itself.",
        count=limits.redirects,
    )


def _request_url(address: httpx2.URL) -> httpcore2.URL:
    return httpcore2.URL(scheme=address.raw_scheme, host=address.raw_host, port=None, target=address.raw_path)


def _headers(address: httpx2.URL) -> list[tuple[bytes | str, bytes | str]]:
    return [("Host", address.netloc), *_HEADERS]


def _next_address(address: httpx2.URL, location: str) -> httpx2.URL:
    """Gives the address that a redirect names, checked like the first one.

    Raises:
        RefusedAddress: It is none that may be asked.
    """
    try:
        return parse_link(str(address.join(location)))
    except (RefusedAddress, httpx2.InvalidURL, ValueError) as error:
        raise _leads_to_refused() from error


def _leads_to_refused() -> RefusedAddress:
    return RefusedAddress(Message("The link leads on to an address that is not asked; please send the file itself."))


@contextmanager
def _in_words(address: httpx2.URL, is_first: bool) -> Iterator[None]:
    """Says in one sentence what goes wrong with a server."""
    host = address.host
    try:
        yield
    except RefusedAddress as error:
        if is_first:
            raise
        raise _leads_to_refused() from error
    except httpcore2.TimeoutException as error:
        raise too_slow() from error
    except httpcore2.ConnectError as error:
        raise MediaError(
            "The server {host} cannot be reached; please try again later, or send the file itself.", host=host
        ) from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        raise MediaError(
            "The server {host} broke off or gave an answer that makes no sense; please try again later, or send the "
            "file itself.",
            host=host,
        ) from error


def _check_answer(status: int, headers: httpx2.Headers, address: httpx2.URL, limits: FetchLimits) -> None:
    """Refuses an answer that is no file, or one that is too large by its own word.

    Raises:
        LeadsToPage: It is a web page, with whatever status: platforms refuse pages to programs, but not to all of them.
        MediaError: It is anything else that is no file.
    """
    is_page = media_type_of(headers) in _PAGES
    if status != 200:
        refusal = _refusal(status, address.host)
        raise LeadsToPage(refusal, address) if is_page else MediaError(refusal)
    if is_page:
        raise LeadsToPage(WEB_PAGE, address)
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise MediaError(
            "The server {host} sends the file packed, and packed files are not opened; please send the file itself.",
            host=address.host,
        )
    if _stated_bytes(headers) > limits.bytes:
        raise too_large(limits.bytes)


def _refusal(status: int, host: str) -> Message:
    """Says what a status other than success means."""
    arguments: dict[str, str | int | Message] = {"host": host, "status": status}
    if status in _GONE:
        return Message("The server {host} has no such file (status {status}); please check the address.", arguments)
    if status in _REFUSED:
        return Message(
            "The server {host} does not give the file to everyone (status {status}); please download it yourself and "
            "send it.",
            arguments,
        )
    return Message(
        "The server {host} answers with an error (status {status}); please try again later, or send the file itself.",
        arguments,
    )


def media_type_of(headers: httpx2.Headers) -> str:
    """Gives the media type that a server states, in lower case and without parameters."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()[:100]


def _stated_bytes(headers: httpx2.Headers) -> int:
    """Gives the length that a server states; 0 where it states none."""
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0


def _save(
    response: httpcore2.Response,
    headers: httpx2.Headers,
    address: httpx2.URL,
    folder: Path,
    limits: FetchLimits,
    watch: Watch,
) -> Download:
    """Writes the body to a new file, and removes what was written if anything goes wrong."""
    media_type = media_type_of(headers)
    name = file_name(
        address.raw_path.partition(b"?")[0].decode("ascii"), headers.get("content-disposition", ""), media_type
    )
    expected = _stated_bytes(headers)
    digest, written, path = hashlib.sha256(), 0, folder / name
    with open(path, "xb") as file:
        try:
            for piece in response.iter_stream():
                written += len(piece)
                if written > limits.bytes:
                    raise too_large(limits.bytes)
                file.write(piece)
                digest.update(piece)
                watch.tell(written / expected if expected else 0.0, FETCHING)
        except BaseException:  # whatever it is, such as a cancellation, goes on
            with suppress(OSError):
                path.unlink()
            raise
    return Download(path, address, digest.hexdigest(), media_type)
