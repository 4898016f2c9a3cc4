"""What `pip install .` gives: the wheel carries all that it needs and works away from the checkout."""

import json
import os
import subprocess
import sys
import zipfile
from email import message_from_string
from importlib.metadata import distributions
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="the build backend is missing: pip install -r requirements-dev.txt")
pytest.importorskip("hatch_requirements_txt", reason="the build backend is missing")

ROOT = Path(__file__).parent.parent
PACKAGES = ("detector", "web", "dataset_builder", "training")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The unpacked wheel, which is what pip puts into site-packages."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-q", "."]
    built = subprocess.run([*build, "-w", str(folder)], cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    unpacked = folder / "site-packages"
    zipfile.ZipFile(wheel).extractall(unpacked)
    return unpacked


def run_installed(code: str, installed: Path, folder: Path) -> str:
    """Runs code in a process that sees the unpacked wheel and not the checkout; gives what it prints."""
    environment = os.environ | {"PYTHONPATH": str(installed), "MODEL_RUNTIME": "auto"}
    ended = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_wheel_carries_every_file_of_the_packages(installed):
    sources = {file.relative_to(ROOT) for package in PACKAGES for file in (ROOT / package).rglob("*.*")}
    expected = {file for file in sources if "__pycache__" not in file.parts}
    missing = {str(file) for file in expected if not (installed / file).is_file()}
    assert missing == set()
    assert (installed / "detector/py.typed").is_file()


def test_wheel_carries_the_bundled_model(installed):
    carried = {
        str(file.relative_to(installed / "detector/bundled_model")) for file in installed.rglob("bundled_model/**/*.*")
    }
    assert {"config.json", "model.safetensors", "README.md", "plots/roc.png"} <= carried


def test_wheel_requires_the_versions_of_the_requirement_files(installed):
    (package,) = distributions(path=[str(installed)])
    required = {line.split(";")[0] for line in package.requires if "extra ==" not in line}
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert required == {line.split("#")[0].split(";")[0].strip() for line in lines if not line.startswith("#")}
    metadata = message_from_string(package.read_text("METADATA"))
    assert set(metadata.get_all("Provides-Extra")) == {"train", "links", "cluster", "dev"}
    assert any(line.startswith("datasets==") and "extra == 'train'" in line for line in package.requires)
    assert any(line.startswith("pytest==") and "extra == 'dev'" in line for line in package.requires)


def test_installed_package_analyses_a_photo_with_the_bundled_model(installed, tmp_path):
    code = f"""
import json
from detector import Analyzer, FaceDetector, crop_face, load_model
import detector
model = load_model()
result = Analyzer(model).analyze_image({str(ROOT / "examples/astronaut.jpg")!r}).result
print(json.dumps([detector.__file__, str(model.folder), result.verdict, len(result.faces)]))
"""
    module, folder, verdict, faces = json.loads(run_installed(code, installed, tmp_path))
    assert Path(module).is_relative_to(installed) and Path(folder) == installed / "detector/bundled_model"
    assert verdict != "no_face" and faces == 1


def test_installed_package_crops_a_face_as_the_model_expects(installed, tmp_path):
    code = f"""
import numpy as np
from PIL import Image
from detector import FaceDetector, crop_face
photo = np.asarray(Image.open({str(ROOT / "examples/astronaut.jpg")!r}).convert("RGB"))
(face,) = FaceDetector().detect(photo)
crop = crop_face(photo, face)
print(crop.shape[0] == crop.shape[1] > face.size_px)
"""
    assert run_installed(code, installed, tmp_path).strip() == "True"


@pytest.mark.parametrize("name", ["face-check", "face-check-dataset", "face-check-train"])
def test_installed_commands_start(installed, tmp_path, name):
    code = f"""
from importlib.metadata import entry_points
(command,) = entry_points(group="console_scripts", name={name!r})
print(command.load().__module__)
"""
    assert run_installed(code, installed, tmp_path).endswith("__main__\n")


def test_installed_command_tells_its_options(installed, tmp_path):
    code = "from detector.__main__ import main; main(['--help'])"
    assert "usage: python -m detector" in run_installed(code, installed, tmp_path)
