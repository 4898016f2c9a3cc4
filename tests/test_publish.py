"""Models, Spaces and data sets go to a loopback Hub with the real client, and answer from there."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from detector import __version__
from detector.analyzer import Analyzer
from detector.network.loading import BUNDLED_FOLDER, load_folder
from tests.hub_server import running_hub
from tests.media_factory import astronaut
from training import publish
from training.networks.models import UNTRAINED

ROOT = Path(__file__).parent.parent
# Without making sure of the folder, which would load torch each time; `tests/test_hub.py` publishes with it.
UNCHECKED = """
from training import publish
publish.load_folder = lambda *args, **options: None
publish.check_architecture = lambda name: None
"""


def test_model_is_private_tagged_in_one_commit_and_pulled_by_its_tag(hub_client, tmp_path):
    code = f"""{UNCHECKED}import contextlib, io, json, os
from huggingface_hub import HfApi, ModelCard
from training.publish import main
from detector.network.loading import load_model
out = io.StringIO()
with contextlib.redirect_stdout(out):
    assert main(["model", {str(BUNDLED_FOLDER)!r}, "tester/vgg16"]) == 0
    assert main(["model", {str(BUNDLED_FOLDER)!r}, "tester/vgg16"]) == 0  # nothing new: no other commit, the same tag
printed = out.getvalue().split()
api = HfApi()
(tag,) = api.list_repo_refs("tester/vgg16").tags
print(json.dumps({{
    "printed": printed, "tag": tag.name, "commit": tag.target_commit, "private": api.model_info("tester/vgg16").private,
    "commits": len(api.list_repo_commits("tester/vgg16")), "pulled": load_model("tester/vgg16", tag.name).info.revision,
    "files": sorted(api.list_repo_files("tester/vgg16")), "card": ModelCard.load("tester/vgg16").data.to_dict(),
}}))
"""
    with running_hub(tmp_path / "hub") as endpoint:
        answer = hub_client(code, endpoint, MODEL_ID="tester/vgg16")
    assert answer["private"]
    assert answer["tag"].startswith(f"v{__version__}-")
    assert answer["printed"][0] == answer["commit"] == answer["pulled"]
    assert answer["commits"] == 2  # the first one made the repository
    assert {"config.json", "model.safetensors", "README.md", "evaluation.json"} <= set(answer["files"])
    assert answer["card"]["library_name"] == "timm" and answer["card"]["model-index"]


def test_new_thresholds_are_a_new_version_and_nothing_of_the_old_one_stays(hub_client, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(BUNDLED_FOLDER, folder)
    code = f"""{UNCHECKED}import json, pathlib
from huggingface_hub import HfApi
from training.publish import push_model
api, folder = HfApi(), pathlib.Path({str(folder)!r})
revisions = [push_model(folder, "tester/vgg16")]
(folder / "plots" / "robustness.png").unlink()
config = json.loads((folder / "config.json").read_text())
config["detector"]["thresholds"]["manipulated"] = 1.0
(folder / "config.json").write_text(json.dumps(config))
revisions.append(push_model(folder, "tester/vgg16"))
print(json.dumps({{
    "revisions": revisions, "tagged": [tag.target_commit for tag in api.list_repo_refs("tester/vgg16").tags],
    "files": api.list_repo_files("tester/vgg16"),
}}))
"""
    with running_hub(tmp_path / "hub") as endpoint:
        answer = hub_client(code, endpoint)
    assert answer["tagged"] == answer["revisions"] and len(set(answer["revisions"])) == 2
    assert "plots/roc.png" in answer["files"] and "plots/robustness.png" not in answer["files"]


@pytest.mark.parametrize("model_id", ["tester/vgg16", "tester/two/parts"])
def test_hub_that_does_not_answer_and_an_id_that_is_none_are_one_sentence_each(hub_client, model_id):
    code = f"""{UNCHECKED}import contextlib, io, json
from training.publish import main
error = io.StringIO()
with contextlib.redirect_stderr(error):
    code = main(["model", {str(BUNDLED_FOLDER)!r}, {model_id!r}])
print(json.dumps({{"code": code, "error": error.getvalue()}}))
"""
    answer = hub_client(code, "http://127.0.0.1:9")
    assert answer["code"] == 2
    assert len(answer["error"].splitlines()) == 1
    assert answer["error"].startswith("No answer from the Hub: " if model_id == "tester/vgg16" else "Repo id must")


def test_space_gets_what_it_runs_with_and_asks_for_the_model(hub_client, tmp_path):
    code = """
