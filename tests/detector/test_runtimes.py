"""Runs what is about OpenVINO in a process of its own; see `tests/conftest.py`."""

import os
import subprocess
import sys
from pathlib import Path

FILE = Path(__file__).with_name("runtimes_apart.py")


def test_openvino_gives_what_torch_gives_and_what_it_is_allowed_to():
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(FILE)],
        cwd=FILE.parent.parent.parent,
        env=os.environ | {"MODEL_RUNTIME": "auto"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-3000:]
