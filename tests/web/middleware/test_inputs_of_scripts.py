"""What a script is told that sends an input of the wrong kind: one sentence, through the real client and as curl does."""

import asyncio
import json

import gradio as gr
import httpx
import pytest
from gradio_client import Client, handle_file

from detector.analyzer import Analyzer
from tests.redness_model import redness_model
from tests.web.server import ROOT, call, file_data, serving, upload
from web.layout import build_app

PHOTO = ROOT / "examples" / "astronaut.jpg"
JSON = {"content-type": "application/json"}
UPLOAD = object()  # stands for an upload
ENDPOINTS = {  # inputs that are right, in their order
    "analyze_image": {"file": UPLOAD, "known_real": None, "item": 0},
    "analyze_video": {"file": UPLOAD, "frames": 4, "exact": False, "known_real": None, "item": 0},
    "analyze_batch": {"files": [UPLOAD], "frames": 4},
}
FILE = 'must be a file that was uploaded: handle_file("photo.jpg") with gradio_client, over HTTP what /upload answered.'
FILES = (
    'must be a list of files that were uploaded: [handle_file("photo.jpg")] with gradio_client, over HTTP what /upload '
    "answered."
)
WRONG = {
    "file": (["photo.jpg", str(PHOTO), 5, True, [], [UPLOAD], {}, {"a": 1}, {"path": None}], FILE),
    "files": (["photo.jpg", 5, ["photo.jpg"], [None], [[UPLOAD]], {}], FILES),
    "known_real": (["photo.jpg", 5, ["photo.jpg"], [UPLOAD, 1], {}], FILES),
    "frames": (
        ["12", "", True, [12], {}, 0, -1, 129, 10**400],
        "must be a number from 1 to 128, without quotation marks.",
    ),
    "item": (["1", True, [1], {}, -1, 1001], "must be a number from 0 to 1000, without quotation marks."),
    "exact": (["no", "true", 2, [], {}], "must be true or false, without quotation marks."),
}


@pytest.fixture(scope="module")
def address():
    with serving() as address:
        yield address


@pytest.fixture(scope="module")
def client(address):
    client = Client(address, verbose=False)
    yield client
    client.close()


@pytest.fixture(scope="module")
def uploaded(address):
    return file_data(upload(address, PHOTO))


def test_video_is_looked_at_in_32_frames_unless_asked_otherwise(client):
    result, *_ = client.predict(file=handle_file(ROOT / "examples" / "astronaut.mp4"), api_name="/analyze_video")
    assert len(result["faces"][0]["frames"]) == 32


def with_upload(value, uploaded):
    """Puts an upload where `UPLOAD` stands."""
    if isinstance(value, list):
        return [with_upload(part, uploaded) for part in value]
    return uploaded if value is UPLOAD else value


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_wrong_input_is_named(endpoint, uploaded):
    page = build_app(Analyzer(redness_model()))
    (function,) = (function for function in page.fns.values() if function.api_name == endpoint)
    for name in ENDPOINTS[endpoint]:
        values, sentence = WRONG[name]
        for value in values:
            inputs = with_upload(list((ENDPOINTS[endpoint] | {name: value}).values()), uploaded)
            with pytest.raises(gr.Error) as raised:
                asyncio.run(page.preprocess_data(function, inputs, None))
            assert raised.value.message == f"The input {name} {sentence}", value


def test_script_gets_the_sentence_for_each_input(address, uploaded):
    for endpoint, inputs in ENDPOINTS.items():
        for name in inputs:
            wrong = with_upload(list((inputs | {name: "12"}).values()), uploaded)
            assert error_of(call(address, endpoint, *wrong)) == f"The input {name} {WRONG[name][1]}"


def test_wrong_input_is_told_in_the_language_of_who_sent_it(address, uploaded):
    spanish = {"accept-language": "de-DE,es-MX;q=0.8,en;q=0.5"}
    asked = httpx.post(
        f"{address}/gradio_api/call/analyze_video", json={"data": [uploaded, "12"]}, headers=spanish, timeout=60
    )
    answer = httpx.get(f"{address}/gradio_api/call/analyze_video/{asked.json()['event_id']}", timeout=60)
    assert error_of(answer).startswith("La entrada frames ")


