"""The same file, model and software give the same record, byte for byte: an editor may be asked for it a year later."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ANSWER = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from detector.analyzer import Analyzer
from detector.report.case.pdf import write_pdf
from detector.report.evidence import build_evidence
from detector.report.evidence_report import write_evidence
from detector.network.loading import load_model
from detector.results import result_to_dict
analyzer, folder = Analyzer(load_model()), Path(sys.argv[1])
for name in ("astronaut.jpg", "astronaut.mp4"):
    path = Path("examples", name)
    analysis = analyzer.analyze(path, 4)
    (folder / f"{name}.json").write_text(json.dumps(result_to_dict(analysis.result)))
    write_evidence(build_evidence(analysis, analyzer.model), folder, f"{name}-evidence")
    evidence = build_evidence(analysis, analyzer.model, datetime(2026, 1, 2, tzinfo=UTC))
    write_pdf(evidence, folder / f"{name}.pdf", "es")
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What two fresh processes write, whose hashes of text differ."""
    folders = [tmp_path_factory.mktemp(name) for name in ("first", "second")]
    for seed, folder in enumerate(folders):
        code = [sys.executable, "-c", ANSWER, str(folder)]
        variables = os.environ | {"PYTHONHASHSEED": str(seed), "MODEL_RUNTIME": "auto"}
        subprocess.run(code, cwd=ROOT, check=True, env=variables)
    return folders


@pytest.mark.parametrize("name", ["astronaut.jpg", "astronaut.mp4"])
def test_result_is_the_same_bytes(answers, name):
    first, second = (folder / f"{name}.json" for folder in answers)
    assert first.read_bytes() == second.read_bytes()
    assert json.loads(first.read_text())["faces"]


@pytest.mark.parametrize("name", ["astronaut.jpg", "astronaut.mp4"])
@pytest.mark.parametrize("form", ["json", "html"])
def test_evidence_is_the_same_bytes_apart_from_its_time(answers, name, form):
    first, second = (without_time(folder, name, form) for folder in answers)
    assert first == second and b"the time" in first


@pytest.mark.parametrize("name", ["astronaut.jpg", "astronaut.mp4"])
def test_pdf_of_one_time_is_the_same_bytes(answers, name):
    first, second = (folder / f"{name}.pdf" for folder in answers)
    assert first.read_bytes() == second.read_bytes() and first.read_bytes().startswith(b"%PDF")


def without_time(folder: Path, name: str, form: str) -> bytes:
    time_utc = json.loads((folder / f"{name}-evidence.json").read_text())["time_utc"]
    text = (folder / f"{name}-evidence.{form}").read_bytes()
    assert text.count(time_utc.encode()) >= 1
    return text.replace(time_utc.encode(), b"the time")
