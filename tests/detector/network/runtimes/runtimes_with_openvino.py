import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from detector.media.files import file_sha256
from detector.network import quantisation, settings
from detector.network.loading import BUNDLED_FOLDER, ModelError, load_folder
from detector.network.preprocessing import Preprocessing
from detector.network.quantisation import Quantisation
from detector.network.runtimes import Prediction, RuntimeFacts, building, openvino_runtime
from detector.network.runtimes.cuda_runtime import build_cuda_runtime
from detector.network.runtimes.pooled_vgg16 import read_weights
from tests.media_factory import astronaut
from training.networks.models import TimmClassifier, save_model_folder
from training.networks.vgg16 import DATA_CONFIG, PooledVGG16
from training.quantisation import activation_facts

ROOT = Path(__file__).parents[4]
THRESHOLDS = {"thresholds": {"no_manipulation_found": 0.2, "manipulated": 0.8}}
CROPS = [astronaut()[20:220, 120:320], astronaut()[:150, :150], astronaut()[100:500, 100:500]]


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch, tmp_path_factory):
    """Where there is one, `auto` would take it."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(building, "_DEVICES", tmp_path_factory.mktemp("dev"))


@pytest.fixture(scope="module")
def folder(pooled, tmp_path_factory):
    """A model folder with random weights, and ranges for int8."""
    folder = tmp_path_factory.mktemp("model")
    save_model_folder(pooled.to_timm(), folder, pooled.data_config, ["real", "fake"], THRESHOLDS)
    store_quantisation(folder)
    return folder


@pytest.fixture(scope="module")
def exact(folder):
    """What float32 makes of the crops."""
    return predicted(folder, "fp32")


@cache
def facts_of(folder: Path) -> dict:
    """Ranges that are far too wide for no activation."""
    return activation_facts(folder, json.loads((folder / "config.json").read_text()), CROPS)


def store_quantisation(folder: Path, **changes) -> None:
    """Ranges, and figures that allow int8."""
    file = folder / "config.json"
    config = json.loads(file.read_text())
    config["detector"]["quantisation"] = {
        "weights_sha256": file_sha256(folder / "model.safetensors"),
        **facts_of(folder),
        "margin": 0.0,
        "measured": {"auc_change": 0.0, "verdicts_changed": 0.0},
    } | changes
    file.write_text(json.dumps(config))


@pytest.mark.parametrize("size", [31, 100, 224, 517])
def test_preprocessing_equals_that_of_timm(size):
    crop = np.ascontiguousarray(np.resize(astronaut(), (size, size, 3)))
    ours = Preprocessing.from_config(DATA_CONFIG | {"interpolation": "bicubic"}).batch([crop])[0]
    theirs = timm.data.create_transform(**DATA_CONFIG, is_training=False)(Image.fromarray(crop)).numpy()
    assert np.abs(ours - theirs).max() < 1e-6


def predicted(folder: Path, choice: str) -> Prediction:
    return load_folder(folder, "m", runtime=choice).predict(CROPS)


def assert_openvino_answers_as_torch(folder: Path, by_openvino: Prediction) -> None:
    by_torch = predicted(folder, "torch")
    assert by_openvino.logits == pytest.approx(by_torch.logits, abs=1e-4)
    assert by_openvino.evidence == pytest.approx(by_torch.evidence, rel=1e-3, abs=1e-4)


def test_openvino_gives_the_logits_and_maps_of_torch(folder, exact):
    assert_openvino_answers_as_torch(folder, exact)


def test_openvino_gives_the_evidence_of_several_kinds_as_torch_does(tmp_path):
    torch.manual_seed(1)
    network = PooledVGG16(3).eval()
    torch.nn.init.normal_(network.head.weight, std=2.0)
    save_model_folder(network.to_timm(), tmp_path, network.data_config, ["a", "real", "b"], THRESHOLDS)
    assert_openvino_answers_as_torch(tmp_path, predicted(tmp_path, "fp32"))


def test_runtime_for_gpus_gives_the_logits_and_maps_of_openvino(folder, exact):
    config, facts = json.loads((folder / "config.json").read_text()), RuntimeFacts(0, (), "")
    found = build_cuda_runtime(folder, config, facts, "cpu", torch.float32, batch_size=3).predict(CROPS)
    assert found.logits == pytest.approx(exact.logits, abs=1e-3)
    assert found.evidence == pytest.approx(exact.evidence, rel=1e-3, abs=0.01)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU on this machine")
def test_gpu_that_torch_cannot_use_leaves_the_model_to_the_cpu(folder, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(building, "_DEVICES", tmp_path)
    assert load_folder(folder, "m").info.runtime.startswith("openvino-") and not caplog.messages
    (tmp_path / "nvidia0").touch()
    assert load_folder(folder, "m").info.runtime.startswith("openvino-")
    assert caplog.messages[0].startswith(f"the CPU computes {folder}: ") and "no NVIDIA GPU" in caplog.messages[0]
    caplog.clear()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")  # as Ray sets it for workers without a GPU
    assert load_folder(folder, "m").info.runtime.startswith("openvino-") and not caplog.messages


def test_processes_that_share_the_cores_do_not_all_compute_on_the_first_one(folder, exact):
    settings.limit_threads(1)
    try:
        shared = load_folder(folder, "m", runtime="fp32").runtime
        assert np.array_equal(shared.predict(CROPS).logits, exact.logits)
    finally:
        settings.limit_threads(0)
    wanted = {"ENABLE_CPU_PINNING": False, "INFERENCE_NUM_THREADS": 1}
    assert {name: shared._graph.get_property(name) for name in wanted} == wanted


def test_int8_stays_close_to_float32(folder, exact):
    quantised = predicted(folder, "int8")
    assert not np.array_equal(exact.logits, quantised.logits)
    assert quantised.logits == pytest.approx(exact.logits, abs=0.1 * np.abs(exact.logits).max())
    assert np.corrcoef(exact.evidence.ravel(), quantised.evidence.ravel())[0, 1] > 0.99


def test_sums_of_the_highest_int8_do_not_overflow(folder):
    weights = read_weights(folder / "model.safetensors")
    weights |= {"features.0.weight": 0 * weights["features.0.weight"], "features.0.bias": np.ones(64, np.float32)}
    weights["features.2.weight"] = np.ones((64, 64, 3, 3), np.float32)
    graph = openvino_runtime.build_graph(weights, Quantisation((1.0,), 0.0, 0.0, 0.0), every_layer=True)
    outputs = openvino_runtime.compile_graph(graph)(np.zeros((1, 3, 224, 224), np.float32))
    expected = 64 * 9 + weights["features.2.bias"]
    assert outputs[1][0, :, 100, 100] == pytest.approx(expected, rel=1e-5)


def test_what_has_no_range_is_computed_in_float32(folder, exact):
    store_quantisation(folder, highest=[])
    without = predicted(folder, "int8")
    store_quantisation(folder)
    assert np.array_equal(without.logits, exact.logits)


def test_channels_that_stay_silent_are_left_out(tmp_path):
    torch.manual_seed(2)
    network = PooledVGG16(2).eval()
    vgg = network.to_timm()
    silent = torch.arange(512) % 3 == 0
    for place in (26, 28):
        vgg.features[place].bias.data[silent] = -1e6
    save_model_folder(vgg, tmp_path, network.data_config, ["real", "fake"], THRESHOLDS)
    store_quantisation(tmp_path, highest=[])
    config = json.loads((tmp_path / "config.json").read_text())
    stored = Quantisation.from_config(config, file_sha256(tmp_path / "model.safetensors"))
    assert not np.isin(np.flatnonzero(silent), stored.channels(11)).any()
    weights = read_weights(tmp_path / "model.safetensors")
    (maps,) = openvino_runtime.build_graph(weights, stored).outputs
    assert maps.partial_shape[1] == len(stored.channels(12)) <= 512 - silent.sum()
    exact, without = predicted(tmp_path, "fp32"), predicted(tmp_path, "int8")
    assert without.logits == pytest.approx(exact.logits, abs=1e-5)
    assert without.evidence == pytest.approx(exact.evidence, abs=1e-4)


def test_score_near_a_threshold_is_that_of_float32(folder, exact):
    store_quantisation(folder, margin=1e9)
    model = load_folder(folder, "m", runtime="int8")
    near, anywhere = model.predict(CROPS), model.runtime.near(()).predict(CROPS)
    store_quantisation(folder)
    assert not np.array_equal(anywhere.logits, exact.logits)
    assert np.array_equal(near.logits, exact.logits) and np.array_equal(near.evidence, exact.evidence)


def test_frames_of_clips_are_computed_again_near_the_upper_threshold_only(folder, exact):
    crops = CROPS * 2  # more than are computed at once
    model = load_folder(folder, "m", runtime="int8")
    _, upper = model.info.thresholds.log_odds
    quantised = model.runtime.near(()).predict(crops)
    distances = np.abs(quantised.log_odds - upper)
    nearest, second, _ = np.unique(distances[: len(CROPS)])
    store_quantisation(folder, margin=(nearest + second) / 2)
    frames = load_folder(folder, "m", runtime="int8").for_frames().predict(crops)
    store_quantisation(folder)
    near = distances <= (nearest + second) / 2
    expected = np.tile(exact.log_odds, 2)[near]
    assert len(expected) == 2 and np.abs(quantised.log_odds[near] - expected).min() > 1e-4
    assert frames.log_odds[near] == pytest.approx(expected, abs=1e-5)
    assert np.array_equal(frames.log_odds[~near], quantised.log_odds[~near])


def test_a_crop_scores_the_same_alone_and_among_others(folder):
    runtime = load_folder(folder, "m", runtime="int8").runtime
    alone = np.concatenate([runtime.predict([crop]).logits for crop in CROPS])
    assert runtime.predict(CROPS * 2).logits == pytest.approx(np.tile(alone, (2, 1)), abs=1e-5)


@pytest.mark.parametrize(
    ("stored", "runtime"),
    [
        ({}, "openvino-int8"),
        ({"measured": {"auc_change": -0.003, "verdicts_changed": 0.0}}, "openvino-fp32"),
        ({"measured": {"auc_change": 0.0, "verdicts_changed": 0.006}}, "openvino-fp32"),
        ({"measured": None}, "openvino-fp32"),
        ({"weights_sha256": "0" * 64}, "openvino-fp32"),
    ],
)
def test_int8_is_used_only_where_it_was_measured_to_be_safe(folder, monkeypatch, stored, runtime):
    monkeypatch.setattr(openvino_runtime, "has_fast_int8", lambda: True)
    store_quantisation(folder, **stored)
    assert load_folder(folder, "m").info.runtime == runtime
    store_quantisation(folder)


def test_int8_is_not_used_on_a_processor_that_gains_nothing_by_it(folder, monkeypatch):
    monkeypatch.setattr(openvino_runtime, "has_fast_int8", lambda: False)
    assert load_folder(folder, "m").info.runtime == "openvino-fp32"


@pytest.mark.parametrize(
    ("flags", "found"), [("flags : fma avx2 bmi2", True), ("flags : avx avx2x", False), ("", False)]
)
def test_processor_is_asked_for_its_int8_instructions(tmp_path, monkeypatch, flags, found):
    facts = tmp_path / "cpuinfo"
    facts.write_text(flags)
    monkeypatch.setattr(quantisation, "_CPU_FACTS", facts)
    monkeypatch.setattr(quantisation.platform, "machine", lambda: "x86_64")
    assert quantisation.has_fast_int8() is found


def test_head_that_is_not_linear_is_left_to_torch(pooled, tmp_path):
    network = pooled.to_timm()
    network.head.fc.weight.data[0, 0] = 0.5
    save_model_folder(network, tmp_path, pooled.data_config, ["real", "fake"], THRESHOLDS)
    assert load_folder(tmp_path, "m").info.runtime == "torch-fp32"
    with pytest.raises(ModelError, match="no linear layer"):
        load_folder(tmp_path, "m", runtime="fp32")


def test_other_network_is_left_to_torch(tmp_path):
    network = TimmClassifier("simple_cnn", 2)
    save_model_folder(network.to_timm(), tmp_path, network.data_config, ["real", "fake"], THRESHOLDS)
    assert load_folder(tmp_path, "m").info.runtime == "torch-fp32"


@pytest.mark.parametrize("choice", ["fp32", "int8"])
def test_golden_score_guards_against_library_drift(choice, golden_crops):
    model = load_folder(BUNDLED_FOLDER, "bundled", runtime=choice)
    golden = json.loads((ROOT / "tests" / "fixtures" / "golden_scores.json").read_text())[model.info.runtime]
    assert set(golden) == set(golden_crops)
    # as the network itself gives them: near a threshold int8 would be that of fp32
    runtime = model.runtime.near(()) if choice == "int8" else model.runtime
    for name, crop in golden_crops.items():
        assert runtime.predict([crop]).scores[0] == pytest.approx(golden[name], abs=1e-3)


def test_start_needs_no_torch_and_tells_nobody():
    code = """
import sys
calls = []
sys.addaudithook(lambda event, arguments: calls.append(event) if event in ("socket.connect", "socket.getaddrinfo") else None)
import numpy as np
from detector.analyzer import Analyzer
from detector.network.loading import load_folder, BUNDLED_FOLDER
Analyzer(load_folder(BUNDLED_FOLDER, "bundled")).analyze_image("examples/astronaut.jpg")
print(calls, [name for name in ("torch", "timm", "transformers") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.split("\n")[0] == "[] []", done.stderr[-2000:]
