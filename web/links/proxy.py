"""A proxy on this machine through which the downloader of platforms must go: https to public addresses, and nothing else.

The downloader follows addresses that strangers wrote, in pages, playlists and redirects. With all of its connections opened
here, the same checks hold for each of them as for a direct link.
"""

from __future__ import annotations

import base64
import hmac
import logging
import secrets
import selectors
import socket
import threading
from contextlib import closing, suppress
from itertools import islice
from socketserver import StreamRequestHandler, ThreadingTCPServer
from types import TracebackType

import httpcore2

from detector.errors import MediaError
from web.links.addresses import HTTPS_PORT, RefusedAddress
from web.links.connections import FetchLimits, GuardedBackend, Network, Watch

logger = logging.getLogger(__name__)

_PIECE_BYTES = 64 * 1024
_MAX_LINE_BYTES, _MAX_LINES = 4096, 64
# Pages, playlists and encryption beside the file itself.
_OVERHEAD_BYTES = 64 * 1024**2
# A downloader asks for one thing after the other; more is no download.
_MAX_TUNNELS = 32
_TICK_S = 0.5


class GuardedProxy:
    """Tunnels of one download, closed with it. It is a context manager.

    Attributes:
        refused: The first refusal of an address; None where there was none.
        is_used_up: Whether more was sent than the file may have.
    """

    def __init__(self, network: Network, limits: FetchLimits):
        self.refused: RefusedAddress | None = None
        self.is_used_up = False
        self._password = secrets.token_urlsafe(16)
        self._limits = limits
        self._left_bytes = limits.bytes + _OVERHEAD_BYTES
        self._backend = GuardedBackend(network, limits, Watch(limits.total_s))
        self._places = threading.BoundedSemaphore(_MAX_TUNNELS)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self

    @property
    def port(self) -> int:
        """Where it listens, on this machine alone."""
        port: int = self._server.server_address[1]
        return port

    @property
    def address(self) -> str:
        """What the downloader is told, with a password that keeps others on this machine out."""
        return f"http://link:{self._password}@127.0.0.1:{self.port}"

    def __enter__(self) -> GuardedProxy:
        serving = threading.Thread(
            target=self._server.serve_forever, args=(_TICK_S / 5,), name="links-proxy", daemon=True
        )
        serving.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()

    def is_password(self, header: str) -> bool:
        """Tells whether a ``Proxy-Authorization`` header is that of the downloader."""
        expected = base64.b64encode(f"link:{self._password}".encode()).decode()
        return hmac.compare_digest(header.encode(), f"Basic {expected}".encode())

    def connect(self, host: str, port: int) -> httpcore2.NetworkStream | None:
        """Opens a tunnel to a host; None where that is refused or fails."""
        try:
            if port != HTTPS_PORT:
                return None
            return self._backend.connect_tcp(host, port)
        except RefusedAddress as error:
            logger.info("refused while fetching a page: %s", error)
            self.refused = self.refused or error
        except (MediaError, httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
            logger.info("no connection while fetching a page: %s", error)
        return None

    def relay(self, client: socket.socket, server: socket.socket) -> None:
        """Passes bytes on in both directions, until one side ends, is silent for too long, or was sent too much."""
        if not self._places.acquire(blocking=False):
            return
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(client, selectors.EVENT_READ, server)
                selector.register(server, selectors.EVENT_READ, client)
                self._pass_on(selector)
        finally:
            self._places.release()

    def _pass_on(self, selector: selectors.BaseSelector) -> None:
        silent_s = 0.0
        while silent_s < self._limits.silence_s and not self._closed.is_set():
            ready = selector.select(_TICK_S)
            silent_s = 0.0 if ready else silent_s + _TICK_S
            for key, _ in ready:
                piece = key.fileobj.recv(_PIECE_BYTES)  # type: ignore[union-attr]  # both are sockets
                if not piece or not self._may_pass(len(piece)):
                    return
                key.data.sendall(piece)

    def _may_pass(self, count: int) -> bool:
        with self._lock:
            self._left_bytes -= count
            self.is_used_up = self.is_used_up or self._left_bytes < 0
        return not self.is_used_up


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    proxy: GuardedProxy

    def handle_error(self, request: object, client_address: object) -> None:
        """Notes a tunnel that broke, without the traceback that the class above prints."""
        logger.debug("a tunnel broke", exc_info=True)


class _Handler(StreamRequestHandler):
    timeout = 20
    rbufsize = 0  # nothing is read that belongs into the tunnel

    def handle(self) -> None:
        """Answers one CONNECT, and is its tunnel from then on."""
        assert isinstance(self.server, _Server)
        proxy = self.server.proxy
        method, _, rest = self._line().partition(" ")
        target = rest.partition(" ")[0]
        headers = list(islice(iter(self._line, ""), _MAX_LINES))
        password = next((line[20:].strip() for line in headers if line.lower().startswith("proxy-authorization:")), "")
        if method != "CONNECT" or not proxy.is_password(password):
            self._answer("403 Forbidden")
            return
        host, _, port = target.rpartition(":")
        upstream = proxy.connect(host.strip("[]"), int(port) if port.isdecimal() and len(port) < 6 else 0)
        if upstream is None:
            self._answer("403 Forbidden")
            return
        with closing(upstream):
            self._answer("200 Connection established")
            server: socket.socket = upstream.get_extra_info("socket")
            server.settimeout(self.timeout)
            with suppress(OSError):  # one side went away, which ends the tunnel
                proxy.relay(self.connection, server)

    def _line(self) -> str:
        return self.rfile.readline(_MAX_LINE_BYTES).decode("latin-1").rstrip("\r\n")

    def _answer(self, status: str) -> None:
        self.wfile.write(f"HTTP/1.1 {status}\r\n\r\n".encode())
