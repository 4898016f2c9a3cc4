import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WITHOUT_TRANSFORMERS = """
import sys
sys.modules["transformers"] = None  # as where only the packages of the Space are installed
import train
sys.exit(train.main(["--help"]))
"""


def test_help_without_the_packages_of_training_is_one_sentence_and_exit_code_2():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TRANSFORMERS], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2
    assert done.stderr == (
        "Training needs the package transformers; install all that it needs with "
        "pip install -r requirements-train.txt.\n"
    )
