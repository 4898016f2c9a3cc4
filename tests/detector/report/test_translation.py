"""Sentences in other languages: none may be forgotten, and what is put into them must stay."""

import re
import tomllib
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from detector.messages import Message, counted
from detector.report.translation import CATALOGUES, LANGUAGES, supported, translate

ROOT = Path(__file__).parents[3]
KEYWORDS = {"Message": None, "MediaError": None, "NotAVideoError": None, "say": None, "label": None, "counted": (1, 2)}
OTHERS = [language for language in LANGUAGES if language != "en"]


def catalogue(language: str) -> Catalog:
    with open(CATALOGUES / language / "LC_MESSAGES" / "messages.po", "rb") as stream:
        return read_po(stream)


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """All forms of a sentence, be there one or several."""
    return (text,) if isinstance(text, str) else tuple(text)


@pytest.fixture(scope="module")
def sentences() -> set[tuple[str, ...]]:
    """Every sentence of the program and of its templates."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["babel"]["mappings"]
    methods = [(mapping["pattern"], mapping["method"]) for mapping in mappings]
    found = {
        forms(text)
        for folder in ("detector", "web")
        for _, _, text, _, _ in extract_from_dir(ROOT / folder, methods, keywords=KEYWORDS)
    }
    return found - {("",)}


def test_sentences_are_found_in_code_and_templates(sentences):
    assert {
        ("Cancel",),
        ("Score over time",),
        ("To quote",),
        ("The file is empty (zero bytes); please send the file again.",),
        ("A face {why} found and not assessed.", "{count} faces {why} found and not assessed."),
    } <= sentences


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated_and_no_translation_is_left_over(language, sentences):
    entries = [entry for entry in catalogue(language) if entry.id]
    assert {forms(entry.id) for entry in entries} == sentences
    assert [entry.id for entry in entries if entry.fuzzy or not all(forms(entry.string))] == []


@pytest.mark.parametrize("language", OTHERS)
def test_translations_keep_every_name_and_emphasis(language):
    for entry in catalogue(language):
        if entry.id:
            names = sorted(re.findall(r"\{\w+\}", forms(entry.id)[-1]))
            for form in forms(entry.string)[-1:]:
                assert sorted(re.findall(r"\{\w+\}", form)) == names, entry.id
                assert form.count("*") == forms(entry.id)[-1].count("*"), entry.id


@pytest.mark.parametrize("language", OTHERS)
def test_compiled_catalogue_is_that_of_the_sentences(language):
    compiled = BytesIO()
    write_mo(compiled, catalogue(language))
    assert compiled.getvalue() == (CATALOGUES / language / "LC_MESSAGES" / "messages.mo").read_bytes()


def test_numbers_and_parts_are_put_into_the_translation():
    cut_off = Message("The file is cut off: {read_s} of {stated_s} s could be read.", {"read_s": 1, "stated_s": 4})
    assert translate(cut_off, "es") == "El archivo está cortado: se pudieron leer 1 de 4 s."
    why = Message("smaller than {pixels} pixels", {"pixels": 48})
    found = Message(
        "Faces {why} were found in {count} of {all} frames and not assessed.", {"why": why, "count": 3, "all": 32}
    )
    assert translate(found, "es-MX") == (
        "En 3 de 32 fotogramas se encontraron caras que no se evaluaron (de menos de 48 píxeles)."
    )


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (1, "Se encontró una cara y no se evaluó (tapadas en su mayor parte o vueltas hacia otro lado)."),
        (2, "Se encontraron 2 caras y no se evaluaron (tapadas en su mayor parte o vueltas hacia otro lado)."),
    ],
)
def test_number_chooses_the_form_of_the_language(count, text):
    message = counted(
        "A face {why} found and not assessed.",
        "{count} faces {why} found and not assessed.",
        count,
        why=Message("mostly hidden or turned away"),
    )
    assert translate(message, "es") == text


def test_unknown_sentence_and_unknown_language_stay_as_they_are():
    assert translate(Message("Something nobody foresaw."), "es") == "Something nobody foresaw."
    assert translate(Message("Cancel"), "fr") == "Cancel"
    assert [supported(code) for code in ("es-ES", "EN", "", "fr")] == ["es", "en", "en", "en"]
