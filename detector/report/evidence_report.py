"""The evidence report: all that is known of one file, as a page to read, print and file, and as JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path

from detector.report.evidence import Evidence, evidence_to_dict
from detector.report.evidence_document import evidence_document
from detector.report.html import TEMPLATES, jpeg_address, render
from detector.report.translation import ENGLISH


def evidence_html(evidence: Evidence, language: str = ENGLISH) -> str:
    """Renders the report as one page that loads nothing and runs nothing, in the language of the reader."""
    document = evidence_document(evidence, language)
    return render(TEMPLATES, "evidence.html", language, document=document, jpeg_address=jpeg_address)


def evidence_json(evidence: Evidence) -> str:
    """Writes the JSON of the report; see `evidence_to_dict`."""
    return json.dumps(evidence_to_dict(evidence), indent=2) + "\n"


def write_evidence(evidence: Evidence, folder: str | Path, stem: str, language: str = ENGLISH) -> tuple[Path, Path]:
    """Writes ``STEM.html`` and ``STEM.json``; each is whole or not there.

    Args:
        evidence: What they say.
        folder: An existing folder.
        stem: Name of both files.
        language: Language of the page; the JSON is English.

    Returns:
        Where the page and the JSON lie.
    """
    folder = Path(folder)
    # the page last: who finds it finds both
    data = _write_whole(folder / f"{stem}.json", evidence_json(evidence))
    return _write_whole(folder / f"{stem}.html", evidence_html(evidence, language)), data


def _write_whole(path: Path, text: str) -> Path:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path
