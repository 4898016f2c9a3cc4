"""The model comes from a loopback Hub, through the real client, or the bundled one answers."""

import json
import shutil
import socket
from pathlib import Path

import pytest

from detector.network import loading
from detector.network.hub import HUB_TIMEOUT_S
from detector.network.loading import BUNDLED_FOLDER
from tests.hub_server import running_hub

LOAD = """
import json, os, time
from detector.network.loading import load_model
start = time.monotonic()
model = load_model(os.environ["MODEL_ID"])
seconds = time.monotonic() - start
print(json.dumps({"id": model.info.id, "revision": model.info.revision, "warning": str(model.warning or ""), "seconds": seconds}))
"""


def test_pushed_model_gives_the_same_scores_through_every_library(hub_client, tmp_path):
    code = """
import json, pathlib, skimage.data, numpy as np, timm, torch, transformers
from training.publish import push_model
from detector.faces.detection import FaceDetector, crop_face
from detector.network.loading import BUNDLED_FOLDER, load_folder, load_model
push_model(BUNDLED_FOLDER, "tester/vgg16")
image = skimage.data.astronaut()
crop = crop_face(image, FaceDetector().detect(image)[0])
bundled = load_folder(BUNDLED_FOLDER, "bundled", runtime="torch")
pulled = load_model("tester/vgg16", runtime="torch")
x = bundled.runtime.batch([crop])
timm_model = timm.create_model("hf-hub:tester/vgg16", pretrained=True).eval()
pipe = transformers.pipeline("image-classification", model="tester/vgg16")
from PIL import Image
labels = {row["label"]: row["score"] for row in pipe(Image.fromarray(crop))}
print(json.dumps({
    "id": pulled.info.id, "revision": pulled.info.revision,
    "ours": float(pulled.predict([crop]).scores[0]),
    "bundled": float(bundled.predict([crop]).scores[0]),
    "timm": float(timm_model(x).softmax(1)[0, 1]),
    "pipeline": labels["fake"],
}))
"""
    with running_hub(tmp_path / "hub") as endpoint:
        answer = hub_client(code, endpoint)
    assert answer["id"] == "tester/vgg16"
    assert len(answer["revision"]) == 40  # the commit that the push made
    for library in ("ours", "timm", "pipeline"):
        assert answer[library] == pytest.approx(answer["bundled"], abs=1e-3)


def test_unreachable_hub_leaves_the_bundled_model_and_says_so(hub_client):
    answer = hub_client(LOAD, "http://127.0.0.1:9", MODEL_ID="tester/vgg16")
    assert answer["id"] == "bundled"
    assert answer["warning"] == (
        "The model tester/vgg16 (main) could not be fetched from the Hub, so the bundled model answered: the Hub cannot be "
        "reached; please check the network of this machine, and HF_ENDPOINT where it is set."
    )
    assert answer["seconds"] < HUB_TIMEOUT_S + 4  # and the time to load the folder


def test_silent_hub_does_not_hold_up_the_start(hub_client):
    brief = "from detector.network import hub; hub._PROBE_TIMEOUT_S = 0.5"
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, never answers
        answer = hub_client(brief + LOAD, f"http://127.0.0.1:{silent.getsockname()[1]}", MODEL_ID="tester/vgg16")
    assert answer["id"] == "bundled"
    assert answer["warning"].endswith(": the Hub did not answer in time; please start again later.")
    assert answer["seconds"] < HUB_TIMEOUT_S + 4


# Without making sure of the folder, which would load torch each time.
PUSH = f"""
import pathlib
from training import publish
publish.load_folder = lambda *args, **options: None
publish.push_model(pathlib.Path({str(BUNDLED_FOLDER)!r}), "tester/vgg16")
print("{{}}")
"""


def test_cached_model_answers_when_the_hub_has_gone(hub_client, tmp_path):
    with running_hub(tmp_path / "hub") as endpoint:
        hub_client(PUSH, endpoint)
        first = hub_client(LOAD, endpoint, MODEL_ID="tester/vgg16")
    later = hub_client(LOAD, "http://127.0.0.1:9", MODEL_ID="tester/vgg16")
    assert (later["id"], later["revision"]) == (first["id"], first["revision"]) == ("tester/vgg16", first["revision"])


WAIT_S = 2  # in place of `HUB_TIMEOUT_S`
IMPATIENT = f"""
import functools
from detector.network import hub, loading
loading.fetch_from_hub = functools.partial(hub.fetch_from_hub, timeout_s={WAIT_S})
"""


