"""Pages of platforms: yt-dlp fetches the video, through the guarded proxy alone."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from detector.errors import MediaError
from tests.web.links.conftest import PUBLIC
from web.links import fetching, platform_process, platforms
from web.links.addresses import parse_link
from web.links.connections import FetchLimits, Watch

pytest.importorskip("yt_dlp", reason="yt-dlp is missing: pip install -r requirements-links.txt")
from yt_dlp.extractor import gen_extractor_classes
from yt_dlp.utils import DownloadError, ExtractorError, GeoRestrictedError, UnsupportedError

CLIP = (Path(__file__).parents[2] / "fixtures/av1.mp4").read_bytes()
PAGE = "https://streamable.com/abc"
LIMITS = FetchLimits(bytes=200_000, total_s=60.0, connect_s=5.0, silence_s=5.0)


@pytest.fixture
def platform(server):
    """A platform whose page names a clip."""
    server.give("/abc", b"<html>", Content_Type="text/html")
    server.give("/clip.mp4", CLIP, Content_Type="video/mp4")
    describe(server)
    return server


def describe(server, url="https://cdn.example/clip.mp4", **others):
    files = {"mp4": {"url": url, "width": 64, "height": 64}}
    video = {"status": 2, "title": "A clip", "files": files} | others
    server.give("/videos/abc", json.dumps(video).encode(), Content_Type="application/json")


def fetch(server, link, folder, progress=None, **limits):
    return fetching.fetch(link, folder, progress, replace(LIMITS, **limits), server.network)


def refusal(server, link, folder, **limits) -> str:
    with pytest.raises(MediaError) as caught:
        fetch(server, link, folder, **limits)
    assert list(folder.iterdir()) == []
    return str(caught.value)


def test_video_of_a_page_comes_with_its_bytes_and_names_the_page(platform, tmp_path):
    told = set()
    fetched = fetch(platform, PAGE, tmp_path, lambda share, doing: told.add(str(doing)))
    assert fetched.path == tmp_path / "Streamable-abc.mp4" and fetched.path.read_bytes() == CLIP
    assert list(tmp_path.iterdir()) == [fetched.path]
    assert (fetched.source.url, fetched.source.final_url, fetched.source.name) == (PAGE, PAGE, "Streamable-abc.mp4")
    assert fetched.warnings == () and "asking the platform for the video" in told
    # every one of its connections went through the proxy, which looked the names up
    assert platform.resolved == ["streamable.com", "ajax.streamable.com", "cdn.example"]
    assert set(platform.connected) == {(PUBLIC, 443)}


def stream(platform, second: str) -> None:
    """Makes the video of the page a stream (HLS) of two parts."""
    parts = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n#EXTINF:1,\n{second}\n#EXT-X-ENDLIST\n"
    platform.give("/x.m3u8", parts.encode())
    platform.give("/a.ts", b"aa")
    platform.give("/b.ts", b"bb")
    describe(platform, "https://cdn.example/x.m3u8")


def test_stream_is_put_together(platform, tmp_path):
    stream(platform, "b.ts")
    fetched = fetch(platform, PAGE, tmp_path)
    assert fetched.path.read_bytes() == b"aabb" and list(tmp_path.iterdir()) == [fetched.path]


def test_stream_with_a_part_at_a_private_address_is_refused(platform, tmp_path):
    platform.names["inside.example"] = ["10.0.0.1"]
    stream(platform, "https://inside.example/b.ts")
    assert refusal(platform, PAGE, tmp_path) == (
        "The link leads on to an address that is not asked; please send the file itself."
    )
    assert "inside.example" in platform.resolved and {host for host, _ in platform.connected} == {PUBLIC}


def test_video_without_encryption_is_refused(platform, tmp_path):
    describe(platform, "http://cdn.example/clip.mp4")
    assert "did not hand over a video" in refusal(platform, PAGE, tmp_path)
    assert "cdn.example" not in platform.resolved


def test_video_that_is_too_large_is_left(platform, tmp_path):
    def pour(handler):
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(bytes(65536))

    platform.pages["/clip.mp4"] = pour
    text = refusal(platform, PAGE, tmp_path, bytes=1024**2)
    assert text == "The file is larger than 1 MB; please send a shorter clip or a smaller photo."


def test_page_of_no_platform_is_a_web_page(server, tmp_path):
    server.give("/watch", b"<html>", Content_Type="text/html")
    assert "leads to a web page" in refusal(server, "https://media.example/watch", tmp_path)


def test_platform_that_takes_too_long_is_left_with_its_process(platform, tmp_path, monkeypatch):
    started, start = [], subprocess.Popen

    def note(*arguments, **options):
        started.append(start(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", note)
    platform.pages["/videos/abc"] = lambda handler: time.sleep(9)
    before = time.monotonic()
    assert "takes too long" in refusal(platform, PAGE, tmp_path, total_s=1.0)
    assert time.monotonic() - before < 5
    (process,) = started
    assert process.returncode == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_process_that_ends_at_once_is_one_sentence(server, tmp_path, monkeypatch):
    monkeypatch.setattr(platform_process, "__file__", os.devnull)
    watch = Watch(9.0)
    with pytest.raises(MediaError, match="^The platform did not hand over a video"):
        platforms.fetch_video([parse_link(PAGE)], tmp_path, LIMITS, server.network, watch)
    assert list(tmp_path.iterdir()) == []


def test_process_that_claims_a_file_it_does_not_have_is_not_believed(server, tmp_path, monkeypatch):
    (tmp_path / "secret").write_bytes(b"secret")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.mp4").symlink_to(tmp_path / "secret")
    address = parse_link(PAGE)
    for claim in ("link.mp4", "../secret", str(tmp_path / "secret"), "", None):
        with pytest.raises(MediaError, match="did not hand over a video"):
            platforms._taken_over({"file": claim}, inside, tmp_path, address, LIMITS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside", "secret"]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ExtractorError("Private. Use --cookies-from-browser or --cookies for the authentication"), "login"),
        (ExtractorError("Sign in to confirm you're not a bot"), "login"),
        (GeoRestrictedError("not available from your location"), "region"),
        (UnsupportedError("https://media.example"), "page"),
        (ExtractorError("No video could be found in this tweet"), "failed"),
    ],
)
def test_error_of_the_downloader_is_told_apart(error, kind):
    wrapped = DownloadError(str(error), (type(error), error, None))
    assert platform_process._kind(wrapped) == kind
    assert str(platforms._failure(kind, None, LIMITS)).endswith(".")


def test_every_platform_is_one_that_the_downloader_knows():
    known = {extractor.IE_NAME.lower() for extractor in gen_extractor_classes()}
    assert set(platform_process.PLATFORMS) <= known


@pytest.mark.parametrize(
    ("address", "is_read"),
    [
        ("https://www.youtube.com/watch?v=aqz-KE-bpKQ&list=PL6B3937A5D230E335", True),
        ("https://youtu.be/aqz-KE-bpKQ", True),
        ("https://x.com/NASA/status/1410624005669169154/video/2", True),
        ("https://www.tiktok.com/@nasa/video/7000000000000000000", True),
        ("https://www.facebook.com/reel/1195289147628387", True),
        ("https://www.instagram.com/reel/aye83DjauH/", True),
        ("https://t.me/europa_press/613", True),
        ("https://www.king5.com/article/news/local/1", False),
        ("https://example.com/", False),
    ],
)
def test_addresses_as_people_copy_them_are_told_from_other_pages(address, is_read):
    readers = [each for each in gen_extractor_classes() if each.IE_NAME.lower() in platform_process.PLATFORMS]
    assert any(each.suitable(address) for each in readers) == is_read


def test_detail_of_an_error_holds_no_address():
    text = platform_process._without_addresses("cannot open https://a.example/x?token=hunter2 (timed out)")
    assert text == "cannot open (address) (timed out)"


# What a page could bring the process to do, were there a hole in what reads it.
_ATTEMPTS = """
import os, socket, subprocess, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from web.links.platform_process import confine
folder, outside = Path(sys.argv[2]), Path(sys.argv[3])
listening = socket.create_server(("127.0.0.1", 0))
port = listening.getsockname()[1]
attempts = {
    "connect to another port": lambda: socket.create_connection(("127.0.0.1", port + 1)),
    "connect to another host": lambda: socket.socket().connect(("10.0.0.1", port)),
    "connect to a socket of this machine": lambda: socket.socket(socket.AF_UNIX).connect("/run/x"),
    "look up a name": lambda: socket.getaddrinfo("media.example", 443),
    "send a datagram": lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port)),
    "listen": lambda: socket.socket().bind(("127.0.0.1", 0)),
    "start a program": lambda: subprocess.run(["true"]),
    "start a shell": lambda: os.system("true"),
    "fork": os.fork,
    "write outside": lambda: open(outside, "w"),
    "write outside by a link": lambda: open(folder / "link", "a"),
    "delete outside": lambda: os.remove(outside),
    "move outside": lambda: os.rename(folder / "file", outside),
}
confine(folder, port, ("/bin/echo",))
for name, attempt in attempts.items():
    try:
        attempt()
        print(name)
    except PermissionError as error:
        assert str(error).endswith("is refused"), error
socket.create_connection(("127.0.0.1", port))
(folder / "new").write_text("x")
(folder / "new").rename(folder / "renamed")
subprocess.run(["/bin/echo", "done"])
"""


def test_process_of_a_page_can_do_no_more_than_it_must(tmp_path):
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    folder.mkdir()
    outside.write_text("kept")
    (folder / "file").write_text("x")
    (folder / "link").symlink_to(outside)
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", _ATTEMPTS, root, folder, outside]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("done\n", 0), done.stderr
    assert outside.read_text() == "kept" and (folder / "renamed").is_file()
