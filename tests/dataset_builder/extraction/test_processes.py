import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from dataset_builder.extraction.processes import in_processes


def die_once(file: Path) -> None:
    """Ends its process, but for the second time."""
    if not file.exists():
        file.touch()
        os._exit(1)
    file.write_text("done")


def test_work_of_a_process_that_died_is_tried_again(tmp_path):
    files = [tmp_path / name for name in "abc"]
    files[2].touch()
    done = list(in_processes(die_once, files, workers=2))
    assert done[0] == (files[2], "") and set(done) == {(file, "") for file in files}
    assert [file.read_text() for file in files] == ["done"] * 3


def refuse(number: int) -> None:
    raise ValueError(f"no {number}")


def test_error_of_the_work_is_raised_and_nothing_more_is_begun():
    numbers = iter(range(9))
    with pytest.raises(ValueError, match="no 0"):
        list(in_processes(refuse, numbers, workers=1))
    assert list(numbers) == list(range(1, 9))


PARENT = """
import os, signal
from dataset_builder.extraction.processes import _process
print(_process(1).submit(os.getpid).result(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_workers_end_with_a_parent_that_was_killed():
    done = subprocess.run([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, timeout=60)
    worker = int(done.stdout)
    until = time.monotonic() + 20
    while _runs(worker) and time.monotonic() < until:
        time.sleep(0.1)
    assert not _runs(worker)


def _runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