def test_samples_of_the_api_page_are_media_and_in_a_form_that_is_taken(address, uploaded):
    told = httpx.get(f"{address}/gradio_api/info", timeout=60).json()["named_endpoints"]
    samples = {
        (name, parameter["parameter_name"]): parameter["example_input"]
        for name, endpoint in told.items()
        for parameter in endpoint["parameters"]
        if parameter["component"] == "File"
    }
    assert samples.pop(("/analyze_image", "known_real")) is samples.pop(("/analyze_video", "known_real")) is None
    assert samples["/analyze_image", "file"]["path"] == "photo.jpg"
    assert samples["/analyze_video", "file"]["path"] == "clip.mp4"
    assert [file["path"] for file in samples["/analyze_batch", "files"]] == ["photo.jpg", "clip.mp4"]
    # Gradio's samples for curl and JavaScript send one file where there are several
    assert call(address, "analyze_batch", uploaded, 4).text.startswith("event: complete")


def error_of(answer: httpx.Response) -> str:
    """The sentence in an event of an error."""
    assert answer.text.startswith("event: error")
    return json.loads(answer.text.split("data: ", 1)[1])["error"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_number_that_is_none_is_refused(address, uploaded, number):
    body = f'{{"data": [{json.dumps(uploaded)}, {number}]}}'
    asked = httpx.post(f"{address}/gradio_api/call/analyze_video", content=body, headers=JSON)
    answer = httpx.get(f"{address}/gradio_api/call/analyze_video/{asked.json()['event_id']}", timeout=60)
    assert "The input frames must be a number from 1 to 128" in answer.text


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_client_shows_the_sentence(client, endpoint):
    for name, value in (("file", "photo.jpg"), ("files", ["photo.jpg"]), ("frames", "12"), ("exact", "no")):
        if name in ENDPOINTS[endpoint]:
            right = {"files": [handle_file(PHOTO)]} if "files" in ENDPOINTS[endpoint] else {"file": handle_file(PHOTO)}
            with pytest.raises(Exception, match=f"^The input {name} must be ") as raised:
                client.predict(**(right | {name: value}), api_name=f"/{endpoint}")
            assert str(raised.value).endswith(".")


def test_missing_and_surplus_inputs_are_told(address, uploaded):
    assert "The input file is missing." in call(address, "analyze_image").text
    assert "The input files is missing." in call(address, "analyze_batch").text
    assert "No file was sent; please choose a photo or a video first." in call(address, "analyze_image", None).text
    assert "This endpoint takes 3 inputs; please send no more." in call(address, "analyze_image", *[uploaded] * 4).text
    assert "This endpoint takes 0 inputs; please send no more." in call(address, "model_info", 1).text


def test_inputs_that_came_later_can_be_left_out(address, uploaded):
    for inputs in ([uploaded], [uploaded, None], [uploaded, None, 0], [uploaded, None, None]):
        assert call(address, "analyze_image", *inputs).text.startswith("event: complete")
    named = httpx.post(f"{address}/gradio_api/call/v2/analyze_image", json={"file": uploaded}).json()["event_id"]
    answer = httpx.get(f"{address}/gradio_api/call/analyze_image/{named}", timeout=60)
    assert answer.text.startswith("event: complete")


@pytest.mark.parametrize(
    "body", ['{"data": 5}', '{"data": {"file": 1}}', '{"data": null}', "{}", "[]", "null", "nonsense", ""]
)
def test_request_of_another_shape_is_one_sentence(address, body):
    answer = httpx.post(f"{address}/gradio_api/call/analyze_image", content=body, headers=JSON)
    assert answer.status_code == 422
    (problem,) = answer.json()["detail"]
    assert problem["message"] == (
        'The request must be JSON such as {"data": [...]}; see "Use via API" at the foot of the page.'
    )


def test_endpoint_or_name_of_an_input_that_is_not_there_is_one_sentence(address, uploaded):
    asked = [
        ("call/nothing", {"data": []}),
        ("call/v2/nothing", {}),
        ("call/v2/analyze_image", {"photo": uploaded}),
        ("call/v2/analyze_image", {}),
        ("queue/join", {"data": [], "fn_index": 9999, "session_hash": "x"}),
    ]
    for path, body in asked:
        answer = httpx.post(f"{address}/gradio_api/{path}", json=body)
        assert answer.status_code == 422
        (problem,) = answer.json()["detail"]
        assert problem["message"].startswith("There is no such endpoint, or it takes other inputs;")