def test_slow_download_does_not_hold_up_the_start(hub_client, tmp_path):
    with running_hub(tmp_path / "hub") as endpoint:
        hub_client(PUSH, endpoint)
    leave = "import os, sys; sys.stdout.flush(); os._exit(0)"  # without waiting for the downloads that still go on
    with running_hub(tmp_path / "hub", download_delay_s=WAIT_S + 3) as endpoint:
        answer = hub_client(IMPATIENT + LOAD + leave, endpoint, MODEL_ID="tester/vgg16")
    assert answer["id"] == "bundled"
    assert answer["warning"].endswith(
        f": it did not arrive within {WAIT_S} seconds; the download goes on, so please start again later."
    )
    assert WAIT_S < answer["seconds"] < WAIT_S + 3


WHY = {
    "refused/bad-token": "the Hub does not accept the token; please set HF_TOKEN to a valid one",
    "refused/private": "the Hub has no such model, or it is private; please check the name, or set HF_TOKEN to a token that "
    "may read it",
    "refused/gated": "its owner must grant access first; please ask for it on the model's page on the Hub, and set HF_TOKEN to "
    "a token of that account",
    "refused/forbidden": "the Hub refuses access to it; please check what the token in HF_TOKEN may read",
    "refused/busy": "the Hub has had too many requests from here; please start again later, or set HF_TOKEN",
    "refused/broken": "the Hub has a fault of its own (503); please start again later",
    "refused/teapot": "the Hub refused the request (418); please check name and revision",
    "refused/page": "the answer of the Hub cannot be read; please check HF_ENDPOINT where it is set, and what proxy stands "
    "in between",
    "tester/no-weights": "it lacks the file model.safetensors; please publish it again, or name another model",
    "tester/no-weights@v9": "it has no such branch, tag or commit; please check the revision (MODEL_REVISION)",
}
WHY["tester/unknown"] = WHY["refused/private"]
WHY["tester/gated"] = WHY["refused/gated"]


def test_each_refusal_of_the_hub_has_its_own_sentence(hub_client, tmp_path):
    code = f"""
import json, os, pathlib
from huggingface_hub import HfApi
from detector.network.hub import HubError, fetch_from_hub
api = HfApi()
for name, files in (("no-weights", ["config.json"]), ("gated", ["config.json", "model.safetensors"])):
    api.create_repo(f"tester/{{name}}")
    for file in files:
        api.upload_file(path_or_fileobj=b"some", path_in_repo=file, repo_id=f"tester/{{name}}")
api.update_repo_settings("tester/gated", gated="manual")
said = {{}}
for asked in {list(WHY)!r}:
    if asked == "tester/gated":  # its facts are public, its files are not
        os.environ.pop("HF_TOKEN")
    try:
        fetch_from_hub(*asked.split("@")) if "@" in asked else fetch_from_hub(asked, "main")
    except HubError as error:
        said[asked] = str(error)
print(json.dumps(said))
"""
    with running_hub(tmp_path / "hub") as endpoint:
        assert hub_client(code, endpoint) == WHY


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE is set and this machine has no copy of it"),
        ({"HF_TOKEN": "hf_é"}, "the Hub does not accept the token"),
    ],
)
def test_settings_of_the_client_that_are_in_the_way_are_named(hub_client, tmp_path, environment, why):
    with running_hub(tmp_path / "hub") as endpoint:
        answer = hub_client(LOAD, endpoint, MODEL_ID="tester/vgg16", **environment)
    assert f": {why}; please " in answer["warning"]


@pytest.mark.parametrize(
    "model_id",
    [
        "https://anna:secret@huggingface.co/tester/vgg16",
        "tester",
        "C:\\models\\vgg16",
        "runs/best/model",
        "te ster/vgg16",
    ],
)
def test_what_is_no_name_on_the_hub_is_told_without_repeating_it(model_id):
    answer = loading.load_model(model_id, runtime="torch")
    assert answer.info.id == "bundled"
    assert str(answer.warning).startswith(
        "The bundled model answered, because the model that was asked for (MODEL_ID) is"
    )
    assert "secret" not in str(answer.warning)


def test_model_can_be_a_folder_of_this_machine(tmp_path, monkeypatch):
    shutil.copytree(BUNDLED_FOLDER, tmp_path / "mine", ignore=shutil.ignore_patterns("plots"))
    monkeypatch.chdir(tmp_path)
    for path in (str(tmp_path / "mine"), "./mine"):
        answer = loading.load_model(path, runtime="torch")
        assert (answer.info.id, answer.warning) == ("mine", None)
        assert answer.info.revision.startswith("sha256:")
    answer = loading.load_model("./gone", runtime="torch")
    assert answer.info.id == "bundled"
    assert str(answer.warning).startswith("The folder gone (MODEL_ID) holds no model that can be used,")


