"""What a link to a file gives: the very bytes, or one sentence and nothing left behind."""

import hashlib
import logging
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from detector.errors import MediaError
from detector.messages import Message
from tests.web.links.conftest import PUBLIC
from web.links import fetching, platforms
from web.links.addresses import RefusedAddress
from web.links.connections import FetchLimits

CLIP = (Path(__file__).parents[2] / "fixtures/av1.mp4").read_bytes()
QUICK = FetchLimits(bytes=200_000, total_s=2.0, connect_s=1.0, silence_s=0.4)
LEADS_ON = "^The link leads on to an address that is not asked; please send the file itself.$"


@pytest.fixture(autouse=True)
def without_platforms(monkeypatch):
    """Pages are refused as where yt-dlp is not installed."""
    monkeypatch.setattr(platforms, "is_installed", lambda: False)


def fetch(server, link, folder, progress=None, **limits):
    return fetching.fetch(link, folder, progress, replace(QUICK, **limits), server.network)


def refusal(server, link, folder, **limits) -> str:
    """The one sentence that a link is refused with; nothing may be left of it."""
    with pytest.raises(MediaError) as caught:
        fetch(server, link, folder, **limits)
    assert list(folder.iterdir()) == []
    text = str(caught.value)
    assert text.endswith(".") and ". " not in text
    return text


def test_file_comes_with_its_bytes_name_and_hash(server, tmp_path):
    server.give("/clips/a%20clip.mp4", CLIP, Content_Type="Video/MP4; codecs=av01")
    told = []
    link = "https://media.example/clips/a clip.mp4?token=hunter2#t=5".replace(" ", "%20")
    fetched = fetch(server, link, tmp_path, lambda share, doing: told.append((share, doing)))
    assert fetched.path == tmp_path / "a clip.mp4" and fetched.path.read_bytes() == CLIP
    assert fetched.sha256 == hashlib.sha256(CLIP).hexdigest() and fetched.media_type == "video/mp4"
    assert fetched.warnings == ()
    source = fetched.source
    assert (source.url, source.final_url, source.name) == (link, link.partition("#")[0], "a clip.mp4")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", source.fetched_utc)
    assert all(0 <= share <= 1 and isinstance(doing, Message) for share, doing in told) and told


def test_server_is_asked_by_its_name_at_the_checked_address_without_a_second_look_up(server, tmp_path):
    # DNS rebinding: a second look-up would lead inside
    server.names["media.example"] = lambda count: [PUBLIC] if count == 1 else ["127.0.0.1"]
    server.give("/a.jpg", b"photo")
    fetch(server, "https://Media.Example./a.jpg", tmp_path)
    assert server.resolved == ["media.example"] and server.connected == [(PUBLIC, 443)]
    ((host, _, headers),) = server.asked
    assert host == "media.example" and headers["Accept-Encoding"] == "identity"
    assert not {"Cookie", "Referer", "Authorization"} & headers.keys()


def test_name_with_letters_of_any_script_is_asked_in_ascii(server, tmp_path):
    server.give("/a.jpg", b"photo")
    assert (
        fetch(server, "https://bücher.example/a.jpg", tmp_path).source.final_url
        == "https://xn--bcher-kva.example/a.jpg"
    )


@pytest.mark.parametrize("addresses", [["10.0.0.1"], [PUBLIC, "169.254.169.254"], ["::ffff:127.0.0.1"]])
def test_name_that_leads_inside_is_never_connected_to(server, tmp_path, addresses):
    server.names["media.example"] = addresses
    assert "is not on the public internet" in refusal(server, "https://media.example/a.jpg", tmp_path)
    assert server.connected == []


def test_redirect_is_followed_to_another_host_and_named(server, tmp_path):
    server.give("/s", status=302, Location="//other.example/deep/b.jpg?x=1")
    server.give("/deep/b.jpg", status=308, Location="../c.jpg")
    server.give("/c.jpg", b"photo")
    fetched = fetch(server, "https://media.example/s", tmp_path)
    assert fetched.source.url == "https://media.example/s" and fetched.source.final_url == "https://other.example/c.jpg"
    assert server.resolved == ["media.example", "other.example", "other.example"]


@pytest.mark.parametrize(
    "location",
    [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://inside.example/",
        "https://media.example:8443/",
        "https://a:b@media.example/",
        "http://media.example/a.jpg",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "https://2130706433/",
        "\\\\127.0.0.1\\share",
    ],
)
def test_redirect_to_an_address_that_is_not_asked_is_refused(server, tmp_path, location):
    server.names["inside.example"] = ["192.168.0.1"]
    server.give("/s", status=301, Location=location)
    with pytest.raises(RefusedAddress, match=LEADS_ON):
        fetch(server, "https://media.example/s", tmp_path)
    assert len(server.connected) == 1


def test_redirects_without_end_are_left_after_five(server, tmp_path):
    server.give("/s", status=302, Location="/s")
    assert "leads on to other addresses more than 5 times" in refusal(server, "https://media.example/s", tmp_path)
    assert len(server.asked) == 6


