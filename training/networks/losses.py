"""The losses: of the class, and of where a crop was manipulated."""

from __future__ import annotations

import torch
from torch.nn import functional

# Label of a fake of a kind that is none of the classes, such as a pseudo-fake beside named manipulations. Class 0 is real.
SOME_FAKE = -1
# Channels of a mask: how much of each place was manipulated, and whether the edge runs there.
MASK_CHANNELS = 2
# Side of the masks that come with training crops: that of the third block at 224 px.
MASK_SIDE = 56


def class_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Computes the mean negative log likelihood; for a fake of no known kind, that of any class but real.

    Args:
        logits: ``(B, classes)``.
        labels: ``(B,)``, a class or `SOME_FAKE`.
    """
    log_likelihood = functional.log_softmax(logits, dim=1)
    known = log_likelihood.gather(1, labels.clamp(min=0)[:, None])[:, 0]
    any_fake = log_likelihood[:, 1:].logsumexp(dim=1)
    return -torch.where(labels == SOME_FAKE, any_fake, known).mean()


def mask_loss(found: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """Computes the mean cross entropy over the places of the known masks; 0 where none is known.

    Args:
        found: Log odds of each place, ``(B, C, h, w)``.
        masks: Share of each place that was manipulated, ``(B, C, H, W)`` 0..1; NaN for a crop whose mask is not known.
    """
    known = (~masks.isnan().any(dim=(1, 2, 3))).float()
    wanted = functional.adaptive_avg_pool2d(masks.nan_to_num(), (found.shape[2], found.shape[3]))
    losses = functional.binary_cross_entropy_with_logits(found, wanted, reduction="none").mean(dim=(1, 2, 3))
    # every parameter takes part in every step, as training on several devices needs
    return (losses * known).sum() / known.sum().clamp(min=1)
