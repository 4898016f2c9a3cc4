"""Visits to the server, good and bad: each opens a page, sends something, and closes the page again."""

from __future__ import annotations

import json
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2

TIMEOUT_S = 300
META = {"_type": "gradio.FileData"}


class Unexpected(Exception):
    """An answer that no visitor should get; the message is its kind."""


class Busy(Exception):
    """The queue is full, and the answer says so."""


@dataclass
class Media:
    """What is sent: a photo, a clip, and bad files, each with the suffix that its name gets."""

    photo: bytes
    clip: bytes
    bad: list[tuple[bytes, str]] = field(default_factory=list)


class Visitor:
    """One browser, as far as the server can tell."""

    def __init__(self, address: str, media: Media):
        self.address, self.media = address, media
        self._http = httpx2.Client(base_url=f"{address}/gradio_api", timeout=TIMEOUT_S)
        listed = self._http.get(f"{address}/config").raise_for_status().json()["dependencies"]
        self._functions = {item["api_name"]: item["id"] for item in listed}
        self._received = next(item["id"] for item in listed if item["targets"][0][1] == "upload")

    def photo(self) -> None:
        """Sends a photo; its verdict and its report must come."""
        with self._page() as session:
            data = self._answer(session, "analyze_image", [self._upload(session, self.media.photo, ".jpg")])
            if not data[0]["faces"]:
                raise Unexpected("a result without its face")
            report = self._http.get(f"/file={data[2]['path']}")
            if report.status_code != 200 or data[0]["file"]["sha256"] not in report.text:
                raise Unexpected("a report that cannot be fetched")

    def clip(self) -> None:
        """Sends a video, to be looked at in eight frames."""
        with self._page() as session:
            data = self._answer(session, "analyze_video", [self._upload(session, self.media.clip, ".mp4"), 8, False])
            if len(data[0]["faces"][0]["frames"]) != 8:
                raise Unexpected("a result that lacks frames")

    def bad(self) -> None:
        """Sends a file that cannot be analysed: one sentence must say so."""
        content, suffix = secrets.choice(self.media.bad)
        with self._page() as session:
            try:
                self._answer(session, "analyze_image", [self._upload(session, content, suffix)])
            except Unexpected as error:
                if str(error).endswith(".") and "\n" not in str(error):
                    return
                raise
        raise Unexpected("a result for a bad file")

    def closed_page(self) -> None:
        """Sends a video and closes the page while it waits or is analysed."""
        with self._page() as session:
            self._join(session, "analyze_video", [self._upload(session, self.media.clip, ".mp4"), 32, False])
            time.sleep(0.5 * secrets.randbelow(4))

    def broken_upload(self) -> None:
        """Breaks off an upload."""
        url = urlsplit(self.address)
        head = (
            f"POST /gradio_api/upload HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: 1000000\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
            '--b\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
        )
        with socket.create_connection((url.hostname, url.port or 80), timeout=TIMEOUT_S) as connection:
            connection.sendall(head.encode() + self.media.photo[:50_000])

    @contextmanager
    def _page(self) -> Iterator[str]:
        """Opens a page, gives its session, and closes the page at the end."""
        session, closed = secrets.token_hex(8), threading.Event()
        opened = threading.Event()

        def beat() -> None:
            with self._http.stream("GET", f"/heartbeat/{session}") as beats:
                lines = beats.iter_raw()
                next(lines)
                opened.set()
                closed.wait()

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        if not opened.wait(TIMEOUT_S):
            raise Unexpected("a page that does not open")
        try:
            yield session
        finally:
            closed.set()
            thread.join()

    def _upload(self, session: str, content: bytes, suffix: str) -> dict[str, Any]:
        # a name of its own, because the same name and bytes lie in one place
        sent = self._http.post("/upload", files={"files": (f"{secrets.token_hex(8)}{suffix}", content)})
        if sent.status_code != 200:
            raise Unexpected(f"upload: status {sent.status_code}")
        file = {"path": sent.json()[0], "meta": META}
        # as the page does: from now on the file goes with it
        body = {"data": [[file]], "fn_index": self._received, "session_hash": session}
        if self._http.post("/run/predict", json=body).status_code != 200:
            raise Unexpected("an upload that is not noted")
        return file

    def _join(self, session: str, endpoint: str, data: list[Any]) -> str:
        body = {"data": data, "fn_index": self._functions[endpoint], "session_hash": session}
        joined = self._http.post("/queue/join", json=body)
        if joined.status_code == 503 and joined.json()["detail"].startswith("Queue is full."):
            raise Busy
        if joined.status_code != 200:
            raise Unexpected(f"queue: status {joined.status_code}")
        event: str = joined.json()["event_id"]
        return event

    def _answer(self, session: str, endpoint: str, data: list[Any]) -> list[Any]:
        self._join(session, endpoint, data)
        with self._http.stream("GET", "/queue/data", params={"session_hash": session}) as events:
            for line in events.iter_lines():
                message = json.loads(line[5:]) if line.startswith("data:") else {}
                if message.get("msg") == "process_completed":
                    if message["success"]:
                        answer: list[Any] = message["output"]["data"]
                        return answer
                    raise Unexpected(message["output"].get("error") or "an error without words")
        raise Unexpected("no answer")


# Each kind of visit, and how often it comes.
VISITS: dict[str, tuple[Callable[[Visitor], None], int]] = {
    "photo": (Visitor.photo, 8),
    "clip": (Visitor.clip, 3),
    "bad": (Visitor.bad, 5),
    "closed_page": (Visitor.closed_page, 2),
    "broken_upload": (Visitor.broken_upload, 2),
}
