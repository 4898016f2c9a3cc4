"""Sentences in other languages: none may be forgotten, and what is put into them must stay."""

import ast
import json
import re
from pathlib import Path

import pytest

import app
import detector
import web
from detector.report.translation import LANGUAGES, catalogue, supported, translate

PACKAGE = Path(detector.__file__).parent
WEB = Path(web.__file__).parent
# Where sentences are made that a person reads on the page.
SOURCES = (
    "detector/media/files",
    "detector/deadline",
    "detector/media/images",
    "detector/media/videos",
    "detector/analyzer",
    "detector/conclusion",
    "detector/batch/runner",
    "web/sessions",
    "detector/report/annotated_video",
    "detector/sandbox/client",
    "web/service",
)
OTHERS = [language for language in LANGUAGES if language != "en"]


def template(node: ast.expr) -> str | None:
    """A string or an f-string of the source, with ``{}`` for what is put in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return None


def sentences_of(source: str) -> list[str]:
    """What a module raises as `MediaError` or adds to warnings."""
    found = []
    for node in ast.walk(ast.parse((PACKAGE.parent / f"{source}.py").read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        errors = [keyword.value for keyword in node.keywords if keyword.arg == "error"]
        text = template(errors[0] if errors else node.args[0])
        if name in ("MediaError", "append", "BatchItem", "refusal") and text and text.rstrip().endswith("."):
            found.append(text.replace("The 7 is a strip", "The photo is a strip").replace("7 7 found", "A face found"))
    return found


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("source", SOURCES)
def test_every_sentence_of_the_program_is_translated(source, language):
    missing = [
        sentence
        for sentence in sentences_of(source)
        if translate(sentence, language) == sentence and not sentence.startswith("A face found")
    ]
    assert missing == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_of_the_page_is_translated(language):
    known = catalogue(language)
    used = set()
    for file in [WEB / "service.py", *WEB.glob("views/*.py"), Path(app.__file__), *PACKAGE.glob("report/*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("say", "TEXTS") and node.args:
                text = template(node.args[0])
                used |= {text} if text else set()
    assert {"Check the photo", "Score over time", "Cancel"} <= used | set(known)
    assert [text for text in sorted(used) if text and translate(text, language) == text and text not in known] == []


@pytest.mark.parametrize("language", OTHERS)
def test_translations_keep_every_number_and_name(language):
    for sentence, translation in catalogue(language).items():
        numbered = len(set(re.findall(r"\{\d\}", translation)))
        assert sentence.count("{}") == (numbered or translation.count("{}")), sentence
        assert sentence.count("*") == translation.count("*"), sentence


def test_numbers_and_parts_are_put_into_the_translation():
    assert translate("The file is cut off: 1.5 of 4.0 s could be read.", "es") == (
        "El archivo está cortado: se pudieron leer 1.5 de 4.0 s."
    )
    assert translate("Faces smaller than 48 pixels were found in 3 of 32 frames and not assessed.", "es-MX") == (
        "En 3 de 32 fotogramas se encontraron caras que no se evaluaron (de menos de 48 píxeles)."
    )


def test_unknown_sentence_and_unknown_language_stay_as_they_are():
    assert translate("Something nobody foresaw, and more.", "es") == "Something nobody foresaw, and more."
    assert translate("Cancel", "fr") == "Cancel"
    assert [supported(code) for code in ("es-ES", "EN", "", "fr")] == ["es", "en", "en", "en"]


def test_catalogues_are_plain_json():
    for language in OTHERS:
        assert json.loads((PACKAGE / "report" / "languages" / f"{language}.json").read_text(encoding="utf-8"))
