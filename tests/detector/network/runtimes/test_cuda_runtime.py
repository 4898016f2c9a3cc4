"""The runtime for GPUs as far as it goes on a CPU; the rest is skipped where there is no GPU."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from detector.media.files import file_sha256
from detector.network.loading import ModelError, load_folder
from detector.network.runtimes import DeviceLostError, NoGpuError, RuntimeFacts, UnsuitableError, cuda_runtime
from detector.network.runtimes.cuda_network import resized
from detector.network.runtimes.cuda_runtime import CudaRuntime, build_cuda_runtime
from detector.network.runtimes.pooled_vgg16 import suitable_preprocessing
from tests.media_factory import astronaut
from training.networks.models import TimmClassifier, save_model_folder

NO_GPU = not torch.cuda.is_available()
needs_gpu = pytest.mark.skipif(NO_GPU, reason="there is no NVIDIA GPU on this machine")
THRESHOLDS = {"thresholds": {"no_manipulation_found": 0.2, "manipulated": 0.8}}
CROPS = [astronaut()[20:220, 120:320], astronaut()[:150, :150], astronaut()[100:324, 100:324]]
SAFE = {"auc_change": 0.001, "verdicts_changed": 0.004}


@pytest.fixture(scope="module")
def folder(pooled, tmp_path_factory):
    """A model folder with random weights."""
    folder = tmp_path_factory.mktemp("model")
    save_model_folder(pooled.to_timm(), folder, pooled.data_config, ["real", "fake"], THRESHOLDS)
    return folder


@pytest.fixture(scope="module")
def exact(folder):
    """What the reference makes of the crops."""
    return load_folder(folder, "m", runtime="torch").predict(CROPS)


def built(folder, dtype=None, device="cpu", batch_size=2, half=None) -> CudaRuntime:
    """The runtime with batches that the crops fill one and a half times; `half` is what config.json says of half precision."""
    config = json.loads((folder / "config.json").read_text())
    sha256 = file_sha256(folder / "model.safetensors")
    if half:
        config["detector"]["half_precision"] = {"weights_sha256": sha256, "device": "NVIDIA L4"} | half
    return build_cuda_runtime(folder, config, RuntimeFacts(0, (), sha256), device, dtype, batch_size)


@pytest.fixture(scope="module")
def runtime(folder):
    """In float32."""
    return built(folder, torch.float32)


@pytest.fixture(scope="module")
def found(runtime):
    """What it makes of the crops, in two batches of which the second is filled up."""
    return runtime.predict(CROPS)


@pytest.mark.parametrize("side", [60, 150, 224, 500])
def test_crops_are_resized_as_pillow_does(folder, side):
    preprocessing = suitable_preprocessing(json.loads((folder / "config.json").read_text()))
    noise = np.random.default_rng(side).integers(0, 256, (side, side, 3), dtype=np.uint8)
    for crop in (noise, np.ascontiguousarray(astronaut()[:side, :side])):
        by_torch = resized(torch.from_numpy(crop), preprocessing).numpy().astype(int)
        by_pillow = np.asarray(Image.fromarray(crop).resize((224, 224), preprocessing.resampling)).astype(int)
        # Pillow's factors have 22 bits: what lies within that of a half is rounded otherwise
        assert np.abs(by_torch - by_pillow).max() <= 1 and (by_torch != by_pillow).mean() < 0.002


def test_float32_gives_the_logits_and_maps_of_the_reference(runtime, found, exact):
    assert (runtime.name, runtime.outputs) == ("cuda-fp32", 2)
    assert found.logits == pytest.approx(exact.logits, abs=1e-3)
    assert np.abs(found.scores - exact.scores).max() < 2e-4
    assert found.evidence == pytest.approx(exact.evidence, rel=1e-3, abs=0.01)
    assert (found.logits.dtype, found.evidence.dtype) == (np.float64, np.float32)


def test_half_precision_stays_close_to_float32(folder, exact):
    runtime = built(folder, torch.float16, batch_size=1)
    found = runtime.predict(CROPS[:1])
    assert runtime.name == "cuda-fp16"
    assert not np.array_equal(found.logits, exact.logits[:1])
    assert found.logits == pytest.approx(exact.logits[:1], abs=0.01 * np.abs(exact.logits).max())
    assert np.corrcoef(found.evidence.ravel(), exact.evidence[0].ravel())[0, 1] > 0.99


def test_crop_scores_the_same_alone_and_among_others(runtime, found):
    alone = runtime.predict(CROPS[1:2])
    assert np.array_equal(alone.logits, found.logits[1:2]) and np.array_equal(alone.evidence, found.evidence[1:2])


def test_huge_crop_is_reduced_before_it_is_sent(runtime, found, monkeypatch):
    monkeypatch.setattr(cuda_runtime, "LARGEST_SIDE_PX", 199)
    sent = []
    monkeypatch.setattr(cuda_runtime, "resized", lambda crop, _: sent.append(crop.shape) or crop)
    assert runtime.predict(CROPS[:1]).logits == pytest.approx(found.logits[:1], abs=1e-3)
    assert sent == [(224, 224, 3)]


def test_use_goes_on_after_a_crop_that_cannot_be_computed(runtime, found):
    with pytest.raises(RuntimeError):
        runtime.predict([CROPS[0], np.zeros((0, 0, 3), np.uint8)])
    assert np.array_equal(runtime.predict(CROPS[:1]).logits, found.logits[:1])


def test_gpu_that_failed_is_not_the_fault_of_a_file(runtime, monkeypatch):
    def fails():
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(runtime, "_run", fails)
    with pytest.raises(DeviceLostError, match="^The GPU failed .* start the program again[.]$"):
        runtime.predict(CROPS[:1])
    assert not issubclass(DeviceLostError, RuntimeError)


@pytest.mark.parametrize(
    ("half", "name"),
    [
        ({}, "cuda-fp32"),
        ({"dtype": "float16", "measured": SAFE}, "cuda-fp16"),
        ({"dtype": "bfloat16", "measured": SAFE}, "cuda-bf16"),
        ({"dtype": "float16", "measured": SAFE | {"auc_change": -0.003}}, "cuda-fp32"),
        ({"dtype": "float16", "measured": SAFE | {"verdicts_changed": 0.006}}, "cuda-fp32"),
        ({"dtype": "float16", "measured": SAFE, "weights_sha256": "0" * 64}, "cuda-fp32"),
        ({"dtype": "float16"}, "cuda-fp32"),
    ],
)
def test_half_precision_is_used_only_where_it_was_measured_to_be_safe(folder, caplog, half, name):
    with caplog.at_level("INFO", "detector.network.runtimes.cuda_runtime"):
        assert built(folder, batch_size=1, half=half).name == name
    assert ("the GPU computes in float32: half precision was" in caplog.text) == (name == "cuda-fp32")


def test_measurement_on_a_cpu_allows_no_half_precision_on_a_gpu(caplog):
    config = {
        "detector": {"half_precision": {"weights_sha256": "a", "dtype": "float16", "device": "cpu", "measured": SAFE}}
    }
    with caplog.at_level("INFO", "detector.network.runtimes.cuda_runtime"):
        assert cuda_runtime._safe_dtype(config, "a", torch.device("cuda")) is torch.float32
    assert caplog.messages == ["the GPU computes in float32: half precision was measured on a CPU only"]
    assert cuda_runtime._safe_dtype(config, "a", torch.device("cpu")) is torch.float16


def test_unknown_half_precision_makes_no_usable_model(folder):
    with pytest.raises(ValueError, match="not float8"):
        built(folder, half={"dtype": "float8", "measured": SAFE})


def test_other_network_is_not_for_it(tmp_path):
    network = TimmClassifier("simple_cnn", 2)
    save_model_folder(network.to_timm(), tmp_path, network.data_config, ["real", "fake"], THRESHOLDS)
    with pytest.raises(UnsuitableError, match="no VGG-16"):
        built(tmp_path)


@pytest.mark.skipif(not NO_GPU, reason="there is a GPU on this machine")
def test_without_a_gpu_one_sentence_says_what_to_do(folder):
    with pytest.raises(ModelError, match="^PyTorch finds no NVIDIA GPU .* to compute on the CPU[.]$"):
        load_folder(folder, "m", runtime="cuda")


def test_failure_of_the_device_is_one_sentence(folder, monkeypatch):
    def fails(*_):
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 2 GiB")

    monkeypatch.setattr(cuda_runtime, "CudaRuntime", fails)
    with pytest.raises(
        NoGpuError, match=r"^The GPU failed when the model was loaded \(CUDA out of memory[.]\); please "
    ):
        built(folder)


@needs_gpu
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-3), (torch.float16, 0.02)])
def test_gpu_gives_the_logits_and_maps_of_the_reference(folder, exact, dtype, tolerance):
    found = built(folder, dtype, "cuda").predict(CROPS * 4)  # six batches: both places for uploads are used again
    assert found.logits == pytest.approx(np.tile(exact.logits, (4, 1)), abs=tolerance)
    assert found.evidence == pytest.approx(np.tile(exact.evidence, (4, 1, 1)), rel=tolerance, abs=10 * tolerance)


@needs_gpu
def test_crop_scores_the_same_on_a_gpu_wherever_it_stands_in_a_batch(folder):
    runtime = built(folder, torch.float16, "cuda", batch_size=16)
    logits = runtime.predict(CROPS[:1] * 20).logits
    assert np.array_equal(logits, np.tile(logits[:1], (20, 1)))


@needs_gpu
def test_float32_on_a_gpu_is_no_tf32_and_changes_no_setting(folder):
    before = torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic
    built(folder, torch.float32, "cuda")
    assert (torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic) == before
