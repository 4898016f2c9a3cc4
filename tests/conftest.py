import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from dataset_builder.pixels import jpeg
from detector.faces.detection import FaceDetector, crop_face
from tests.media_factory import PAIRS, astronaut, faceforensics_tree, numbered_frames, write_video
from training.networks.vgg16 import PooledVGG16

# A process that has used OpenVINO ends in a segmentation fault some time after it trains with PyTorch 2.14, so what is about
# OpenVINO runs in a process of its own (`tests/own_process.py`) and all else on the reference.
os.environ.setdefault("MODEL_RUNTIME", "torch")

# Threads that wait for each other leave the core to others; the processes that share the tests inherit it.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# Two processes share the tests (`addopts` in pyproject.toml): one thread each, and no port that both could take, of the hundred
# that Gradio tries.
if worker := os.environ.get("PYTEST_XDIST_WORKER", ""):
    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"  # of the processes that tests start
    os.environ["GRADIO_SERVER_PORT"] = str(7860 + 100 * int(worker.removeprefix("gw")))

pytest_plugins = ["tests.real_time"]

ROOT = Path(__file__).parent.parent

# The same examples every time: a test that fails by chance is of no use to who changed something else.
settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=60, database=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def even_clips(tmp_path_factory):
    """Gives clips of so many frames at such a rate, each made once."""
    folder, made = tmp_path_factory.mktemp("clips"), {}

    def clip(count: int, fps: Fraction | int) -> Path:
        if (count, fps) not in made:
            path = folder / f"{len(made)}.mkv"
            times_s = [float(number / Fraction(fps)) for number in range(count)]
            frames = numbered_frames(count, 32, 32)
            made[count, fps] = write_video(path, frames, fps=fps, times_s=times_s, preset="ultrafast")
        return made[count, fps]

    return clip


@pytest.fixture(scope="session")
def faceforensics_root(tmp_path_factory):
    """Six pairs of sequences in FaceForensics++ layout, Deepfakes, c23; read only."""
    return faceforensics_tree(tmp_path_factory.mktemp("faceforensics"), PAIRS)


@pytest.fixture(scope="session")
def pooled():
    """A network with random weights, for what holds of any weights."""
    torch.manual_seed(0)
    model = PooledVGG16(2).eval()
    torch.nn.init.normal_(model.head.weight, std=0.5)
    torch.nn.init.normal_(model.head.bias)
    # statistics of its own in every normalisation, so that folding them matters
    for norm in model.modules():
        if isinstance(norm, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            torch.nn.init.normal_(norm.running_mean, std=0.05)
            torch.nn.init.uniform_(norm.running_var, 0.8, 1.2)
            if norm.affine:
                torch.nn.init.uniform_(norm.weight, 0.9, 1.1)
                torch.nn.init.normal_(norm.bias, std=0.05)
    return model


@pytest.fixture(scope="session")
def golden_crops():
    """What the golden scores of the bundled model are of, by name."""
    image = astronaut()
    crop = crop_face(image, FaceDetector().detect(image)[0])
    return {"astronaut": crop, "astronaut, JPEG 40": jpeg(crop, 40), "astronaut, mirrored": crop[:, ::-1].copy()}


@pytest.fixture(scope="session", autouse=True)
def temporary_base(tmp_path_factory):
    """Made before any server moves the temporary folder of this process into its own."""
    return tmp_path_factory.getbasetemp()


@pytest.fixture
def hub_client(tmp_path):
    """Runs Python code as a Hub client and gives the JSON that its last line prints; a process each, as HF_ENDPOINT is read at import."""

    def run(code: str, endpoint: str, **environment: str) -> dict:
        variables = os.environ | {
            "HF_ENDPOINT": endpoint,
            "HF_HUB_DISABLE_XET": "1",
            "HF_TOKEN": "hf_test",
            "HF_HOME": str(tmp_path / "hf"),
            "MODEL_RUNTIME": "auto",  # as users have it; it starts without torch
            **environment,
        }
        done = subprocess.run([sys.executable, "-c", code], env=variables, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run
