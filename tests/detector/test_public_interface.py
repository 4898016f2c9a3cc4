"""What a script of one's own needs: all of it from ``detector`` itself, and nothing loaded before it is used."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import detector
from detector.faces.detection import crop_face

ROOT = Path(__file__).parents[2]


def printed(code: str) -> str:
    """What a process of its own prints, with the runtime that users have."""
    variables = os.environ | {"MODEL_RUNTIME": "auto"}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=True).stdout


def test_every_public_name_is_there():
    assert all(getattr(detector, name) is not None for name in detector.__all__)
    assert detector.crop_face is crop_face


def test_unknown_name_is_named():
    with pytest.raises(AttributeError, match="no attribute 'crop_faces'"):
        detector.crop_faces  # noqa: B018


def test_import_loads_no_slow_library():
    slow = ("numpy", "cv2", "av", "PIL", "torch", "openvino", "gradio", "huggingface_hub")
    code = f"import sys, detector, detector.__main__; print([name for name in {slow} if name in sys.modules])"
    assert printed(code) == "[]\n"


def test_process_that_reads_media_loads_no_network():
    code = (
        "import sys; from detector.sandbox import worker; worker.job_named('read_media'); "
        "print([name for name in ('torch', 'openvino', 'huggingface_hub', 'httpx2', 'gradio') if name in sys.modules])"
    )
    assert printed(code) == "[]\n"


def test_process_that_writes_reports_loads_no_parser_of_credentials():
    assert printed("import sys, detector.batch.command; print('c2pa' in sys.modules)") == "False\n"


def test_example_of_the_package_answers():
    code = (
        "import json; from detector import Analyzer, load_model, result_to_dict\n"
        "result = Analyzer(load_model()).analyze('examples/astronaut.jpg').result\n"
        "print(json.dumps(result_to_dict(result)))"
    )
    answer = json.loads(printed(code))
    assert answer["file"]["name"] == "astronaut.jpg" and answer["verdict"] == "no_manipulation_found"
    assert len(answer["model"]["weights_sha256"]) == 64
