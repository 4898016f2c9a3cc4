import numpy as np
import pytest
import torch
from transformers import EvalPrediction

from training.fine_tuning import last_complete_checkpoint, optimizer, schedule, validation_auc
from training.network import PooledVGG16
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


def test_checkpoint_that_a_kill_left_half_written_is_not_gone_on_from(tmp_path):
    assert last_complete_checkpoint(tmp_path / "none") is None
    for step, state in ((200, "{}"), (1000, "{}"), (1200, '{"log_hist'), (1400, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if state is not None:
            (folder / "trainer_state.json").write_text(state)
    assert last_complete_checkpoint(tmp_path) == str(tmp_path / "checkpoint-1000")
