"""A server of this machine that answers with a certificate of its own, reached by a resolver and connections of the tests."""

import datetime
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpcore2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from web.links.connections import Network

PUBLIC = "93.184.215.14"
# Hosts of the certificate; "wrong.example" is not among them.
HOSTS = (
    "media.example",
    "other.example",
    "xn--bcher-kva.example",
    "streamable.com",
    "ajax.streamable.com",
    "cdn.example",
)


class Answers(BaseHTTPRequestHandler):
    """Answers each path with what a test has put there: a function that takes the handler."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append((self.headers["Host"], self.path, dict(self.headers)))
        self.server.pages[self.path.partition("?")[0]](self)
        self.close_connection = True

    def log_message(self, *arguments):
        pass


class Server(ThreadingHTTPServer):
    """Serves the pages of a test over https; notes what was asked and whom it connected to."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, certificate: Path):
        super().__init__(("127.0.0.1", 0), Answers)
        self.pages, self.asked, self.connected, self.resolved = {}, [], [], []
        self.names = {host: [PUBLIC] for host in (*HOSTS, "wrong.example")}
        self.certificate = certificate
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)

    def get_request(self):
        connection, address = super().get_request()
        # the handshake is done by the thread of the request, at its first read
        return self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request, client_address):
        """A client that goes away is what many tests are about."""

    @property
    def network(self) -> Network:
        return Network(self.resolve, Detour(self), self.certificate)

    def resolve(self, host: str) -> list[str]:
        self.resolved.append(host)
        found = self.names.get(host)
        if found is None:
            raise OSError("no such name")
        return found(len(self.resolved)) if callable(found) else found

    def give(self, path: str, body: bytes = b"", status: int = 200, **headers: str) -> None:
        """Puts an answer at a path; underscores in the names of headers stand for dashes."""

        def answer(handler):
            handler.send_response(status)
            for name, value in ({"Content_Length": str(len(body))} | headers).items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            handler.wfile.write(body)

        self.pages[path] = answer


class Detour(httpcore2.SyncBackend):
    """Notes which address is to be connected to, and connects to the server of the test."""

    def __init__(self, server: Server):
        self._server = server

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        self._server.connected.append((host, port))
        return super().connect_tcp("127.0.0.1", self._server.server_port, timeout)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> Path:
    """A certificate for `HOSTS` that is its own authority, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("certificate") / "certificate.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return file


@pytest.fixture
def server(certificate):
    server = Server(certificate)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
