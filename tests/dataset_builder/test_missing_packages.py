"""What the builder and the trainer say where only the packages of the Space are installed."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OF_TRAINING = ("datasets", "pyarrow", "imagehash", "scipy", "threadpoolctl", "transformers", "sklearn", "matplotlib")
WITHOUT = """
import sys
for name in {missing}:
    sys.modules[name] = None
from {module} import main
sys.exit(main({arguments}))
"""


def run(module: str, *arguments: str, missing: tuple[str, ...] = OF_TRAINING) -> subprocess.CompletedProcess:
    code = WITHOUT.format(module=module, arguments=list(arguments), missing=missing)
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    ("module", "option"),
    [("dataset_builder.__main__", "--ffpp-frames DIR"), ("training.__main__", "--self-blended SELF_BLENDED")],
)
def test_help_needs_no_package_of_training(module, option):
    done = run(module, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert option in done.stdout


@pytest.mark.parametrize(
    ("module", "arguments", "who"),
    [
        ("dataset_builder.__main__", ["--root", "ff", "--dry-run"], "This command"),
        ("dataset_builder.pseudo_fakes.__main__", ["--help"], "This command"),
        ("training.__main__", ["--dataset", "crops"], "Training"),
    ],
)
def test_missing_package_is_one_sentence_and_exit_code_2(module, arguments, who):
    done = run(module, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"{who} needs the package ") and done.stderr.count("\n") == 1
    assert done.stderr.endswith("pip install -r requirements-train.txt.\n")


def test_builder_needs_ray_for_a_cluster_only_and_says_so_before_it_starts(tmp_path):
    arguments = ["--labelled", str(tmp_path / "none"), "--output", str(tmp_path / "out")]
    with_address = run("dataset_builder.__main__", *arguments, "--address", "auto", missing=("ray",))
    assert with_address.returncode == 2
    assert with_address.stderr == (
        "--address needs the package ray; install all that it needs with pip install -r requirements-cluster.txt.\n"
    )
    without = run("dataset_builder.__main__", *arguments, missing=("ray",))
    assert without.returncode == 2 and without.stderr.startswith("No photo or video")
