"""How this process gets its memory: a server that runs for weeks must not grow."""

from __future__ import annotations

import ctypes
import logging
import platform

logger = logging.getLogger(__name__)

# By glibc's malloc.h.
_M_ARENA_MAX = -8
# One a core. Its default is eight a core, each of which keeps what its threads have freed: measured with eight visitors, that was
# a hundred megabytes more, and it went on growing.
_POOLS = 2


def bound_memory_pools() -> None:
    """Has all threads share two pools of memory, where the allocator is glibc's; to be called before there are many threads."""
    if platform.libc_ver()[0] != "glibc":
        return
    if not ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _POOLS):
        logger.warning("the allocator takes no limit on its pools; memory may grow")
