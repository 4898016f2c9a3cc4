"""The evidence report as blocks: what it says, in which order, in the language of the reader."""

from __future__ import annotations

from detector.report.document import Document
from detector.report.evidence import Evidence
from detector.report.sections.answer import answer_section, case_section, known_real_section
from detector.report.sections.file import credentials_section, file_section, metadata_section
from detector.report.sections.pictures import faces_section, pictures_section, reference_section, timeline_section
from detector.report.sections.record import limits_section, method_section, scores_section
from detector.report.speaker import Speaker
from detector.report.translation import ENGLISH
from detector.report.wording.models import model_name


def evidence_document(evidence: Evidence, language: str = ENGLISH) -> Document:
    """Puts the report into words, for a web page and a PDF alike."""
    speaker = Speaker(language)
    file, model = evidence.result.file, evidence.result.model
    sections = (
        answer_section(evidence, speaker),
        case_section(evidence.notes, evidence.source, speaker),
        known_real_section(evidence.result, speaker),
        file_section(evidence, speaker),
        reference_section(evidence, speaker),
        pictures_section(evidence, speaker),
        timeline_section(evidence, speaker),
        faces_section(evidence, speaker),
        credentials_section(evidence.provenance, speaker),
        metadata_section(evidence.provenance, evidence.is_clip, speaker),
        method_section(evidence, speaker),
        limits_section(evidence, speaker),
        scores_section(evidence, speaker),
    )
    return Document(
        language=speaker.code,
        title=speaker.say("Evidence report: {name}", name=file.name),
        kind=speaker.say("Evidence report: face manipulation check"),
        heading=file.name,
        origin=speaker.say(
            "Made {time} (UTC) by software version {version} with model {model}.",
            time=evidence.time_utc,
            version=evidence.software_version,
            model=model_name(model),
        ),
        sections=tuple(section for section in sections if section),
        footer=f"SHA-256 {file.sha256[:16]}, {evidence.time_utc}",
        page_words=(speaker.say("page"), speaker.say("of")),
    )
