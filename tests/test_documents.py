"""The documents say what holds: no dead links, no key or option that is missing, no version that has passed."""

import dataclasses
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from detector.batch.output import COLUMNS
from detector.limits import (
    MAX_BATCH_FILES,
    MAX_BATCH_S,
    MAX_FACES_PER_FRAME,
    MAX_FILE_BYTES,
    MAX_IMAGE_PIXELS,
    MAX_REQUEST_S,
    MAX_VIDEO_DURATION_S,
)
from detector.report.evidence import evidence_to_dict
from detector.results import SCHEMA_VERSION, Evidence, FaceTrack, Result

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def keys_of(text: str) -> set[str]:
    """The keys that its tables describe."""
    return set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


def anchors_of(document: Path) -> set[str]:
    """The anchors that GitHub and the Hub make of headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_lead_somewhere(document):
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        file = document.parent / name if name else document
        if "://" in target or (file.exists() and (not anchor or anchor in anchors_of(file))):
            continue
        dead.append(target)
    assert dead == []


def test_readme_is_short_and_keeps_its_picture_small():
    assert len(text_of("README.md").splitlines()) <= 125
    assert (ROOT / "docs" / "screenshot.png").stat().st_size < 200_000


def test_readme_tells_the_limits_that_hold():
    limits = " ".join(text_of("README.md").split("## Limits")[1].split())
    for said in (
        f"Files up to {MAX_FILE_BYTES // 1024**2} MB",
        f"photos up to {MAX_IMAGE_PIXELS // 10**6} megapixels",
        f"videos up to {MAX_VIDEO_DURATION_S // 3600} hours",
        f"the {MAX_FACES_PER_FRAME} largest faces",
        f"{MAX_BATCH_FILES} files at a time",
        f"{MAX_REQUEST_S // 60} minutes of work per file",
        f"{MAX_BATCH_S // 60} minutes per batch",
    ):
        assert said in limits


def test_every_key_of_the_json_is_documented():
    report, result = text_of("docs/api.md").split("## The JSON of a result")
    documented = keys_of(result)
    assert {field.name for kind in (Result, FaceTrack, Evidence) for field in dataclasses.fields(kind)} == documented
    assert set(re.findall(r'^        "(\w+)":', inspect.getsource(evidence_to_dict), re.MULTILINE)) == keys_of(report)


def test_every_column_of_the_csv_is_documented():
    table = text_of("docs/command-line.md").split("| column | meaning |")[1].split("\n\n")[0]
    first_cells = " ".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`(\w+)`", first_cells)) == set(COLUMNS)


def test_documents_name_the_version_of_the_json():
    assert f'| `schema_version` | `"{SCHEMA_VERSION}"` |' in text_of("docs/api.md")
    assert f"JSON {SCHEMA_VERSION}" in text_of("CHANGELOG.md")


@pytest.mark.parametrize(
    ("module", "document"), [("detector", "docs/command-line.md"), ("dataset_builder", "docs/data-set.md")]
)
def test_every_option_of_a_command_is_documented(module, document):
    command = [sys.executable, "-m", module, "--help"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    options = set(re.findall(r"(?<!-)--[a-z][a-z-]+", told)) - {"--help", "--images", "--videos"}  # older spellings
    assert {option for option in options if option not in text_of(document)} == set()