def test_endless_body_is_left_at_the_limit(server, tmp_path):
    def pour(handler):
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(bytes(65536))

    server.pages["/a.mp4"] = pour
    megabyte = 1024**2
    text = refusal(server, "https://media.example/a.mp4", tmp_path, bytes=megabyte)
    assert text == "The file is larger than 1 MB; please send a shorter clip or a smaller photo."


def test_size_that_the_server_states_is_believed_where_it_is_too_large(server, tmp_path):
    server.give("/a.mp4", b"x", Content_Length="200001")
    assert "The file is larger than" in refusal(server, "https://media.example/a.mp4", tmp_path)


def assert_ends_in_time(server, drip, folder):
    """Has a server answer slowly, and sees that it is left when the time is up."""
    server.pages["/a.mp4"] = drip
    started = time.monotonic()
    assert "takes too long" in refusal(server, "https://media.example/a.mp4", folder, total_s=0.5)
    assert time.monotonic() - started < 3


def test_body_that_drips_ends_with_the_time(server, tmp_path):
    def drip(handler):
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"x")
            time.sleep(0.05)

    assert_ends_in_time(server, drip, tmp_path)


def test_headers_that_drip_end_with_the_time(server, tmp_path):
    def drip(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(100):
            handler.wfile.write(f"X-{number}: y\r\n".encode())
            time.sleep(0.05)

    assert_ends_in_time(server, drip, tmp_path)


def test_server_that_falls_silent_is_left(server, tmp_path):
    def stop(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"x")
        time.sleep(4)

    server.pages["/a.mp4"] = stop
    started = time.monotonic()
    assert "takes too long" in refusal(server, "https://media.example/a.mp4", tmp_path)
    assert 0.3 < time.monotonic() - started < 3


def test_cancelling_stops_at_a_silent_server_and_leaves_nothing(server, tmp_path):
    class Cancelled(Exception):
        pass

    def stop(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"x")
        time.sleep(4)

    server.pages["/a.mp4"] = stop
    started = time.monotonic()

    def progress(share, doing):
        if time.monotonic() - started > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        fetch(server, "https://media.example/a.mp4", tmp_path, progress, silence_s=9.0, total_s=9.0)
    assert time.monotonic() - started < 3 and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("packing", ["gzip", "br", "zstd", "identity, gzip"])
def test_packed_body_is_not_opened(server, tmp_path, packing):
    server.give("/a.jpg", b"\x1f\x8b bomb", Content_Encoding=packing)
    assert "sends the file packed" in refusal(server, "https://media.example/a.jpg", tmp_path)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, r"^The server media.example has no such file \(status 404\)"),
        (403, r"^The server media.example does not give the file to everyone \(status 403\)"),
        (503, r"^The server media.example answers with an error \(status 503\)"),
        (204, r"^The server media.example answers with an error \(status 204\)"),
        (302, r"^The server media.example answers with an error \(status 302\)"),
    ],
)
def test_answer_without_a_file_is_named_with_its_status(server, tmp_path, status, reason):
    server.give("/a.jpg", status=status)
    assert re.search(reason, refusal(server, "https://media.example/a.jpg", tmp_path))


def test_web_page_is_refused(server, tmp_path):
    server.give("/watch", b"<html>", Content_Type="Text/HTML; charset=utf-8")
    assert refusal(server, "https://media.example/watch", tmp_path) == (
        "The link leads to a web page, not to a photo or a video; please send the address of the media itself, or the file."
    )


def test_certificate_of_another_name_is_refused(server, tmp_path):
    assert "The certificate of wrong.example is not valid" in refusal(server, "https://wrong.example/a", tmp_path)
    assert server.asked == []


def test_certificate_that_the_system_does_not_know_is_refused(server, tmp_path):
    network = replace(server.network, authorities=None)
    with pytest.raises(MediaError, match="^The certificate of media.example is not valid"):
        fetching.fetch("https://media.example/a", tmp_path, None, QUICK, network)


def test_server_that_does_not_answer_cannot_be_reached(server, tmp_path):
    network = server.network
    server.server_close()  # nobody listens any more
    with pytest.raises(MediaError, match="^The server media.example cannot be reached"):
        fetching.fetch("https://media.example/a", tmp_path, None, QUICK, network)


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
def test_answer_that_breaks_off_or_makes_no_sense_is_refused(server, tmp_path, said):
    server.pages["/a.jpg"] = lambda handler: handler.wfile.write(said)
    assert "broke off or gave an answer that makes no sense" in refusal(server, "https://media.example/a.jpg", tmp_path)


def test_nothing_is_asked_where_the_disk_is_nearly_full(server, tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "MIN_FREE_BYTES", 2**60)
    assert refusal(server, "https://media.example/a", tmp_path) == "The server's disk is full; please try again later."
    assert server.connected == []


def test_log_names_host_and_path_but_neither_query_nor_password(server, tmp_path, caplog):
    server.give("/a.jpg", status=404)
    with caplog.at_level(logging.INFO):
        refusal(server, "https://media.example/a.jpg?token=hunter2", tmp_path)
        refusal(server, "https://anna:hunter2@media.example/a.jpg", tmp_path)
    assert "media.example/a.jpg" in caplog.text and "hunter2" not in caplog.text
