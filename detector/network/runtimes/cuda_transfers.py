"""Batches on their way to a GPU and back, so that one is uploaded while another is computed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import numpy as np
import torch

from detector.network.runtimes.pooled_vgg16 import BEFORE_POOLING, INPUT_PX


class Slot:
    """A batch on its way there and back, in memory of its own, so that the next one is uploaded meanwhile."""

    def __init__(self, device: torch.device, uploads: torch.cuda.Stream | None, batch_size: int, outputs: int):
        self._device, self._uploads = device, uploads
        # blocking: the thread that waits leaves its core to a decoder
        new_event: Any = partial(torch.cuda.Event, blocking=True)
        self._uploaded, self._done = (new_event() if uploads else None for _ in range(2))
        self._count = 0
        self._reserve(batch_size * 3 * INPUT_PX[0] * INPUT_PX[1])
        side = INPUT_PX[0] // 2 ** len(BEFORE_POOLING)
        self._logits = torch.zeros((batch_size, outputs), pin_memory=uploads is not None)
        self._places = torch.zeros((batch_size, side, side, outputs), pin_memory=uploads is not None)

    def _reserve(self, count: int) -> None:
        self._here = torch.empty(count, dtype=torch.uint8, pin_memory=self._uploads is not None)
        self._there = torch.empty(count, dtype=torch.uint8, device=self._device)
        if self._uploads:
            # that memory may have been another's, with which the batch before is still computed
            self._uploads.wait_stream(torch.cuda.current_stream(self._device))

    def upload(self, crops: Sequence[np.ndarray]) -> list[torch.Tensor]:
        """Sends crops of any sizes, and gives them as they will lie on the device once the work before is done there."""
        if self._done:
            self._done.synchronize()  # after an error the batch before was not collected
        ends = np.cumsum([crop.size for crop in crops]).tolist()
        if ends[-1] > len(self._here):
            self._reserve(ends[-1])
        for crop, end in zip(crops, ends, strict=True):
            self._here[end - crop.size : end].numpy()[:] = crop.ravel()
        with on_stream(self._uploads):
            self._there[: ends[-1]].copy_(self._here[: ends[-1]], non_blocking=True)
            if self._uploaded:
                self._uploaded.record()
        if self._uploaded:
            self._uploaded.wait()  # the stream that computes, not this thread
        self._count = len(crops)
        return [self._there[end - crop.size : end].view(crop.shape) for crop, end in zip(crops, ends, strict=True)]

    def keep(self, logits: torch.Tensor, places: torch.Tensor) -> None:
        """Has results brought back; the graph may then write over them."""
        self._logits.copy_(logits, non_blocking=True)
        self._places.copy_(places, non_blocking=True)
        if self._done:
            self._done.record()

    def collect(self) -> tuple[np.ndarray, np.ndarray]:
        """Waits for the results, and gives those of the crops that were sent."""
        if self._done:
            self._done.synchronize()
        return self._logits[: self._count].numpy().copy(), self._places[: self._count].numpy().copy()


def stream_of(device: torch.device) -> torch.cuda.Stream | None:
    """Makes a stream of a GPU; None for the CPU."""
    new_stream: Any = torch.cuda.Stream  # torch declares no types of it
    return new_stream(device) if device.type == "cuda" else None


def on_stream(stream: torch.cuda.Stream | None) -> AbstractContextManager[Any]:
    """Makes a stream the current one; on the CPU there is none."""
    return torch.cuda.stream(stream) if stream else nullcontext()
