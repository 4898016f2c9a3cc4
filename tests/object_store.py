"""A stand-in for S3: enough of its protocol for the real client (s3fs) to list, read, write and remove objects."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

Objects = dict[str, bytes]


class Handler(BaseHTTPRequestHandler):
    """Answers for one bucket and key; the server has the self.objects."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        length = headers.pop("length", len(body))
        for name, value in {
            "Content-Length": str(length),
            "Last-Modified": formatdate(0, usegmt=True),
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    @property
    def objects(self):
        return self.server.objects

    @property
    def name(self):
        return unquote(urlsplit(self.path).path).strip("/")

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        if "list-type" in query:
            return self.answer(200, listing(self.objects, self.name, query), **{"Content-Type": "application/xml"})
        if self.name not in self.objects:
            return self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        content, etag = self.objects[self.name], etag_of(self.objects[self.name])
        if wanted := self.headers.get("Range"):
            first, last = wanted.removeprefix("bytes=").split("-")
            part = content[int(first) : int(last or len(content)) + 1]
            place = f"bytes {first}-{int(first) + len(part) - 1}/{len(content)}"
            return self.answer(206, part, ETag=etag, **{"Content-Range": place})
        return self.answer(200, content, ETag=etag)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.objects[self.name] = unchunked(body) if "aws-chunked" in self.headers.get("Content-Encoding", "") else body
        self.answer(200, ETag=etag_of(self.objects[self.name]))

    def do_DELETE(self):
        self.objects.pop(self.name, None)
        self.answer(204)


@contextmanager
def object_store(monkeypatch) -> Iterator[Objects]:
    """Serves objects by ``bucket/key``, and points the client to them; gives what is stored."""
    objects: Objects = {}

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.objects = objects
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for variable, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "tester",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(variable, value)
    try:
        yield objects
    finally:
        server.shutdown()
        server.server_close()


def etag_of(content: bytes) -> str:
    """The mark that S3 gives of a content."""
    return f'"{hashlib.md5(content).hexdigest()}"'


def listing(objects: Objects, bucket: str, query: dict[str, list[str]]) -> bytes:
    """The answer to ListObjectsV2."""
    prefix, delimiter = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
    entries, folders = [], set()
    for name in sorted(objects):
        key = name.removeprefix(f"{bucket}/")
        if not name.startswith(f"{bucket}/") or not key.startswith(prefix):
            continue
        rest = key.removeprefix(prefix)
        if delimiter and delimiter in rest:
            folders.add(prefix + rest.partition(delimiter)[0] + delimiter)
            continue
        entries.append(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(objects[name])}</Size><ETag>{escape(etag_of(objects[name]))}</ETag>"
            "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
        )
    entries += [f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>" for folder in sorted(folders)]
    head = f"<Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(entries)}</KeyCount><IsTruncated>false</IsTruncated>"
    return f'<?xml version="1.0"?><ListBucketResult>{head}{"".join(entries)}</ListBucketResult>'.encode()


def unchunked(body: bytes) -> bytes:
    """Takes the chunks out of a body that was signed piece by piece."""
    content = b""
    while body:
        head, _, body = body.partition(b"\r\n")
        size = int(head.partition(b";")[0], 16)
        if not size:
            return content
        content, body = content + body[:size], body[size + 2 :]
    return content
