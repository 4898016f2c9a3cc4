"""The page's endpoints as a script meets them: the real server, the real client."""

import csv
import hashlib
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from gradio_client import Client, handle_file
from PIL import Image

import app
from benchmarks.server_process import ServerProcess
from detector.analyzer import Analyzer
from tests.redness_model import redness_model
from web.service import Service
from web.sessions import Sessions
from web.work import Work

EXAMPLES = Path(app.__file__).parent / "examples"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A script's, with a server as people start it: the bundled model in the runtime that is the default."""
    folder = tmp_path_factory.mktemp("server")
    with ServerProcess(folder, MODEL_RUNTIME="auto", RATE_LIMIT="0") as server:
        yield Client(server.address, verbose=False)


def test_photo_gives_the_documented_json_first(client):
    photo = EXAMPLES / "astronaut.jpg"
    result, verdict, page, record = client.predict(handle_file(photo), api_name="/analyze_image")
    documented = ["schema_version", "file", "model", "verdict", "score", "faces", "warnings"]
    assert list(result)[: len(documented)] == documented
    assert result["file"] == {
        "name": "astronaut.jpg",
        "sha256": hashlib.sha256(photo.read_bytes()).hexdigest(),
        "bytes": photo.stat().st_size,
        "media_type": "image/jpeg",
        "width_px": 512,
        "height_px": 512,
        "duration_s": None,
    }
    described = {"id", "revision", "label_names", "thresholds", "runtime", "weights_sha256", "config_sha256", "name"}
    assert set(result["model"]) == described
    assert result["model"]["runtime"].startswith(("openvino-", "cuda-"))
    (face,) = result["faces"]
    of_a_face = ["track_id", "box_px", "score", "verdict", "frames", "manipulation", "suspicious_spans", "evidence"]
    assert list(face) == of_a_face
    assert face["evidence"] == result["evidence"] and face["evidence"]["scale"] == "photo"
    assert face["manipulation"] is None  # the bundled model only knows "fake"
    assert face["frames"] == [{"time_s": 0.0, "score": face["score"], "box_px": face["box_px"]}]
    assert result["score"] == face["score"] and result["decided_by"] == face["track_id"]
    assert result["model"]["revision"] in verdict
    assert result["file"]["sha256"] in Path(page).read_text(encoding="utf-8")
    assert result["file"]["sha256"] in Path(record).read_text(encoding="utf-8")


def test_video_gives_a_track_over_the_whole_clip(client):
    result, *_ = client.predict(handle_file(EXAMPLES / "astronaut.mp4"), 8, api_name="/analyze_video")
    (face,) = result["faces"]
    assert len(face["frames"]) == 8
    assert result["file"]["duration_s"] == pytest.approx(4.0, abs=0.1)
    assert face["frames"][0]["time_s"] < 0.5 and face["frames"][-1]["time_s"] > 3.5
    assert result["score"] == pytest.approx(sum(frame["score"] for frame in face["frames"]) / 8, abs=1e-3)


def test_many_files_give_a_table_and_one_bad_file_never_stops_the_rest(client, tmp_path):
    files = [handle_file(bad_file("empty", tmp_path)), handle_file(EXAMPLES / "astronaut.jpg")]
    document, table, lines = client.predict(files, 4, api_name="/analyze_batch")
    bad, good = document["items"]
    assert bad["error"].startswith("The file is empty") and bad["result"] is None
    assert (good["file"], good["error"], len(good["result"]["faces"])) == ("astronaut.jpg", None, 1)
    assert json.loads(Path(lines).read_text(encoding="ascii")) == document
    with open(table, encoding="utf-8-sig", newline="") as stream:
        assert [row["file"] for row in csv.DictReader(stream)] == ["empty.jpg", "astronaut.jpg"]


def test_model_tells_who_it_is(client):
    info = client.predict(api_name="/model_info")
    result = client.predict(handle_file(EXAMPLES / "astronaut.jpg"), api_name="/analyze_image")[0]
    scales = info.pop("evidence_scale")
    assert info == result["model"] | {"warning": None}
    assert {"photo", "clip", "span"} == set(scales) and scales["photo"]["real_files"] == 264


def test_same_file_gives_the_same_json_twice(client):
    first, second = (
        client.predict(handle_file(EXAMPLES / "astronaut.jpg"), api_name="/analyze_image")[0] for _ in range(2)
    )
    assert json.dumps(first) == json.dumps(second)


def test_upload_is_gone_when_its_page_is_closed(service_and_page):
    service, sessions, folder = service_and_page
    upload = folder / "astronaut.jpg"
    upload.write_bytes((EXAMPLES / "astronaut.jpg").read_bytes())
    request = SimpleNamespace(session_hash="someone")
    service.analyze_image(str(upload), request=request)
    sessions.forget("someone")
    assert not upload.exists()


@pytest.fixture
def service_and_page(tmp_path):
    sessions = Sessions()
    return Service(Analyzer(redness_model()), Work(sessions)), sessions, tmp_path


@pytest.mark.parametrize("endpoint", ["/analyze_image", "/analyze_video"])
@pytest.mark.parametrize("kind", ["empty", "text", "truncated", "one_pixel", "sound", "huge"])
def test_bad_file_gets_one_sentence_and_the_server_lives(client, endpoint, kind, tmp_path):
    path = bad_file(kind, tmp_path)
    with pytest.raises(Exception) as caught:  # the client has several kinds
        client.predict(handle_file(path), api_name=endpoint)
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence and "Traceback" not in sentence
    assert "upstream" not in sentence  # the masked message of an unforeseen exception
    result = client.predict(handle_file(EXAMPLES / "astronaut.jpg"), api_name="/analyze_image")[0]
    assert result["faces"]


def test_no_file_is_an_error_in_words(client):
    with pytest.raises(Exception, match="choose a photo or a video"):
        client.predict(None, api_name="/analyze_image")


def test_only_the_named_endpoints_are_public(client):
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert set(named) == {"/analyze_image", "/analyze_video", "/analyze_batch", "/model_info"}
    parameters = [parameter["parameter_name"] for parameter in named["/analyze_video"]["parameters"]]
    assert parameters == ["file", "frames", "exact", "known_real", "item"]


def bad_file(kind: str, folder: Path) -> Path:
    """A file that no endpoint can analyse."""
    path = folder / f"{kind}.{'mp4' if kind in ('text', 'sound') else 'jpg'}"
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("not a film\n" * 100)
    elif kind == "truncated":
        path.write_bytes((EXAMPLES / "astronaut.jpg").read_bytes()[:20000])
    elif kind == "one_pixel":
        Image.new("RGB", (1, 1)).save(path)
    elif kind == "huge":
        Image.new("1", (13500, 13500)).save(path, format="PNG")
    else:
        import wave

        with wave.open(str(path), "wb") as sound:
            sound.setparams((1, 2, 8000, 8000, "NONE", ""))
            sound.writeframes(b"\0\0" * 8000)
    return path