def test_unusable_hub_model_leaves_the_bundled_one(hub_client, tmp_path):
    code = """
import json, pathlib, tempfile
from huggingface_hub import HfApi
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "config.json").write_text("{}")
(folder / "model.safetensors").write_bytes(b"not safetensors")
HfApi().create_repo("tester/broken")
HfApi().upload_folder(folder_path=folder, repo_id="tester/broken")
""" + LOAD.replace("import json, os, time", "import os, time")
    with running_hub(tmp_path / "hub") as endpoint:
        answer = hub_client(code, endpoint, MODEL_ID="tester/broken")
    assert answer["id"] == "bundled"
    assert "cannot be used" in answer["warning"]


def damaged(hub: Path, how: str) -> None:
    """Changes the weights that a Hub stores, behind its back."""
    (weights,) = (path for path in (hub / "blobs").iterdir() if path.stat().st_size > 10_000_000)
    data = bytearray(weights.read_bytes())
    if how == "other bytes":
        data[5_000_000:5_001_000] = bytes(1000)
    weights.write_bytes(data if how == "other bytes" else data[: len(data) // 2])


@pytest.mark.parametrize("how", ["other bytes", "truncated"])
def test_damaged_weights_never_answer_and_are_fetched_again_once_they_are_sound(hub_client, tmp_path, how):
    with running_hub(tmp_path / "hub") as endpoint:
        hub_client(PUSH, endpoint)
        sound = tmp_path / "sound"
        shutil.copytree(tmp_path / "hub" / "blobs", sound)
        damaged(tmp_path / "hub", how)
        first = hub_client(LOAD, endpoint, MODEL_ID="tester/vgg16")
        shutil.copytree(sound, tmp_path / "hub" / "blobs", dirs_exist_ok=True)
        second = hub_client(LOAD, endpoint, MODEL_ID="tester/vgg16")
    assert first["id"] == "bundled" and "tester/vgg16" in first["warning"]
    assert (second["id"], second["warning"]) == ("tester/vgg16", "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"architecture": "resnet18"},
        {"architecture": "no_such_network"},
        {"label_names": ["cat", "dog"]},
        {"label_names": ["real", "Deepfakes", "FaceSwap"]},
        {"detector": {"thresholds": {"no_manipulation_found": 0.9, "manipulated": 0.1}}},
    ],
    ids=["other network", "unknown network", "other labels", "too many labels", "thresholds"],
)
def test_wrong_model_leaves_the_bundled_one(tmp_path, monkeypatch, wrong):
    folder = tmp_path / "0123456789abcdef0123456789abcdef01234567"
    shutil.copytree(BUNDLED_FOLDER, folder, ignore=shutil.ignore_patterns("plots"))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | wrong))
    monkeypatch.setattr(loading, "fetch_from_hub", lambda *args: folder)
    answer = loading.load_model("tester/wrong", runtime="torch")
    assert answer.info.id == "bundled"
    assert (
        str(answer.warning)
        == "The model tester/wrong (main) from the Hub cannot be used; the bundled model answered instead."
    )


def test_pinned_revision_stays_when_the_hub_moves_on(hub_client, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(BUNDLED_FOLDER, folder)
    code = f"""
import json, pathlib
from training import publish
from training.publish import push_model
from detector.network.loading import load_model
publish.load_folder = lambda *args, **options: None
folder = pathlib.Path({str(folder)!r})
first = push_model(folder, "tester/vgg16")
(folder / "README.md").write_text((folder / "README.md").read_text() + "more")
config = json.loads((folder / "config.json").read_text())
config["detector"]["thresholds"]["manipulated"] = 1.0
(folder / "config.json").write_text(json.dumps(config))
last = push_model(folder, "tester/vgg16")
main = load_model("tester/vgg16").info
pinned = load_model("tester/vgg16", first).info
print(json.dumps({{"first": first, "last": last, "main": main.revision, "pinned": pinned.revision,
                  "threshold": pinned.thresholds.manipulated}}))
"""
    with running_hub(tmp_path / "hub") as endpoint:
        answer = hub_client(code, endpoint)
    assert answer["first"] != answer["last"] == answer["main"]
    assert answer["pinned"] == answer["first"] and answer["threshold"] < 1
