"""The proxy through which the downloader of platforms goes opens tunnels to public addresses alone."""

import base64
import socket
import ssl
import time

import pytest

from tests.web.links.conftest import PUBLIC
from web.links.addresses import RefusedAddress
from web.links.connections import FetchLimits
from web.links.proxy import GuardedProxy

LIMITS = FetchLimits(bytes=1000, total_s=9.0, connect_s=1.0, silence_s=0.5)


def ask(proxy: GuardedProxy, request: str, password: str | None = None) -> tuple[bytes, socket.socket]:
    """Sends the head of a request, and gives the first line of the answer and the connection."""
    secret = proxy.address.partition("//")[2].partition("@")[0] if password is None else password
    header = f"Proxy-Authorization: Basic {base64.b64encode(secret.encode()).decode()}\r\n" if secret else ""
    connection = socket.create_connection(("127.0.0.1", proxy.port), timeout=5)
    connection.sendall(f"{request} HTTP/1.1\r\nHost: x\r\n{header}\r\n".encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n") and (piece := connection.recv(1)):
        answer += piece
    return answer.partition(b"\r\n")[0], connection


def test_tunnel_leads_to_the_checked_address_with_the_encryption_of_the_server(server, certificate):
    server.give("/a.jpg", b"photo")
    with GuardedProxy(server.network, LIMITS) as proxy:
        status, connection = ask(proxy, "CONNECT media.example:443")
        assert status == b"HTTP/1.1 200 Connection established"
        context = ssl.create_default_context(cafile=certificate)
        with context.wrap_socket(connection, server_hostname="media.example") as encrypted:
            encrypted.sendall(b"GET /a.jpg HTTP/1.0\r\nHost: media.example\r\n\r\n")
            answer = b"".join(iter(lambda: encrypted.recv(4096), b""))
    assert answer.endswith(b"photo") and server.connected == [(PUBLIC, 443)]


REFUSED = (
    "GET http://media.example/a.jpg",
    "GET ftp://media.example/a.jpg",
    "CONNECT media.example:80",
    "CONNECT media.example:22",
    "CONNECT media.example",
    "CONNECT 127.0.0.1:443",
    "CONNECT [::1]:443",
    "CONNECT 2130706433:443",
    "CONNECT localhost:443",
    "CONNECT inside.example:443",
    "CONNECT unknown.example:443",
    "CONNECT media.example:443443443",
    "",
)


def test_anything_else_is_refused(server):
    server.names["inside.example"] = ["10.0.0.1"]
    answers = {}
    with GuardedProxy(server.network, LIMITS) as proxy:
        for request_line in REFUSED:
            answers[request_line], connection = ask(proxy, request_line)
            connection.close()
    assert answers == dict.fromkeys(REFUSED, b"HTTP/1.1 403 Forbidden") and server.connected == []


def test_first_refusal_of_an_address_is_kept(server):
    server.names["inside.example"] = ["10.0.0.1"]
    with GuardedProxy(server.network, LIMITS) as proxy:
        assert proxy.refused is None
        ask(proxy, "CONNECT inside.example:443")[1].close()
        ask(proxy, "CONNECT 127.0.0.1:443")[1].close()
    assert isinstance(proxy.refused, RefusedAddress) and "inside.example" in str(proxy.refused)


def test_others_on_this_machine_are_refused(server):
    with GuardedProxy(server.network, LIMITS) as proxy:
        for password in ("", "link:", "link:guess", "other:guess"):
            status, connection = ask(proxy, "CONNECT media.example:443", password)
            connection.close()
            assert status == b"HTTP/1.1 403 Forbidden"
    assert server.resolved == []


def test_tunnel_ends_once_more_was_sent_than_a_file_may_have(server, monkeypatch):
    monkeypatch.setattr("web.links.proxy._OVERHEAD_BYTES", 1000)
    with GuardedProxy(server.network, LIMITS) as proxy:
        _, connection = ask(proxy, "CONNECT media.example:443")
        connection.sendall(bytes(2001))
        assert connection.recv(1) == b"" and proxy.is_used_up
        connection.close()


def test_tunnel_ends_with_silence_and_nothing_listens_after_the_download(server):
    with GuardedProxy(server.network, LIMITS) as proxy:
        _, connection = ask(proxy, "CONNECT media.example:443")
        started = time.monotonic()
        assert connection.recv(1) == b""
        assert 0.2 < time.monotonic() - started < 3
        connection.close()
        port = proxy.port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
