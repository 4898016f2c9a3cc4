"""Connections to public addresses alone, which end in time.

Of the ways to pin a name to its checked address this takes the documented one of httpcore, a network backend: it opens
every connection there is, while the client above still sends the name for the certificate and the ``Host`` header. The
safehttpx that comes with Gradio was looked at: it takes the first public address of several, lets carrier-grade NAT and
NAT64 through, asks a resolver of its own on the web when the system's finds nothing, and holds whole answers in memory.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpcore2

from detector.deadline import Progress
from detector.errors import MediaError
from detector.limits import MAX_CONNECT_S, MAX_FETCH_S, MAX_FILE_BYTES, MAX_REDIRECTS, MAX_SILENCE_S
from detector.messages import Message
from web.links.addresses import Resolver, public_addresses, system_resolver

# How soon a person who cancels is heard while a server is silent.
_SLICE_S = 0.5
# Between two reports: a fast server fills thousands of buffers a second.
_REPORT_S = 0.1


@dataclass(frozen=True)
class FetchLimits:
    """What fetching one link may cost.

    Attributes:
        bytes: Of the file.
        total_s: From the first look-up to the last byte.
        connect_s: For one connection, and for its encryption.
        silence_s: Without a byte.
        redirects: Followed one after the other.
    """

    bytes: int = MAX_FILE_BYTES
    total_s: float = MAX_FETCH_S
    connect_s: float = MAX_CONNECT_S
    silence_s: float = MAX_SILENCE_S
    redirects: int = MAX_REDIRECTS


@dataclass(frozen=True)
class Network:
    """How names become addresses, and addresses connections; tests put their own in place.

    Attributes:
        resolver: Asked once for each connection.
        backend: Opens connections to checked IP addresses.
        authorities: A file of certificates that are trusted instead of those of the system.
    """

    resolver: Resolver = system_resolver
    backend: httpcore2.NetworkBackend = field(default_factory=httpcore2.SyncBackend)
    authorities: Path | None = None

    def ssl_context(self) -> ssl.SSLContext:
        """Gives what checks certificates."""
        if self.authorities:
            return ssl.create_default_context(cafile=self.authorities)
        return httpcore2.default_ssl_context()


class Watch:
    """Stops work that takes too long, or that its person has cancelled."""

    def __init__(self, seconds: float, progress: Progress | None = None):
        self._end = time.monotonic() + seconds
        self._progress = progress
        self._told = (0.0, Message("asking the server for the file"))
        self._next_report = 0.0

    def tell(self, share: float, doing: Message) -> None:
        """Reports progress, and goes on unless the work must stop.

        Raises:
            MediaError: The time is up. What the progress raises is passed on.
        """
        self._told = (share, doing)
        self.check()

    def check(self) -> None:
        """Goes on unless the work must stop; raises as `tell`."""
        if self.remaining_s <= 0:
            raise too_slow()
        now = time.monotonic()
        if self._progress and now >= self._next_report:
            self._next_report = now + _REPORT_S
            self._progress(*self._told)

    @property
    def remaining_s(self) -> float:
        """Seconds until the time is up."""
        return self._end - time.monotonic()


def too_slow() -> MediaError:
    """Makes the error for a server that takes too long."""
    return MediaError("Fetching the link takes too long; please download it yourself and send the file.")


class GuardedBackend(httpcore2.NetworkBackend):
    """Opens connections to names whose addresses are all public, and to nothing else."""

    def __init__(self, network: Network, limits: FetchLimits, watch: Watch):
        self._network = network
        self._limits = limits
        self._watch = watch

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connects to the first of the checked addresses that answers.

        Raises:
            RefusedAddress: An address is not public.
            MediaError: There is no address, or the time is up.
            httpcore2.ConnectError: None answers. Also `httpcore2.ConnectTimeout`.
        """
        *others, last = public_addresses(host, self._network.resolver)
        for address in others:
            try:
                return self._connect(str(address), port)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return self._connect(str(last), port)

    def _connect(self, address: str, port: int) -> httpcore2.NetworkStream:
        self._watch.check()
        timeout = min(self._limits.connect_s, self._watch.remaining_s)
        # an IP address, which no resolver is asked about a second time
        return _WatchedStream(self._network.backend.connect_tcp(address, port, timeout), self._limits, self._watch)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.NetworkStream:
        """Refuses: no link leads to a socket of this machine."""
        raise httpcore2.ConnectError("not a public address")


class _WatchedStream(httpcore2.NetworkStream):
    """A connection whose every wait is short, so that it is left when its time is up."""

    def __init__(self, stream: httpcore2.NetworkStream, limits: FetchLimits, watch: Watch):
        self._stream = stream
        self._limits = limits
        self._watch = watch

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Gives the next bytes; raises `httpcore2.ReadTimeout` after too long a silence."""
        silent_until = time.monotonic() + self._limits.silence_s
        while True:
            self._watch.check()
            try:
                return self._stream.read(max_bytes, min(_SLICE_S, self._limits.silence_s))
            except httpcore2.ReadTimeout:
                if time.monotonic() >= silent_until:
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Sends bytes, of which there are few."""
        self._watch.check()
        self._stream.write(buffer, min(self._limits.silence_s, self._watch.remaining_s))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """Encrypts the connection, and checks the certificate against the name."""
        self._watch.check()
        wait_s = min(self._limits.connect_s, self._watch.remaining_s)
        try:
            encrypted = self._stream.start_tls(ssl_context, server_hostname, wait_s)
        except httpcore2.ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise MediaError(
                    "The certificate of {host} is not valid, so nobody knows who answers; please send the file itself.",
                    host=server_hostname or "",
                ) from error
            raise
        return _WatchedStream(encrypted, self._limits, self._watch)

    def close(self) -> None:
        """Ends the connection."""
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        """Passes on what the connection knows of itself."""
        return self._stream.get_extra_info(info)
