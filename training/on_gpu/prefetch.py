"""Makes the next batches while the network learns from the last one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import torch

Batch = tuple[torch.Tensor, ...]
_AHEAD = 2


class Prefetched:
    """An endless iterator whose batches are made by a thread, on a stream of their own where there is a GPU."""

    def __init__(self, make: Callable[[], Batch], device: torch.device):
        self._make, self._device = make, device
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        self._ready: queue.Queue[tuple[Batch | Exception, torch.cuda.Event | None]] = queue.Queue(_AHEAD)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._work, name="batches", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while not self._ends.is_set():
            try:
                with torch.no_grad(), torch.cuda.stream(self._stream):
                    batch: Batch | Exception = self._make()
                    done = self._stream.record_event() if self._stream else None
            except (RuntimeError, ValueError, IndexError) as error:
                batch, done = error, None
            while not self._ends.is_set():
                try:
                    self._ready.put((batch, done), timeout=0.5)
                    break
                except queue.Full:
                    continue
            if isinstance(batch, Exception):
                return

    def __next__(self) -> Batch:
        """Gives the next batch, or raises what making it raised."""
        batch, done = self._ready.get()
        if isinstance(batch, Exception):
            raise batch
        if done is not None:
            current = torch.cuda.current_stream(self._device)
            current.wait_event(done)
            for tensor in batch:
                tensor.record_stream(current)
        return batch

    def close(self) -> None:
        """Ends the thread."""
        self._ends.set()
        self._thread.join()
