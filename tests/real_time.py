"""Fails whichever test leaves a thread with a real-time scheduling policy.

SVT-AV1, for one, gives the thread that calls its encoder SCHED_FIFO with priority 99 where it runs as root, and never takes it
back. Every thread and process that it starts inherits that, and one that spins then starves the server that it waits for, and
the time limits of the tests as well. So this looks after each step of each test, and sets such threads back before it fails.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HAS_PROC = Path("/proc/self/task").is_dir()  # Linux


def _processes() -> Iterator[int]:
    """This process and what it started of this Python, such as the workers that read media; no browsers, as theirs is the choice."""
    waiting = [os.getpid()]
    while waiting:
        process = waiting.pop()
        yield process
        for task in _tasks(process):
            try:
                started = Path(f"/proc/{process}/task/{task}/children").read_text()
            except OSError:  # it has ended, or the kernel has no such list
                continue
            waiting += [child for child in map(int, started.split()) if _is_python(child)]


def _tasks(process: int) -> list[int]:
    try:
        return [int(task) for task in os.listdir(f"/proc/{process}/task")]
    except OSError:  # it has ended
        return []


def _is_python(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/exe").samefile(sys.executable)
    except OSError:  # it has ended
        return False


def real_time_threads(process: int) -> list[int]:
    """The threads of a process that have SCHED_FIFO or SCHED_RR, by the system's number."""
    found = []
    for task in _tasks(process):
        try:
            policy = os.sched_getscheduler(task)
        except OSError:  # it has ended
            continue
        if policy & ~os.SCHED_RESET_ON_FORK in (os.SCHED_FIFO, os.SCHED_RR):
            found.append(task)
    return found


def reset_real_time_threads() -> list[str]:
    """Gives such threads of this process, and of what it started, the usual policy; says which they were."""
    found = []
    for process in _processes():
        for task in real_time_threads(process):
            try:
                name = Path(f"/proc/{process}/task/{task}/comm").read_text().strip()
                os.sched_setscheduler(task, os.SCHED_OTHER, os.sched_param(0))
            except OSError:  # it has ended
                continue
            found.append(f"{name} ({task}) of {'this process' if process == os.getpid() else f'process {process}'}")
    return found


@pytest.hookimpl(wrapper=True)
def _leaves_no_real_time_thread(item):
    try:
        return (yield)
    finally:
        if HAS_PROC and (found := reset_real_time_threads()):
            pytest.fail(f"{item.nodeid} left threads with a real-time policy: {', '.join(found)}", pytrace=False)


# after each step: a fixture that waits for a starved server would wait for ever
pytest_runtest_setup = pytest_runtest_call = pytest_runtest_teardown = _leaves_no_real_time_thread
