"""A run from pack to weights, as short as can be."""

import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from training.networks.vgg16 import PooledVGG16
from training.on_gpu import run
from training.on_gpu.batches import PART_ODDS
from training.on_gpu.finish import PlainNetwork
from training.on_gpu.pack import main as run_pack


def write_pack(folder: Path, source: str = "dfdc") -> Path:
    """Three pairs to learn from and two to validate on."""
    random = np.random.default_rng(0)
    names = [f"{number}_{kind}.png" for number in range(5) for kind in ("real", "fake")]
    square = np.array([[40, 40], [80, 40], [80, 80], [40, 80]], np.float32)
    unknown = np.full((4, 2), np.nan, np.float32)
    columns = {
        "source": [source] * 10,
        "manipulation": ["real", "DFDC"] * 5,
        "split": ["train"] * 6 + ["validation"] * 4,
        "group": [name[0] for name in names],
        "file": names,
        "frame": [-1] * 10,
        "original": [row - 1 if row % 2 else -1 for row in range(10)],
        "box": [(30.0, 30.0, 90.0, 90.0)] * 10,
        "point": [square, unknown] * 5,
    }

    folder.mkdir()
    np.savez_compressed(folder / "index.npz", **{f"{name}s": np.asarray(values) for name, values in columns.items()})
    (folder / "parts.json").write_text(json.dumps(dict.fromkeys(PART_ODDS, [0, 1, 2, 3])))
    with zipfile.ZipFile(folder / "part_00.zip", "w") as part:
        for name in names:
            picture = cv2.resize(random.integers(0, 255, (6, 6, 3)).astype(np.uint8), (120, 120))
            part.writestr(name, cv2.imencode(".png", picture)[1].tobytes())
    return folder


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Of DFDC."""
    return write_pack(tmp_path / "pack")


@pytest.fixture
def start(tmp_path: Path) -> Path:
    """Weights of a plain VGG-16."""
    torch.manual_seed(0)
    network = timm.create_model("vgg16", num_classes=2, mlp_ratio=4 / 4096)
    save_file(network.state_dict(), tmp_path / "start.safetensors")
    return tmp_path / "start.safetensors"


def test_a_run_writes_weights_that_fit_the_application_and_what_it_did(pack, start, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "INPUT_SIZE", 32)  # the network does not matter here
    output = tmp_path / "run"
    options = ["--pack", str(pack), "--initial-weights", str(start), "--output", str(output)]
    assert run.main([*options, "--pairs", "2", "--max-steps", "2", "--workers", "1", "--leave-out", "lfw"]) == 0
    parts = sorted(output.glob("final.*"))
    joined = tmp_path / "final.safetensors"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert len(parts) == 2 and all(value.isfinite().all() for value in load_file(joined).values())
    assert PlainNetwork(joined).to_timm()(torch.zeros(1, 3, 224, 224)).shape == (1, 2)
    facts = json.loads((output / "run.json").read_text())
    assert (facts["steps"], facts["crops"], facts["left_out"]) == (2, 8, ["lfw"])
    assert facts["data"] == [
        {
            "name": "dfdc",
            "manipulations": ["DFDC"],
            "compression": ["unknown"],
            "crops": {"train": 6, "validation": 4},
        }
    ]
    assert facts["shares"][0].startswith("dfdc, DFDC: 3 fakes beside 3 real crops")


def test_a_folder_that_is_no_pack_is_refused_in_one_sentence(start, tmp_path, capsys):
    options = ["--pack", str(tmp_path), "--initial-weights", str(start), "--output", str(tmp_path / "run")]
    assert run.main(options) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_pack_without_faces_of_any_share_is_refused_in_one_sentence(start, tmp_path, capsys, caplog):
    pack = write_pack(tmp_path / "pack", source="press")
    options = ["--pack", str(pack), "--initial-weights", str(start), "--output", str(tmp_path / "run")]
    assert run.main([*options, "--workers", "1"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("The pack has no faces to learn from: no real training faces of ffpp, ffpp_frames, dfdc,")
    assert "not learned from, as no share of a batch names it: press" in caplog.text


def test_packed_sources_and_kinds_without_a_share_are_listed_unless_they_are_left_out_on_purpose():
    rows = [("lfw", "real"), ("ffpp", "real"), ("ffpp", "Deepfakes"), ("ffpp", "FaceSwap"), ("press", "real")]
    columns = {"source": np.array([source for source, _ in rows]), "split": np.array(["train"] * len(rows))}
    columns["manipulation"] = np.array([kind for _, kind in rows])
    assert run.without_share(columns, set()) == ["ffpp (FaceSwap)", "press"]
    assert run.without_share(columns, {"FaceSwap", "press"}) == []
    assert run.without_share(columns | {"split": np.array(["validation"] * len(rows))}, set()) == []


def test_packing_without_a_folder_or_a_face_is_refused_in_one_sentence(tmp_path, capsys):
    output = tmp_path / "pack"
    assert run_pack(["--output", str(output)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "Name what to pack, by --ffpp, --ffpp-frames, --dfdc-pairs, --swaps or --reals."
    (tmp_path / "press").mkdir()
    cv2.imwrite(str(tmp_path / "press" / "grey.png"), np.full((64, 64, 3), 128, np.uint8))
    assert run_pack(["--reals", str(tmp_path / "press"), "--output", str(output)]) == 2
    assert "There is nothing to pack" in capsys.readouterr().err and not output.exists()


def test_a_temperature_divides_the_logits(tmp_path):
    torch.manual_seed(0)
    save_file(PooledVGG16(2).to_timm().state_dict(), tmp_path / "light.safetensors")
    network = PlainNetwork(tmp_path / "light.safetensors")
    network._weights["pre_logits.fc1.bias"].copy_(torch.tensor([1.0, -2.0, -1.0, 2.0]))
    pixels = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        logits, cooled = network.to_timm()(pixels), network.to_timm(2.0)(pixels)
    assert logits[0].tolist() == pytest.approx([1.0, -2.0])
    assert torch.allclose(cooled, logits / 2)
