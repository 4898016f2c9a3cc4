"""How fast each part of a network learns, and when."""

from __future__ import annotations

import math
from typing import Any

from training.networks.models import Classifier


def parameter_groups(
    model: Classifier, learning_rate: float, block_decay: float, head_learning_rate: float
) -> list[dict[str, Any]]:
    """Makes the groups of an optimizer: one a block, whose rate falls from block to block downwards, and last the head.

    Args:
        model: Network to train.
        learning_rate: Rate of the topmost block.
        block_decay: Factor on the rate from each block to the one below it.
        head_learning_rate: Rate of what starts from nothing.
    """
    blocks = model.blocks()
    groups: list[dict[str, Any]] = [
        {"params": block, "lr": learning_rate * block_decay ** (len(blocks) - 1 - depth)}
        for depth, block in enumerate(blocks)
    ]
    return [*groups, {"params": model.head_parameters(), "lr": head_learning_rate}]


def cosine_after_warmup(done: float, warmup: float, start: float = 0.0) -> float:
    """Computes the factor on a learning rate: a cosine to 0 after a linear warm-up.

    Args:
        done: Share of the run that is done, 0..1.
        warmup: Share of the run in which the factor rises.
        start: Share of the run before which it is 0.
    """
    if done < start:
        return 0.0
    return min((done - start) / warmup, 1.0) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
