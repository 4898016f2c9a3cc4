"""A case: one ZIP with all that is known of a check, for a person to file and for the page to show again."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from detector.deadline import Progress, report_to_nobody
from detector.errors import OTHER_FILE, MediaError
from detector.facts import Fetched
from detector.messages import Message
from detector.network.loading import LoadedModel
from detector.report.case.archive import Archive, new_archive
from detector.report.case.keyframes import KeyframesWritten, add_keyframes, ascii_stem
from detector.report.case.notes import CaseNotes
from detector.report.case.pdf import evidence_pdf
from detector.report.case.reading import CASE_JSON
from detector.report.case.stored import picture_jpeg, store, to_json
from detector.report.evidence import Background, background_of, build_evidence, utc_text
from detector.report.evidence_report import evidence_html, evidence_json
from detector.report.translation import ENGLISH
from detector.results import Analysis


def write_case(
    analysis: Analysis,
    model: LoadedModel | Background,
    output: str | Path,
    *,
    notes: CaseNotes | None = None,
    source: Fetched | None = None,
    language: str = ENGLISH,
    file: str | Path | None = None,
    with_original: bool = False,
    time_utc: datetime | None = None,
    progress: Progress | None = None,
) -> KeyframesWritten:
    """Saves a case as a ZIP: reports, keyframes, what the page shows, hashes of all, and the file itself on request.

    The same analysis, model, notes, file and time give the same bytes.

    Args:
        analysis: What is said about the file, read with its provenance.
        model: The model that answered, or what an opened case tells of it.
        output: Is replaced when all is written; a call that fails or is stopped leaves no trace.
        notes: What the person who checked the file wrote.
        source: Where the file was fetched from.
        language: Language of the HTML and the PDF.
        file: The file that was checked, for keyframes of a clip; None where it is not at hand.
        with_original: Whether `file` itself goes into the case.
        time_utc: When the case is saved; now, if not given.
        progress: Called with the share done, 0..1, and what is being done; what it raises stops the writing.

    Returns:
        How many keyframes are in it.

    Raises:
        MediaError: The file is not the one that was checked, or cannot be read any more.
        OSError: It cannot be opened, or the case cannot be written.
        ValueError: The analysis is without provenance.
    """
    report = progress or report_to_nobody
    moment = (time_utc or datetime.now(UTC)).astimezone(UTC)
    background = background_of(model)
    with new_archive(Path(output), moment) as archive:
        report(0.0, Message("writing the reports"))
        # first: by it a case is known
        archive.add(CASE_JSON, to_json(store(analysis, background, utc_text(moment), notes, source)))
        evidence = build_evidence(analysis, background, moment, notes, source)
        archive.add("report.html", evidence_html(evidence, language))
        archive.add("report.pdf", evidence_pdf(evidence, language))
        archive.add("report.json", evidence_json(evidence))
        written = KeyframesWritten(0, 0)
        if file and analysis.result.file.duration_s is not None:
            written = add_keyframes(archive, "keyframes/", file, analysis, report)
        report(1.0, Message("writing the case"))
        _add_frames(archive, analysis)
        if file and with_original:
            _add_original(archive, Path(file), analysis)
    return written


def write_shown(analysis: Analysis, model: LoadedModel, output: Path, source: Fetched | None = None) -> None:
    """Saves only what shows a result again: a case without reports, keyframes and notes.

    Raises:
        OSError: It cannot be written.
        ValueError: The analysis is without provenance.
    """
    moment = datetime.now(UTC)
    with new_archive(output, moment) as archive:
        archive.add(CASE_JSON, to_json(store(analysis, background_of(model), utc_text(moment), None, source)))
        _add_frames(archive, analysis)


def _add_frames(archive: Archive, analysis: Analysis) -> None:
    for number, frame in enumerate(analysis.frames):
        archive.add(f"frames/{number:03d}.jpg", picture_jpeg(frame))


def case_name(analysis: Analysis) -> str:
    """Names the ZIP of a case, in letters that every system can take."""
    return f"{ascii_stem(analysis.result.file.name)}-case.zip"


def _add_original(archive: Archive, file: Path, analysis: Analysis) -> None:
    suffix = re.sub(r"[^A-Za-z0-9]", "", Path(analysis.result.file.name).suffix)[:8]
    name = f"original/{ascii_stem(analysis.result.file.name)}{'.' + suffix if suffix else ''}"
    if archive.add_file(name, file) != analysis.result.file.sha256:
        raise MediaError(OTHER_FILE)
