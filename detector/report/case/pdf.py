"""The evidence report as a PDF: tagged for screen readers, the same bytes for the same report, on any system.

Typst sets it. It is given the template and a folder with this report's data and pictures, sees no other folder, and fetches
nothing: packages are what it could fetch, and the template names none. Texts reach it as JSON, so that nothing of a file is
ever read as a command.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst
from markupsafe import Markup

from detector.messages import Message
from detector.report.evidence import Evidence
from detector.report.evidence_document import evidence_document
from detector.report.html import TEMPLATES
from detector.report.translation import ENGLISH, translate
from detector.text import printable

# PDF/UA-1 is what screen readers rely on, PDF/A-2a what archives do.
_STANDARDS = ["ua-1", "a-2a"]
# Where such a word may be broken, so that it never runs out of its column.
_LONG_WORD = re.compile(r"\S{24,}")
_BREAK_EVERY = 16
_BREAK = "\N{ZERO WIDTH SPACE}"
# Plots are as wide as their column in a page; a PDF needs a width. That of the column of the PDF in pixels.
_PLOT_WIDTH_PX = 640
_BOXES = Message("Letters that this PDF has no font for are shown as empty boxes; the report as a web page shows them.")


def evidence_pdf(evidence: Evidence, language: str = ENGLISH) -> bytes:
    """Sets the report as a PDF; see `evidence_html`.

    Letters that no font has are shown as empty boxes, with a sentence that says so; such a PDF is tagged, but neither PDF/UA
    nor PDF/A.
    """
    document = evidence_document(evidence, language)
    moment = datetime.strptime(evidence.time_utc, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    with tempfile.TemporaryDirectory(prefix="report-") as name:
        folder = Path(name)
        (folder / "report.json").write_text(json.dumps(_plain(document, folder)), encoding="ascii")
        try:
            return _compiled(folder, moment, _STANDARDS)
        except typst.TypstError as error:
            if "could not be displayed" not in error.message:
                raise
            return _compiled(folder, moment, [], translate(_BOXES, language))


def write_pdf(evidence: Evidence, path: str | Path, language: str = ENGLISH) -> Path:
    """Writes the report as a PDF; it is whole or not there."""
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(evidence_pdf(evidence, language))
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


@cache
def _fonts() -> typst.Fonts:
    """Finds the fonts of Typst, and those of the system for letters that they lack; once, as looking takes a while."""
    return typst.Fonts()


def _compiled(folder: Path, moment: datetime, standards: list[Any], remark: str = "") -> bytes:
    compiler = typst.Compiler(
        (TEMPLATES / "evidence.typ").read_bytes(),
        root=folder,
        font_paths=_fonts(),
        sys_inputs={"remark": remark},
        package_path=folder,
        package_cache_path=folder,
    )
    pdf = compiler.compile(format="pdf", pdf_standards=standards, timestamp=moment)
    assert isinstance(pdf, bytes)  # one file, as it is a PDF that is not written anywhere
    return pdf


def _plain(value: Any, folder: Path) -> Any:
    """Turns blocks into plain data; pictures become files in the folder, named in their place."""
    if isinstance(value, Markup):
        return _drawing(value)
    if isinstance(value, str):
        return _LONG_WORD.sub(_breakable, printable(value))
    if isinstance(value, bytes):
        path = folder / f"{len(list(folder.iterdir()))}.jpg"
        path.write_bytes(value)
        return path.name
    if isinstance(value, tuple):
        return [_plain(one, folder) for one in value]
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name), folder) for field in fields(value)}
    return value


def _breakable(found: re.Match[str]) -> str:
    word = found[0]
    return _BREAK.join(word[start : start + _BREAK_EVERY] for start in range(0, len(word), _BREAK_EVERY))


def _drawing(svg: Markup) -> Mapping[str, str]:
    """Gives a plot the width that a page would give it, and its words for those who do not see it."""
    text = str(svg)  # what is put into markup would be escaped
    label = re.search(r'aria-label="([^"]*)"', text)
    drawing = re.sub(r'^(<svg [^>]*?)width="100%"', rf'\1width="{_PLOT_WIDTH_PX}"', text)
    return {"svg": drawing, "alternative": Markup(label[1]).unescape() if label else ""}
