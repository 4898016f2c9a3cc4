"""One sentence that an editor can print as it is."""

from __future__ import annotations

from detector.messages import Message
from detector.report.translation import translate
from detector.report.wording.evidence import finding_words
from detector.report.wording.known_real import compared_finding
from detector.report.wording.models import model_name
from detector.results import Result, Verdict
from detector.text import printable

_FOUND: dict[Verdict, Message] = {
    "manipulated": Message("found strong signs that a face was manipulated"),
    "inconclusive": Message("was inconclusive"),
    "no_manipulation_found": Message("found no manipulation of a face, which does not show that the material is real"),
    "no_face": Message("found no face to assess"),
}


def quotation(result: Result, language: str) -> str:
    """Writes one sentence that an editor can print as it is."""
    sentence = Message(
        "An automated check of {file} with the model {model} {finding}. Such a check is a lead, not proof.",
        {
            "file": printable(result.file.name),
            "model": model_name(result.model),
            "finding": compared_finding(result)
            or (finding_words(result, result.evidence) if result.evidence else _FOUND[result.verdict]),
        },
    )
    return translate(sentence, language)
