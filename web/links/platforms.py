"""Fetches the video of a platform's page with yt-dlp, an optional extra, in a process that only a guarded proxy connects."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx2

from detector.errors import MediaError
from detector.media.files import too_large
from detector.messages import Message
from detector.text import one_line
from web.links import platform_process
from web.links.addresses import RefusedAddress, parse_link
from web.links.connections import FetchLimits, Network, Watch
from web.links.proxy import GuardedProxy

logger = logging.getLogger(__name__)

ASKING = Message("asking the platform for the video")
FETCHING = Message("fetching the video")

_MAX_LINE_BYTES = 16 * 1024
_TICK_S = 0.2
# The process ends itself a little later than it is ended.
_GRACE_S = 10


@dataclass(frozen=True)
class PageVideo:
    """A video that a platform gave.

    Attributes:
        path: Where it lies.
        address: Of its page, as the platform names it.
        several: Whether the page has more videos than this first one.
    """

    path: Path
    address: httpx2.URL
    several: bool


def is_installed() -> bool:
    """Tells whether pages of platforms can be read: yt-dlp is an extra."""
    return importlib.util.find_spec("yt_dlp") is not None


def fetch_video(
    addresses: Sequence[httpx2.URL], folder: Path, limits: FetchLimits, network: Network, watch: Watch
) -> PageVideo | None:
    """Fetches the video of a page; gives None where none of its addresses belongs to a platform.

    Args:
        addresses: Of one page, such as before and after its redirects; the first that belongs to a platform is asked.
        folder: Takes the file; on failure nothing is left in it.
        limits: What it may cost.
        network: How the proxy connects.
        watch: Hears of the progress and stops the work.

    Raises:
        MediaError: It cannot be had; the message says why.
    """
    watch.tell(0.0, ASKING)
    inside = Path(tempfile.mkdtemp(prefix="page-", dir=folder))
    try:
        with GuardedProxy(network, limits) as proxy:
            order: platform_process.Order = {
                "addresses": [str(address) for address in addresses],
                "folder": str(inside),
                "proxy": proxy.address,
                "proxy_port": proxy.port,
                "max_bytes": limits.bytes,
                "silence_s": limits.silence_s,
                "total_s": watch.remaining_s + _GRACE_S,
            }
            said = _last_word(order, network, watch)
            if said.get("failed") == "page":
                return None
            if "failed" in said:
                logger.info("a page gave no video: %s", one_line(str(said.get("detail")), 300))
                raise _failure("large" if proxy.is_used_up else str(said["failed"]), proxy.refused, limits)
        return _taken_over(said, inside, folder, addresses[0], limits)
    finally:
        shutil.rmtree(inside, ignore_errors=True)


def _last_word(order: platform_process.Order, network: Network, watch: Watch) -> dict[str, Any]:
    """Runs the process, passes its progress on, and gives what it says at the end.

    Raises:
        MediaError: The time is up, or it was cancelled.
    """
    with _process(network, order["folder"]) as (orders, answers):
        with suppress(BrokenPipeError):  # it has ended already, which its answers tell
            orders.write(json.dumps(order).encode() + b"\n")
            orders.flush()
        lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=_read, args=(answers, lines), name="links-answers", daemon=True).start()
        while True:
            watch.check()
            try:
                said = json.loads(lines.get(timeout=_TICK_S))
            except queue.Empty:
                continue
            except ValueError:
                return {"failed": "failed", "detail": "the process ended"}
            if "share" not in said:
                return dict(said)
            watch.tell(float(said["share"]), FETCHING)


def _read(answers: IO[bytes], lines: queue.Queue[bytes]) -> None:
    """Passes lines on; an empty one is the end."""
    with answers:
        while line := answers.readline(_MAX_LINE_BYTES):
            lines.put(line)
    lines.put(b"")


@contextmanager
def _process(network: Network, folder: str) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Starts the process in a group of its own, and ends all of the group."""
    found = importlib.util.find_spec("yt_dlp")
    assert found and found.origin  # whoever asks has asked `is_installed`
    # nothing of the server's: neither secrets, nor proxies, nor where settings and plugins lie
    environment = {
        name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "SSL_CERT_FILE", "SSL_CERT_DIR") if name in os.environ
    } | {
        "HOME": folder,
        "TMPDIR": folder,
        "PYTHONPATH": str(Path(found.origin).parents[1]),
        "YTDLP_NO_PLUGINS": "1",
        "DENO_DIR": str(Path(folder) / "deno"),
        "DENO_NO_UPDATE_CHECK": "1",
    }
    if network.authorities:
        environment["SSL_CERT_FILE"] = str(network.authorities)
    process = subprocess.Popen(
        [sys.executable, "-P", platform_process.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it may name addresses with what lets others in; `detail` does not
        cwd=folder,
        env=environment,
        start_new_session=True,
    )
    assert process.stdin and process.stdout  # both are pipes
    try:
        yield process.stdin, process.stdout
    finally:
        with suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:  # Windows
                process.kill()
        process.wait()
        with suppress(OSError):  # what was not yet written
            process.stdin.close()


def _taken_over(said: dict[str, Any], inside: Path, folder: Path, asked: httpx2.URL, limits: FetchLimits) -> PageVideo:
    """Takes the file that the process names, if it is one of its own."""
    name = os.path.basename(str(said.get("file")))
    source = inside / name
    if source.is_symlink() or not source.is_file() or source.stat().st_size > limits.bytes:
        logger.warning("the process of a page names a file that it does not have")
        raise _failure("failed", None, limits)
    target = folder / name
    os.rename(source, target)
    try:
        address = parse_link(str(said.get("address")))
    except RefusedAddress:
        address = asked
    return PageVideo(target, address, bool(said.get("several")))


def _failure(kind: str, refused: RefusedAddress | None, limits: FetchLimits) -> MediaError:
    """Makes the error for one of `platform_process.KINDS`."""
    if kind == "large":
        return too_large(limits.bytes)
    if refused:
        return RefusedAddress(
            Message("The link leads on to an address that is not asked; please send the file itself.")
        )
    sentences = {
        "login": Message(
            "The platform shows this page only to people who have logged in; please download the video yourself and "
            "send the file."
        ),
        "region": Message(
            "The platform does not show this video where this server stands; please download it yourself and send the "
            "file."
        ),
        "live": Message("The link leads to a live broadcast; please send a recording of it."),
    }
    failed = Message("The platform did not hand over a video; please download it yourself and send the file.")
    return MediaError(sentences.get(kind, failed))
