"""Fetches the video of a platform's page with yt-dlp, in a process of its own that `web.links.platforms` starts.

It imports nothing of this package, as it is run by its path. It reads one JSON object from its standard input, an `Order`,
and writes one JSON object a line: ``{"share": 0.4}`` while it works, and at the end either ``{"file": NAME, "address": ...,
"several": BOOL}`` or ``{"failed": KIND, "detail": TEXT}``, where the kind is one of `KINDS`.

yt-dlp itself is trusted, what it reads is not: pages, playlists and redirects may name anything. So this process may
connect to the guarded proxy alone, write into its own folder alone, and start nothing but Deno, which runs the scripts of
YouTube's player without any rights.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

KINDS = ("page", "login", "region", "live", "large", "failed")

# Names of yt-dlp's extractors. It has 1,800, most of them for sites that nobody sends to a newsroom, and each is code that
# reads what strangers write; looking through all of them costs a second and a half. These are for one post or video each, but
# for "youtube:tab", which also reads the addresses of videos that were opened from a playlist.
PLATFORMS = (
    *("youtube", "youtube:clip", "youtube:tab", "youtubeytbe", "web.archive:youtube"),
    *("twitter", "twitter:amplify", "twitter:broadcast", "twitter:shortener", "periscope"),
    *("facebook", "facebook:reel", "facebookpluginsvideo", "facebookredirecturl", "instagram"),
    *("tiktok", "vm.tiktok", "douyin", "likee", "snapchatspotlight"),
    *("telegram:embed", "bluesky", "reddit", "tumblr", "pinterest", "linkedin", "substack", "imgur"),
    *("truth", "gab", "bitchute", "rumble", "rumbleembed", "lbry"),
    *("vk", "vk:wallpost", "odnoklassniki", "rutube", "weibo", "weibovideo", "bilibili"),
    *("vimeo", "dailymotion", "streamable", "twitch:clips", "twitch:vod", "kick:clip", "kick:vod", "loom"),
    *("cspan", "archive.org"),
)

# A download is left at its limit by `options`; this is for what is written otherwise.
_MAX_BEYOND_BYTES = 16 * 1024**2
# Of a process that parses pages and copies bytes; a packed page cannot unpack to more.
_MAX_MEMORY_BYTES = 2 * 1024**3
# Other ways to start a program, or to talk to one, than those that `confine` looks at.
_NEVER = frozenset(
    {
        *("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn"),
        *("socket.bind", "socket.sendto", "socket.sendmsg"),
    }
)
_CHANGES_FILES = frozenset(
    {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.utime"}
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_REPORT_S = 0.2
_ADDRESS = re.compile(r"\w+://\S+")
_LOGIN = re.compile(r"--cookies|--username|log ?in|sign ?in|registered users", re.IGNORECASE)
# What can be written down as it comes. Others need FFmpeg, which would read what strangers made outside of the sandbox.
_PROTOCOLS = "[protocol~='^(https|m3u8|m3u8_native|http_dash_segments)$']"


class Order(TypedDict):
    """What to fetch and how.

    Attributes:
        addresses: Of the page; the first one that belongs to a platform is asked.
        folder: An empty one, for this process alone.
        proxy: Through which everything goes.
        proxy_port: Of the same proxy.
        max_bytes: Of the file.
        silence_s: Seconds without a byte.
        total_s: Seconds after which the process ends itself.
    """

    addresses: list[str]
    folder: str
    proxy: str
    proxy_port: int
    max_bytes: int
    silence_s: float
    total_s: float


class _Failed(Exception):
    """The video cannot be had, for one of `KINDS`."""


def javascript_runtime() -> str | None:
    """Finds Deno beside this Python, or wherever programs are found."""
    beside = Path(sysconfig.get_path("scripts")) / "deno"
    return str(beside) if beside.is_file() else shutil.which("deno")


def confine(folder: Path, proxy_port: int, programs: tuple[str, ...]) -> None:
    """Lets Python code of this process connect to one port, write into one folder, and start these programs only."""
    inside = os.path.realpath(folder) + os.sep

    def is_inside(path: Any) -> bool:
        return isinstance(path, int) or os.path.realpath(os.fsdecode(path)).startswith(inside)

    def may(event: str, arguments: tuple[Any, ...]) -> bool:
        if event == "socket.connect":
            return bool(arguments[1][:2] == ("127.0.0.1", proxy_port))
        if event == "socket.getaddrinfo":
            return arguments[0] in ("127.0.0.1", b"127.0.0.1")
        if event == "open":
            path, _, flags = arguments
            return not (flags or 0) & _WRITING or path == os.devnull or is_inside(path)
        if event == "subprocess.Popen":
            return arguments[0] in programs
        if event in _CHANGES_FILES:
            return all(is_inside(path) for path in arguments if isinstance(path, str | bytes | os.PathLike))
        return event not in _NEVER

    def check(event: str, arguments: tuple[Any, ...]) -> None:
        if not may(event, arguments):
            raise PermissionError(f"{event} is refused")

    sys.addaudithook(check)


def limit_resources(order: Order) -> None:
    """Bounds what this process can use up, and ends it with the one that started it, or when its time is up."""
    try:
        import resource
    except ImportError:  # Windows
        return
    limits = (
        (resource.RLIMIT_FSIZE, order["max_bytes"] + _MAX_BEYOND_BYTES),
        (resource.RLIMIT_DATA, _MAX_MEMORY_BYTES),  # not addresses, of which Deno reserves terabytes
        (resource.RLIMIT_CORE, 0),
    )
    for kind, limit in limits:
        soft, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (limit if soft == resource.RLIM_INFINITY else min(limit, soft), hard))
    signal.setitimer(signal.ITIMER_REAL, order["total_s"])


def options(order: Order, tell: Callable[..., None], hear: Callable[[str], None]) -> dict[str, Any]:
    """Gives the options of yt-dlp; what is not named here is its default, as no configuration is read.

    Args:
        order: What to fetch.
        tell: Called with the share done.
        hear: Called with what yt-dlp writes.
    """
    most = order["max_bytes"]
    next_report_s = 0.0

    def progress(state: dict[str, Any]) -> None:
        nonlocal next_report_s
        done = state.get("downloaded_bytes") or 0
        total = state.get("total_bytes") or state.get("total_bytes_estimate") or 0
        if done > most:
            raise _Failed("large")
        if time.monotonic() >= next_report_s:  # it is called for every kilobyte
            next_report_s = time.monotonic() + _REPORT_S
            tell(share=min(done / total, 1.0) if total else 0.0)

    def only_finished(info: dict[str, Any], *, incomplete: bool = False) -> None:
        if info.get("is_live") or info.get("live_status") in ("is_live", "is_upcoming"):
            raise _Failed("live")

    runtime = javascript_runtime()
    return {
        "allowed_extractors": [re.escape(name) for name in PLATFORMS],
        "cachedir": False,
        "color": "never",
        "compat_opts": {"no-certifi"},  # the authorities that the system trusts, as for direct links
        "continuedl": False,
        "external_downloader": "native",
        "ffmpeg_location": os.path.join(order["folder"], "none"),
        "fixup": "never",
        "format": f"bv*{_PROTOCOLS}[filesize<?{most}][filesize_approx<?{most}]",
        "format_sort": ["res:1080", "vcodec:h264", "proto"],  # more pixels than that show no more of a face
        "geo_bypass": False,
        "js_runtimes": {"deno": {"path": runtime}} if runtime else {},
        "logger": _Listener(hear),
        "match_filter": only_finished,
        "max_filesize": most,
        "noplaylist": True,
        "outtmpl": "%(extractor_key).30B-%(id).60B.%(ext)s",
        "paths": {"home": order["folder"], "temp": order["folder"]},
        "playlist_items": "1",
        "progress_hooks": [progress],
        "proxy": order["proxy"],
        "restrictfilenames": True,
        "retries": 2,
        "fragment_retries": 2,
        "skip_unavailable_fragments": False,
        "socket_timeout": order["silence_s"],
        "updatetime": False,
    }


class _Listener:
    """Takes what yt-dlp writes."""

    def __init__(self, hear: Callable[[str], None]):
        self.debug = self.info = self.warning = self.error = hear


def fetch(order: Order, tell: Callable[..., None]) -> dict[str, Any]:
    """Fetches the video, and gives what is said of it at the end.

    Raises:
        _Failed: It cannot be had.
    """
    import yt_dlp  # loaded once this process is confined
    from yt_dlp.extractor import gen_extractor_classes

    heard: list[str] = []
    extractors = [extractor for extractor in gen_extractor_classes() if extractor.IE_NAME.lower() in PLATFORMS]
    readable = (address for address in order["addresses"] if any(each.suitable(address) for each in extractors))
    address = next(readable, None)
    if address is None:
        raise _Failed("page")
    try:
        with yt_dlp.YoutubeDL(options(order, tell, heard.append)) as downloader:
            info = downloader.extract_info(address) or {}
    except yt_dlp.utils.YoutubeDLError as error:
        raise _Failed(_kind(error), _without_addresses(str(error))) from error
    entries = list(info.get("entries") or []) if info.get("_type") == "playlist" else [info]
    files = [file["filepath"] for entry in entries if entry for file in entry.get("requested_downloads") or ()]
    existing = [file for file in files if os.path.isfile(file)]
    if not existing:
        raise _Failed(
            "large" if any("max-filesize" in line for line in heard) else "failed", _without_addresses(heard[-1])
        )
    several = info.get("_type") == "playlist" and info.get("playlist_count") != 1
    return {
        "file": os.path.basename(existing[0]),
        "address": entries[0].get("webpage_url") or address,
        "several": several,
    }


def _kind(error: Exception) -> str:
    cause = (getattr(error, "exc_info", None) or (None, error))[1]
    name = type(cause).__name__
    if isinstance(cause, _Failed):
        return str(cause.args[0])
    if name == "UnsupportedError":
        return "page"
    if name == "GeoRestrictedError":
        return "region"
    return "login" if _LOGIN.search(str(error)) else "failed"


def _without_addresses(text: str) -> str:
    """Leaves out addresses, which may hold what lets others in."""
    return _ADDRESS.sub("(address)", text)[:500]


def _end_with_parent() -> None:
    """Ends this process when the one that started it is gone, which closes the pipe."""
    while os.read(sys.stdin.fileno(), 1):  # not its buffer, whose lock would hold up the end of this process
        pass
    os._exit(1)


def main() -> None:
    """Does what it is told on its standard input."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def tell(**what: Any) -> None:
        print(json.dumps(what), file=answers, flush=True)

    order: Order = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    limit_resources(order)
    sys.dont_write_bytecode = True
    runtime = javascript_runtime()
    confine(Path(order["folder"]), order["proxy_port"], (runtime,) if runtime else ())
    try:
        tell(**fetch(order, tell))
    except _Failed as failed:
        tell(failed=failed.args[0], detail=" ".join(failed.args[1:]))
    except Exception as error:  # noqa: BLE001  # whatever a page of a stranger brings about in an extractor
        tell(failed="failed", detail=_without_addresses(f"{type(error).__name__}: {error}"))


if __name__ == "__main__":
    main()
