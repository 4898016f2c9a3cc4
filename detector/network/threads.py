"""How many threads this process computes with: all cores, unless it shares them with others of its kind."""

from __future__ import annotations

import cv2

_threads = 0


def limit_threads(count: int) -> None:
    """Limits the threads of OpenCV, and of the networks that are loaded from now on; 0 for all cores."""
    global _threads
    _threads = count
    cv2.setNumThreads(count or -1)


def thread_limit() -> int:
    """Gives the limit; 0 for none."""
    return _threads
