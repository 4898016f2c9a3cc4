"""Runs tests that use OpenVINO in a process of their own; see `tests/conftest.py`."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def assert_pass_in_own_process(*files: Path) -> None:
    """Runs files of tests in one process of their own, with the runtime that the machine is best served by; shows what failed."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", *map(str, files)],
        cwd=ROOT,
        env=os.environ | {"MODEL_RUNTIME": "auto"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-3000:]
