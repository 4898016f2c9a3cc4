"""Has crops of several files, requests and threads computed together: a GPU is hardly slower for many than for one."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.network.runtimes import Prediction, Runtime

# How long a crop waits for others. A frame takes longer to decode, so a clip by itself hardly notices.
DEADLINE_S = 0.003
LARGEST_BATCH = 64
# More photos and clips at once would only take memory: this many keep a GPU busy.
_MOST_AT_ONCE = 8


@dataclass(eq=False)
class _Request:
    """Crops that wait to be computed, or what became of them."""

    crops: Sequence[np.ndarray]
    waits_until: float
    prediction: Prediction | None = None
    error: Exception | None = None

    @property
    def is_done(self) -> bool:
        return self.prediction is not None or self.error is not None


class Batcher:
    """Puts a queue in front of a runtime. It is one itself, without a thread of its own.

    Whoever waits at the head of the queue computes: once the deadline has passed, or enough crops are there, it takes as
    many requests as fit, in order, and hands each its part. An error reaches those whose crops were computed together.

    Args:
        runtime: Computes.
        largest_batch: Crops that are handed over at once; a request with more goes through the queue in parts.
        deadline_s: How long a request waits for others, in seconds.
    """

    def __init__(self, runtime: Runtime, largest_batch: int = LARGEST_BATCH, deadline_s: float = DEADLINE_S):
        self.name = runtime.name
        # each needs a core to decode, and one to find faces
        self.requests_at_once = min(max((os.cpu_count() or 1) // 2, 1), _MOST_AT_ONCE)
        self._runtime, self._largest_batch, self._deadline_s = runtime, largest_batch, deadline_s
        self._queue: deque[_Request] = deque()
        self._changed = threading.Condition()
        self._is_computing = False

    @property
    def outputs(self) -> int:
        """How many classes it tells apart."""
        return self._runtime.outputs

    def predict(self, crops: Sequence[np.ndarray]) -> Prediction:
        """Scores crops; see `Runtime`."""
        parts = [
            self._ask(crops[start : start + self._largest_batch]) for start in range(0, len(crops), self._largest_batch)
        ]
        if len(parts) == 1:
            return parts[0]
        return Prediction(
            np.concatenate([part.logits for part in parts]),
            np.concatenate([part.evidence for part in parts]),
            parts[0].real,
        )

    def _ask(self, crops: Sequence[np.ndarray]) -> Prediction:
        request = _Request(crops, time.monotonic() + self._deadline_s)
        with self._changed:
            self._queue.append(request)
            self._changed.notify_all()  # the head may have enough now
            try:
                while not request.is_done:
                    if self._queue[0] is request and not self._is_computing:
                        self._compute(self._gather(request))
                    else:
                        self._changed.wait()
            finally:
                if request in self._queue:  # this thread was interrupted
                    self._queue.remove(request)
                    self._changed.notify_all()
        if request.error:
            raise request.error
        assert request.prediction  # as it is done
        return request.prediction

    def _gather(self, head: _Request) -> list[_Request]:
        """Waits for more, and gives the requests at the head of the queue that fit into one batch; they stay there."""
        while sum(len(request.crops) for request in self._queue) < self._largest_batch:
            left_s = head.waits_until - time.monotonic()
            if left_s <= 0:
                break
            self._changed.wait(left_s)
        batch: list[_Request] = []
        free = self._largest_batch
        for request in self._queue:
            free -= len(request.crops)
            if free < 0:
                break
            batch.append(request)
        return batch

    def _compute(self, batch: list[_Request]) -> None:
        """Computes requests without holding the queue, and takes them off it."""
        crops = [crop for request in batch for crop in request.crops]
        self._is_computing = True
        self._changed.release()
        try:
            found: Prediction | Exception = self._runtime.predict(crops)
        except Exception as error:  # noqa: BLE001 - it is raised again, by everyone who waits for it
            found = error
        finally:
            self._changed.acquire()
            self._is_computing = False
            self._changed.notify_all()  # where this thread was interrupted, the next one computes again
        start = 0
        for request in batch:
            if request in self._queue:
                self._queue.remove(request)
            end = start + len(request.crops)
            if isinstance(found, Exception):
                request.error = found
            else:
                request.prediction = Prediction(found.logits[start:end], found.evidence[start:end], found.real)
            start = end
