"""Nothing of the server can be read through it but what one sent oneself, and nothing one sends makes it call out."""

import http.server
import os
import threading
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from gradio_client import Client, handle_file

from detector.media.files import file_sha256
from tests.web.server import ROOT, call, file_data, serving, upload

PHOTO = ROOT / "examples" / "astronaut.jpg"
UPLOADS_ONLY = "Files are taken as uploads only"


@pytest.fixture(scope="module")
def address():
    with serving() as address:
        yield address


@pytest.fixture
def uploaded(address):
    return upload(address, PHOTO)


@pytest.fixture
def listener():
    """A web server on loopback that counts who calls."""
    calls = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            calls.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_HEAD = do_POST = do_GET

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", calls
    server.shutdown()
    server.server_close()


def fetched(address: str, path: str) -> httpx.Response:
    """Asks for a file with its path exactly as it is, which clients would tidy up."""
    url = httpx.URL(address).copy_with(raw_path=b"/gradio_api/file=" + path.encode())
    return httpx.get(url, timeout=30)


def test_own_upload_can_be_read_by_its_path(address, uploaded):
    answer = fetched(address, uploaded)
    assert (answer.status_code, answer.content) == (200, PHOTO.read_bytes())


@pytest.mark.parametrize("secret", ["/etc/passwd", str(ROOT / "app.py"), str(ROOT / "README.md"), str(PHOTO)])
@pytest.mark.parametrize(
    "form", ["{0}", "/{0}", "{1}{0}", "{2}{0}", "{3}{0}", "file://{0}", "file:{0}", "..%2f..%2f..%2f..%2f..%2f..{0}"]
)
def test_no_file_of_the_server_is_served(address, uploaded, form, secret):
    up = "/".join([".."] * uploaded.count("/"))
    path = form.format(secret, f"{uploaded}/{up}", f"{Path(uploaded).parent}/{quote(up, safe='')}", quote(up, safe="."))
    for attempt in (path, quote(path)):
        answer = fetched(address, attempt)
        assert answer.status_code in (403, 404), attempt
        assert b"root:" not in answer.content and b"import" not in answer.content


def test_link_in_the_upload_folder_leads_nowhere(address, uploaded):
    link = Path(uploaded).with_name("link.jpg")
    link.symlink_to("/etc/passwd")
    assert fetched(address, str(link)).status_code == 403
    assert UPLOADS_ONLY in call(address, "analyze_image", file_data(str(link))).text


def test_listing_of_the_upload_folder_is_not_served(address, uploaded):
    for folder in (Path(uploaded).parent, Path(uploaded).parent.parent):
        assert fetched(address, f"{folder}/").status_code == 403


@pytest.mark.parametrize(
    "path", ["/etc/passwd", str(ROOT / "app.py"), str(PHOTO), "app.py", "file:///etc/passwd", "\0", "x" * 9000, "."]
)
def test_file_that_was_not_uploaded_is_refused_as_input(address, path):
    for endpoint, data in (("analyze_image", [file_data(path)]), ("analyze_batch", [[file_data(path)], 8])):
        answer = call(address, endpoint, *data)
        assert (answer.status_code, UPLOADS_ONLY in answer.text) == (422, True)


def test_script_that_sends_an_address_is_told_so(address):
    with pytest.raises(Exception, match=UPLOADS_ONLY):
        Client(address, verbose=False).predict(handle_file("http://127.0.0.1:9/a.jpg"), api_name="/analyze_image")


def test_upload_that_is_gone_is_told_in_words(address, uploaded):
    Path(uploaded).unlink()
    answer = call(address, "analyze_image", file_data(uploaded))
    assert "The upload is no longer there; please send the file again." in answer.text


def test_no_input_makes_the_server_call_out(address, uploaded, listener):
    url, calls = listener
    picture = f"{url}/a.jpg"
    inputs = [
        file_data(picture),
        file_data(picture.upper().replace("/A.JPG", "/a.jpg")),
        file_data(picture) | {"is_stream": True},
        file_data("") | {"url": picture},
        file_data(uploaded) | {"url": picture},
        {"path": picture, "url": picture, "orig_name": "a.jpg", "meta": {"_type": "gradio.FileData"}},
    ]
    for data in inputs:
        call(address, "analyze_image", data)
        call(address, "analyze_batch", [data], 8)
        call(address, "analyze_video", file_data(uploaded), data)  # in the place of a number
        httpx.post(f"{address}/gradio_api/call/v2/analyze_image", json={"file": data})
        httpx.post(f"{address}/gradio_api/run/analyze_image", json={"data": [data]})
        for function in range(12):  # those of the page, too
            body = {"data": [data, 8, "en"], "fn_index": function, "session_hash": "someone"}
            httpx.post(f"{address}/gradio_api/queue/join", json=body)
    for path in (url, picture, f"//{picture}", f" {picture}"):
        for form in (path, quote(path), quote(path, safe="")):
            assert fetched(address, form).status_code in (400, 403, 404)
            httpx.get(httpx.URL(address).copy_with(raw_path=f"/gradio_api/file/{form}".encode()))
            httpx.get(httpx.URL(address).copy_with(raw_path=f"/gradio_api/proxy={form}".encode()))
    assert calls == []


def test_public_address_is_not_fetched_either(address):
    # Gradio itself would fetch it for anyone: only private addresses are barred there
    for path in ("https://huggingface.co/robots.txt", "HTTPS://huggingface.co/", "https%3A//huggingface.co/"):
        assert fetched(address, path).json()["detail"] == "This address is not served here."


def test_path_of_an_upload_cannot_be_computed_from_its_content(address, uploaded):
    # else anyone could ask whether a newsroom has a file
    assert file_sha256(PHOTO) not in uploaded
    assert len(Path(uploaded).parent.name) == 64


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_other_users_of_the_machine_cannot_look_into_the_uploads(address, uploaded):
    folder = Path(uploaded).parents[2]
    assert folder.name.startswith("face-check-") and folder.stat().st_mode & 0o077 == 0


def test_doors_that_the_page_does_not_use_are_shut(address):
    for path in ("process_recording", "component_server", "vibe-edit", "deep_link?session_hash=x", "dev/reload"):
        assert httpx.request("GET", f"{address}/gradio_api/{path}").status_code == 403
        assert httpx.post(f"{address}/gradio_api/{path}", files={"video": b"x"}).status_code == 403
    assert httpx.get(f"{address}/monitoring/summary").status_code == 403
    assert httpx.get(f"{address}/gradio_api/runs").status_code == 404
    # there the token of whoever started the server would be lent to a request that says it comes from its machine
    for host in ("localhost", "127.0.0.1"):
        answer = httpx.get(f"{address}/gradio_api/run-history/buckets", headers={"host": host})
        assert answer.status_code in (403, 404)
    # past the queue, any number could have the model work at once
    assert httpx.post(f"{address}/gradio_api/run/analyze_image", json={"data": [None]}).status_code == 404


def test_endless_request_is_not_taken_into_memory(address):
    answer = httpx.post(f"{address}/gradio_api/call/analyze_image", content=b"[" * 2_000_000)
    assert (answer.status_code, answer.json()["detail"]) == (
        413,
        "The request is too large; please upload files first.",
    )
    deep = b'{"data": ' + b"[" * 400_000 + b"]" * 400_000 + b"}"
    assert httpx.post(f"{address}/gradio_api/call/analyze_image", content=deep).status_code in (400, 422)
