"""Who may ask the running server, how often and from where."""

import threading
import time
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from PIL import Image

import app
from detector.analyzer import Analyzer
from detector.limits import MAX_SESSIONS, MAX_WAITING_REQUESTS
from tests.redness_model import portrait, redness_model
from tests.web.server import ROOT, call, file_data, serving, upload
from web.middleware import disk
from web.settings import Settings

PHOTO = ROOT / "examples" / "astronaut.jpg"
FOREIGN = {"origin": "https://evil.example"}


@pytest.fixture(scope="module")
def address():
    with serving() as address:
        yield address


def test_every_answer_carries_the_headers(address):
    for path in ("/", "/config", "/gradio_api/file=/etc/passwd", "/gradio_api/info", "/nowhere"):
        headers = httpx.get(f"{address}{path}").headers
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["object-src"] == "'none'" and policy["connect-src"] == "'self' blob: data:"
        assert "https://huggingface.co" in policy["frame-ancestors"]  # where a Space is shown


@pytest.mark.parametrize("headers", [FOREIGN, {"origin": "null"}, {"origin": "http://127.0.0.1.evil.example"}])
def test_other_websites_cannot_use_a_server_on_localhost(address, headers):
    answers = [
        httpx.post(f"{address}/gradio_api/upload", files={"files": ("a.jpg", b"1")}, headers=headers),
        httpx.post(f"{address}/gradio_api/call/model_info", json={"data": []}, headers=headers),
        httpx.get(f"{address}/config", headers=headers | {"sec-fetch-site": "cross-site"}),
    ]
    for answer in answers:
        assert answer.status_code == 403
        assert answer.json()["detail"] == "Requests from other websites are not taken here."
        assert "access-control-allow-origin" not in answer.headers


def test_own_page_and_other_names_of_this_machine_may(address):
    port = address.rsplit(":", 1)[1]
    for headers in ({"origin": address}, {"origin": f"http://localhost:{port}"}, {"sec-fetch-site": "cross-site"}, {}):
        assert call(address, "model_info", headers=headers).status_code == 200  # the third is a link to the page
    behind_proxy = {"origin": "https://check.example", "sec-fetch-site": "same-origin"}
    assert call(address, "model_info", headers=behind_proxy).status_code == 200


def test_public_server_without_login_may_be_called_from_anywhere(address):
    answer = call(address, "model_info", headers=FOREIGN | {"host": "face-check.example"})
    assert answer.status_code == 200


def test_nobody_gets_in_without_the_password():
    with serving(Settings((("anna", "secret"),))) as address:
        refused = [
            httpx.post(f"{address}/gradio_api/upload", files={"files": ("a.jpg", b"1")}),
            call(address, "model_info"),
            httpx.post(f"{address}/gradio_api/queue/join", json={"data": [], "fn_index": 0, "session_hash": "x"}),
            httpx.get(f"{address}/config"),
            httpx.get(f"{address}/gradio_api/info"),
            httpx.get(f"{address}/gradio_api/file={PHOTO}"),
            httpx.post(f"{address}/login", data={"username": "anna", "password": "wrong"}),
        ]
        assert [answer.status_code for answer in refused] == [401] * 6 + [400]
        client = Client(address, auth=("anna", "secret"), verbose=False)
        assert client.predict(api_name="/model_info")["id"] == "redness"
        # the browser of someone who is logged in does nothing for other websites, wherever the server is
        public = {"host": "face-check.example"}
        assert httpx.get(f"{address}/config", headers=public | FOREIGN).status_code == 403
        assert (
            httpx.get(f"{address}/config", headers=public | {"origin": "https://face-check.example"}).status_code == 401
        )


def test_address_that_asks_too_often_is_told_to_wait():
    with serving(Settings(requests_per_minute=5)) as address:
        # as behind a proxy on this machine
        asked = [call(address, "model_info", headers={"x-forwarded-for": "192.0.2.1"}) for _ in range(6)]
        assert [answer.status_code for answer in asked] == [200] * 5 + [429]
        assert asked[-1].json()["detail"] == "Too many requests came from your address; please wait a minute."
        spanish = call(address, "model_info", headers={"x-forwarded-for": "192.0.2.1", "accept-language": "es-MX,es"})
        assert spanish.json()["detail"] == "Llegaron demasiadas solicitudes desde su dirección; espere un minuto."
        # what a client writes in front of the proxy's word does not count, and others may go on
        pretended = {"x-forwarded-for": "127.0.0.1, 192.0.2.1"}
        assert call(address, "model_info", headers=pretended).status_code == 429
        assert call(address, "model_info", headers={"x-forwarded-for": "192.0.2.2"}).status_code == 200
        guesses = {"username": "anna", "password": "guess"}
        assert httpx.post(f"{address}/login", data=guesses, headers=pretended).status_code == 429