import json
from huggingface_hub import HfApi
from training.publish import main
api = HfApi()
api.create_repo("tester/check", repo_type="space", space_sdk="gradio")
api.upload_file(path_or_fileobj=b"old", path_in_repo="detector/gone.py", repo_id="tester/check", repo_type="space")
assert main(["space", "tester/check", "--model-id", "tester/vgg16", "--model-revision", "v1"]) == 0
variables = lambda: {name: variable.value for name, variable in api.get_space_variables("tester/check").items()}
first = variables()
assert main(["space", "tester/check", "--model-id", "tester/other"]) == 0
print(json.dumps({
    "first": first, "variables": variables(),
    "files": api.list_repo_files("tester/check", repo_type="space"),
}))
"""
    with running_hub(tmp_path / "hub") as endpoint:
        answer = hub_client(code, endpoint)
    files = set(answer["files"])
    assert {"app.py", "README.md", "requirements.txt", "model/model.safetensors", "detector/analyzer.py"} <= files
    assert "detector/faces/weights/face_detection_yunet_2023mar.onnx" in files
    assert {"docs/screenshot.png", "docs/api.md", "SECURITY.md"} <= files  # the README links to them
    assert {name.split("/")[0] for name in files} & {"training", "tests", "benchmarks", "runs", "data"} == set()
    assert "detector/gone.py" not in files and not any("__pycache__" in name for name in files)
    assert answer["first"] == {"MODEL_ID": "tester/vgg16", "MODEL_REVISION": "v1"}
    assert answer["variables"] == {"MODEL_ID": "tester/other"}  # v1 is no revision of that one


SPACE_ANSWER = """
import json, os, app
from detector.analyzer import Analyzer
from detector.network.loading import load_model
from web.settings import Settings
asked = Settings.from_env(os.environ).model
model = load_model(asked.model_id, asked.revision, asked.runtime)
app.build_app(Analyzer(model))
result = Analyzer(model).analyze_image("examples/astronaut.jpg").result
print(json.dumps({"id": result.model.id, "revision": result.model.revision, "score": result.score}))
"""


def test_deployed_files_answer_with_the_model_they_ask_for(hub_client, tmp_path):
    code = f"""{UNCHECKED}import json, os, pathlib, subprocess, sys
from huggingface_hub import snapshot_download
from training.publish import deploy_space, push_model
revision = push_model(pathlib.Path({str(BUNDLED_FOLDER)!r}), "tester/vgg16")
deploy_space("tester/check", "tester/vgg16", revision)
folder = snapshot_download("tester/check", repo_type="space")
variables = os.environ | {{"MODEL_ID": "tester/vgg16", "MODEL_REVISION": revision}}
done = subprocess.run([sys.executable, "-c", {SPACE_ANSWER!r}], cwd=folder, env=variables, capture_output=True, text=True)
assert done.returncode == 0, done.stderr
print(json.dumps({{"pushed": revision}} | json.loads(done.stdout.splitlines()[-1])))
"""
    with running_hub(tmp_path / "hub") as endpoint:
        answer = hub_client(code, endpoint, MODEL_RUNTIME="fp32")
    assert (answer["id"], answer["revision"]) == ("tester/vgg16", answer["pushed"])
    here = (
        Analyzer(load_folder(BUNDLED_FOLDER, "bundled", runtime="torch"))
        .analyze_image(ROOT / "examples" / "astronaut.jpg")
        .result
    )
    assert answer["score"] == pytest.approx(here.score, abs=1e-3)


def test_folder_that_is_no_model_is_not_published(tmp_path, capsys):
    assert publish.main(["model", str(tmp_path), "tester/vgg16"]) == 2
    assert "does not hold a usable model" in capsys.readouterr().err


@pytest.mark.parametrize("name", [*UNTRAINED, "vgg17"])
def test_network_that_timm_alone_does_not_have_is_not_published(tmp_path, capsys, name):
    (tmp_path / "config.json").write_text(json.dumps({"architecture": name}))
    assert publish.main(["model", str(tmp_path), "tester/vgg16"]) == 2
    assert f"A model of the network {name} is not published" in capsys.readouterr().err


def test_network_of_timm_may_be_published():
    publish.check_architecture("vgg16")
    publish.check_architecture("resnet18.a1_in1k")


def test_data_sets_go_to_a_private_gated_repository_and_come_back(hub_client, tmp_path, faceforensics_root):
    code = f"""
import json, datasets, huggingface_hub
from dataset_builder.__main__ import main
root = {str(faceforensics_root)!r}
for split in ("newsroom", "test-only"):
    name = ["--labelled", root + "-photos"] if split == "test-only" else ["--root", root]
    assert main([*name, "--push-to-hub", "tester/faces", "--frames-per-video", "3", "--split", split]) == 0
rows = datasets.load_dataset("tester/faces", "Deepfakes_c23", split="train")
info = huggingface_hub.HfApi().dataset_info("tester/faces")
card = huggingface_hub.DatasetCard.load("tester/faces")
print(json.dumps({{
    "labels": rows.features["label"].names, "manipulations": sorted(set(rows["manipulation"])),
    "shape": rows[0]["image"].size, "configs": datasets.get_dataset_config_names("tester/faces"),
    "private": info.private, "gated": info.gated, "yaml": card.data.to_dict(), "text": card.text,
}}))
"""
    photos = Path(f"{faceforensics_root}-photos")
    for label in ("real", "fake"):
        (photos / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(astronaut()).save(photos / label / "a.jpg")
    with running_hub(tmp_path / "hub") as endpoint:
        answer = hub_client(code, endpoint)
    assert answer["labels"] == ["real", "fake"] and answer["manipulations"] == [0, 1]
    assert answer["shape"][0] == answer["shape"][1] > 48
    assert (answer["private"], answer["gated"]) == (True, "manual")
    assert sorted(answer["configs"]) == ["Deepfakes_c23", "labelled"]  # the first stays when a second comes
    assert {entry["config_name"] for entry in answer["yaml"]["configs"]} == {"Deepfakes_c23", "labelled"}
    assert {entry["config_name"] for entry in answer["yaml"]["dataset_info"]} == {"Deepfakes_c23", "labelled"}
    assert answer["yaml"]["license"] == "other" and "extra_gated_prompt" in answer["yaml"]
    for heading in ("## Configuration `Deepfakes_c23`", "## Configuration `labelled`", "## How to rebuild"):
        assert heading in answer["text"]


def test_error_of_the_system_is_one_sentence_without_its_number(tmp_path):
    with pytest.raises(OSError) as caught:
        (tmp_path / "gone").read_bytes()
    assert publish.describe_error(caught.value) == f"No such file or directory: {tmp_path / 'gone'}."
