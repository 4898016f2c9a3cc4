import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits
from transformers import EvalPrediction, TrainerControl, TrainerState, TrainingArguments

from training.fine_tuning import EarlyStopping, fine_tune, mixed_precision, optimizer, schedule, validation_auc
from training.networks.models import build_classifier
from training.networks.vgg16 import PooledVGG16
from training.options import Options


def test_learning_rate_falls_from_block_to_block_and_the_head_has_its_own():
    options = Options(dataset="", learning_rate=1e-4, block_decay=0.5, head_learning_rate=1e-2)
    rates = [group["lr"] for group in optimizer(PooledVGG16(2), options).param_groups]
    assert rates == pytest.approx([1e-4 / 16, 1e-4 / 8, 1e-4 / 4, 1e-4 / 2, 1e-4, 1e-2])


def test_blocks_wait_until_the_head_has_warmed_up_and_all_end_at_zero():
    parameters = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    groups = torch.optim.SGD([{"params": [parameter], "lr": 1.0} for parameter in parameters])
    plan = schedule(groups, Options(dataset="", head_warmup=0.2), steps=100)
    block, head = (np.array([factor(step) for step in range(101)]) for factor in plan.lr_lambdas)
    assert (block[:20] == 0).all() and head[1] > 0
    assert block[22] > 0 and block[26] == pytest.approx(head[26])
    assert block[100] == head[100] == pytest.approx(0)
    assert (np.diff(head[5:]) <= 0).all()


def test_selection_looks_at_the_chance_of_any_fake():
    logits = np.array([[2.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 3.0], [1.0, 0.0, 0.0]])
    assert validation_auc(EvalPrediction(logits, np.array([0, 1, 2, 0])))["auc"] == 1.0
    assert validation_auc(EvalPrediction(logits, np.array([0, 0, 0, 0])))["auc"] == 0.5  # no fake to find


@pytest.mark.parametrize(
    ("cuda", "native", "expected"),
    [
        (True, True, (True, False)),
        (True, False, (False, True)),
        (False, True, (True, False)),
        (False, False, (False, False)),
    ],
)
def test_half_precision_is_used_where_the_device_has_it(monkeypatch, cuda, native, expected):
    monkeypatch.setattr("torch.cuda.is_available", lambda: cuda)
    # every GPU imitates bfloat16 where it does not have it
    monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda including_emulation=True: including_emulation or native)
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {"avx512_bf16": native})
    assert tuple(mixed_precision().values()) == expected


def test_run_that_had_stopped_early_does_not_start_over(tmp_path):
    arguments = TrainingArguments(
        str(tmp_path), load_best_model_at_end=True, metric_for_best_model="auc", eval_strategy="steps", save_steps=500
    )
    for count, stops in ((2, True), (1, False)):
        callback, control = EarlyStopping(2), TrainerControl()
        callback.early_stopping_patience_counter = count
        callback.on_train_begin(arguments, TrainerState(), control)
        assert control.should_training_stop == stops


class BlasThreads(torch.utils.data.Dataset):
    """A real and a fake crop; notes how many threads linear algebra may use where they are made."""

    def __init__(self, file):
        self._file = file

    def __len__(self):
        return 2

    def __getitem__(self, index):
        found = {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}
        with self._file.open("a") as lines:
            lines.write(f"{max(found)}\n")
        return {"pixel_values": torch.zeros(2, 3, 32, 32), "labels": torch.tensor([0, 1])}


def test_workers_that_make_pseudo_fakes_leave_the_other_cores_to_each_other(tmp_path):
    options = Options(dataset="", batch_size=4, save_steps=1, workers=1, patience=0)
    model = build_classifier("simple_cnn", 2)
    with threadpool_limits(2, user_api="blas"):
        fine_tune(
            model, options, BlasThreads(tmp_path / "train"), BlasThreads(tmp_path / "selection"), tmp_path / "run"
        )
    assert (tmp_path / "train").read_text().split() == ["1", "1"]


class NoisePairs(torch.utils.data.Dataset):
    """Pairs of a real and a fake crop that differ from each other, the same each time."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        pixels = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(index))
        return {"pixel_values": pixels + index, "labels": torch.tensor([0, 1])}


@pytest.mark.parametrize("bf16", [False, True])
def test_normalisation_is_that_of_the_final_weights_in_float32(tmp_path, initial_weights, monkeypatch, bf16):
    monkeypatch.setattr("training.fine_tuning.mixed_precision", lambda: {"bf16": bf16, "fp16": False})
    options = Options(
        dataset="", batch_size=4, save_steps=2, workers=0, patience=0, initial_weights=str(initial_weights)
    )
    pairs = NoisePairs()
    model = fine_tune(PooledVGG16(2), options, pairs, pairs, tmp_path)
    with torch.no_grad():
        values = model.features[0](torch.cat([pairs[index]["pixel_values"] for index in range(4)]))
    assert torch.allclose(model.features[1].running_mean, values.mean(dim=(0, 2, 3)), atol=1e-4)
