import pytest
import torch

from benchmarks import gpu
from benchmarks.media import ClipKind, make_clip
from detector.network.runtimes.batching import Batcher
from tests.redness_model import RednessRuntime


def test_crops_are_measured_against_the_product_and_float32():
    rows = {
        row.what: row
        for row in gpu.crops_on("cpu", 1, batches=(1,), dtypes=(torch.float32,), product_side=64, in_a_row=1)
    }
    assert list(rows) == [
        "cuda-fp32, matrix product",
        "cuda-fp32, batches of 1",
        "cuda-fp32, batches of 1, against the product",
        "cuda-fp32, largest change of log odds",
    ]
    crops = rows["cuda-fp32, batches of 1"]
    assert crops.ratio == pytest.approx(1 / crops.seconds)
    peak = rows["cuda-fp32, matrix product"].ratio * 1e12
    share = rows["cuda-fp32, batches of 1, against the product"].ratio
    assert share == pytest.approx(100 * crops.ratio * gpu.OPERATIONS_PER_CROP / peak)
    assert rows["cuda-fp32, largest change of log odds"].ratio < 1


def test_clips_are_analysed_at_the_same_time(tmp_path):
    clip = make_clip(tmp_path / "clip.mp4", ClipKind(), frames=4)
    (row,) = gpu.clips_on(Batcher(RednessRuntime()), clip, count=2, at_once=(2,))
    assert row.what == "2 clips, 2 at once, numpy-fp32"
    assert row.ratio == pytest.approx(120 / row.seconds)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU on this machine")
def test_machine_without_a_gpu_says_so(capsys):
    assert gpu.main([]) == 2
    assert capsys.readouterr().err == f"{gpu.NO_GPU}\n"
