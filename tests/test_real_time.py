"""The check that no test leaves a thread with a real-time policy is itself checked."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.real_time import HAS_PROC, real_time_threads, reset_real_time_threads

ROOT = Path(__file__).parent.parent
MANY = """
import os, threading, time
import pytest

def ask():
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))

@pytest.fixture
def asking():
    ask()
    yield

asked = threading.Event()

def spin():
    ask()
    asked.set()
    end = time.monotonic() + 1
    while time.monotonic() < end:
        pass

def test_fixture_asks(asking): pass
def test_itself_asks(): ask()
def test_spins():
    threading.Thread(target=spin).start()
    asked.wait()
def test_fails_and_asks():
    ask()
    assert not "its own failure"
def test_is_fair(): pass
"""


def may_ask() -> bool:
    """Whether a thread of its own may have a real-time policy."""
    if not HAS_PROC:
        return False
    allowed = []

    def ask() -> None:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        except PermissionError:
            return
        allowed.append(True)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return bool(allowed)


pytestmark = pytest.mark.skipif(not may_ask(), reason="this user may give no thread a real-time policy")


def test_thread_is_found_named_and_set_back():
    asked, done = threading.Event(), threading.Event()

    def wait() -> None:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
        asked.set()
        done.wait()

    thread = threading.Thread(target=wait)
    thread.start()
    asked.wait()
    try:
        assert real_time_threads(os.getpid()) == [thread.native_id]
        (found,) = reset_real_time_threads()
        assert f"({thread.native_id}) of this process" in found
        assert os.sched_getscheduler(thread.native_id) == os.SCHED_OTHER
        assert reset_real_time_threads() == []
    finally:
        done.set()
        thread.join()


def test_process_is_found_and_set_back():
    code = "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        (found,) = reset_real_time_threads()
        assert f"({process.pid}) of process {process.pid}" in found
        assert os.sched_getscheduler(process.pid) == os.SCHED_OTHER
        process.stdin.close()


def test_run_goes_on_and_names_the_tests(tmp_path):
    (tmp_path / "test_many.py").write_text(MANY)
    command = [sys.executable, "-m", "pytest", "-p", "tests.real_time", "-q", "-rfE", "--rootdir", tmp_path, tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    for test in ("fixture_asks", "itself_asks", "spins", "fails_and_asks"):
        assert f"test_many.py::test_{test} left threads with a real-time policy" in done.stdout, done.stdout
    assert "its own failure" in done.stdout
    assert "3 failed, 1 passed, 1 error" in done.stdout