def test_full_disk_refuses_uploads_in_words(address, monkeypatch):
    monkeypatch.setattr(disk, "_free_bytes", lambda: disk.MIN_FREE_BYTES + 1000)
    with pytest.raises(httpx.HTTPStatusError, match="507"):
        upload(address, PHOTO)
    answer = httpx.post(f"{address}/gradio_api/upload", files={"files": ("a.jpg", b"1" * 2000)})
    assert answer.json()["error"] == "The server's disk is full; please try again later."
    assert call(address, "model_info").status_code == 200


def test_full_queue_is_told_in_words(tmp_path):
    release = threading.Event()
    analyzer = Analyzer(redness_model())
    real = analyzer.analyze_image
    analyzer.analyze_image = lambda path, **options: release.wait(60) and real(path)
    Image.fromarray(portrait()).save(tmp_path / "small.png")
    with serving(analyzer=analyzer) as address:
        photo = file_data(upload(address, tmp_path / "small.png"))
        url = f"{address}/gradio_api/call/analyze_image"
        first = httpx.post(url, json={"data": [photo]}).json()["event_id"]
        time.sleep(1)  # it has left the queue for the model
        waiting = [httpx.post(url, json={"data": [photo]}) for _ in range(MAX_WAITING_REQUESTS + 1)]
        assert [answer.status_code for answer in waiting] == [200] * MAX_WAITING_REQUESTS + [503]
        assert waiting[-1].json()["detail"].startswith("Queue is full.")
        client = Client(address, verbose=False)
        with pytest.raises(Exception, match="Queue is full! Please try again."):
            client.predict(handle_file(PHOTO), api_name="/analyze_image")
        release.set()
        for event in [first, *(answer.json()["event_id"] for answer in waiting[:-1])]:
            assert httpx.get(f"{url}/{event}", timeout=120).text.startswith("event: complete")


def closed_after(address: str, session: str, path: str, look=lambda: None):
    """Has a photo analysed by a page, waits for the answer, and closes the page; gives what `look` saw before that."""
    functions = {item["api_name"]: item["id"] for item in httpx.get(f"{address}/config").json()["dependencies"]}
    body = {"data": [file_data(path)], "fn_index": functions["analyze_image"], "session_hash": session}
    with httpx.stream("GET", f"{address}/gradio_api/heartbeat/{session}", timeout=60) as heartbeat:
        beats = heartbeat.iter_text()  # without a name it is closed at once, and the connection with it
        next(beats)
        httpx.post(f"{address}/gradio_api/queue/join", json=body).raise_for_status()
        with httpx.stream("GET", f"{address}/gradio_api/queue/data?session_hash={session}", timeout=60) as events:
            assert any("process_completed" in line for line in events.iter_lines())
        return look()


def gone(paths: list[Path], timeout_s: float = 30) -> bool:
    """Whether they all go in time."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end and any(path.exists() for path in paths):
        time.sleep(0.1)
    return not any(path.exists() for path in paths)


def test_upload_and_reports_go_when_the_page_is_closed(address):
    checked = Path(upload(address, PHOTO, name="own.jpg"))
    made = closed_after(address, "someone", str(checked), lambda: list(checked.parents[1].glob("*/own-evidence.*")))
    assert sorted(path.suffix for path in made) == [".html", ".json"]
    assert gone([checked, *made])


def test_what_a_closed_page_has_shown_is_forgotten_too(monkeypatch):
    pages, build = [], app.build_app
    monkeypatch.setattr(app, "build_app", lambda *asked: pages.append(build(*asked)) or pages[0])
    with serving() as address:
        remembered = pages[0].state_holder.session_data
        assert closed_after(address, "someone", upload(address, PHOTO), lambda: "someone" in remembered)
        end = time.monotonic() + 30
        while "someone" in remembered and time.monotonic() < end:
            time.sleep(0.1)
        assert "someone" not in remembered
        assert "someone" not in pages[0].state_holder.time_last_used
        assert pages[0].state_session_capacity == MAX_SESSIONS


def test_upload_that_was_never_checked_goes_with_its_page_too(address):
    chosen = Path(upload(address, PHOTO, name="never-checked.jpg"))
    config = httpx.get(f"{address}/config").json()["dependencies"]
    received = next(item["id"] for item in config if item["targets"][0][1] == "upload")
    body = {"data": [[file_data(str(chosen))]], "fn_index": received, "session_hash": "another"}
    assert httpx.post(f"{address}/gradio_api/run/predict", json=body).status_code == 200
    closed_after(address, "another", upload(address, PHOTO))
    assert gone([chosen])


def test_example_is_still_there_for_the_next_person(address):
    body = {"data": [0], "fn_index": 0, "session_hash": "first"}  # as a click on it does
    example = httpx.post(f"{address}/gradio_api/run/predict", json=body).json()["data"][0]["value"][0]["path"]
    closed_after(address, "first", example)
    mine = upload(address, PHOTO)  # the same bytes and name: it lies at the same place
    closed_after(address, "second", mine)
    time.sleep(2)
    assert mine == example and Path(example).read_bytes() == PHOTO.read_bytes()
