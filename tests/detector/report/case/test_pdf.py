"""The PDF of the evidence report as a reader, an archive and a screen reader meet it."""

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime

import pypdfium2
import pytest
import typst
from markupsafe import Markup

from detector.facts import Fetched
from detector.report.case.notes import case_notes
from detector.report.case.pdf import evidence_pdf, write_pdf
from detector.report.evidence import build_evidence
from detector.report.evidence_document import evidence_document

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def text_of(pdf: bytes) -> str:
    """All words of all pages, without the places where a long one may be broken."""
    pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf)]
    return " ".join("".join(pages).replace("\u200b", "").replace("\ufffe", "").split())


def links_of(pdf: bytes) -> list[bytes]:
    return [part.split(b")")[0] for part in pdf.split(b"/URI(")[1:]]


@pytest.fixture(scope="module")
def evidence(photo, model):
    return build_evidence(photo, model, MOMENT)


def texts_in(value) -> list[str]:
    """Every text of a document that a reader sees."""
    if isinstance(value, Markup):
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for one in value for text in texts_in(one)]
    if is_dataclass(value):
        unseen = ("look", "link", "kind", "language", "alternative")
        return [text for one in fields(value) if one.name not in unseen for text in texts_in(getattr(value, one.name))]
    return []


@pytest.mark.parametrize("language", ["en", "es"])
def test_pdf_says_all_that_the_page_says_in_the_same_order(clip, model, language):
    evidence = build_evidence(clip, model, MOMENT, case_notes("https://a.example", "Ana", "one\n\ntwo"))
    document = evidence_document(evidence, language)
    text = text_of(evidence_pdf(evidence, language)).replace(" ", "")
    missing = [words for words in texts_in(document) if "".join(words.split()) not in text]
    places = [text.find(section.title.replace(" ", "")) for section in document.sections]
    # the title of the window is that of the file
    assert missing == [document.title] and places == sorted(places) and len(places) == 12


def test_same_report_is_the_same_bytes(evidence):
    assert evidence_pdf(evidence) == evidence_pdf(evidence)
    assert evidence_pdf(evidence) != evidence_pdf(replace(evidence, time_utc="2027-01-02T03:04:05Z"))


def test_pdf_is_tagged_in_its_language_and_titled(evidence):
    pdf = evidence_pdf(evidence, "es")
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf and b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert b"/Lang(es)" in pdf and b"/Marked true" in pdf
    title = pypdfium2.PdfDocument(pdf).get_metadata_dict()["Title"]
    assert title == "Informe de evidencias: <b>#1 записка.jpg"


def test_nothing_written_becomes_markup(photo, model):
    notes = case_notes("javascript:alert(1)", "#panic() $x$ *a*", '#read("/etc/passwd")\n@ref \\ = x')
    text = text_of(evidence_pdf(build_evidence(photo, model, MOMENT, notes)))
    for words in ("javascript:alert(1)", "#panic() $x$ *a*", '#read("/etc/passwd") @ref \\ = x', "<b>#1 записка.jpg"):
        assert words in text


def test_only_addresses_of_the_web_can_be_opened(photo, model):
    fetched = Fetched("https://a.example/1", "ftp://b.example/2", "2026-01-02T03:04:05Z", "x.jpg")
    evidence = build_evidence(photo, model, MOMENT, case_notes("javascript:alert(1)"), fetched)
    pdf = evidence_pdf(evidence)
    assert links_of(pdf) == [b"https://a.example/1"] and "ftp://b.example/2" in text_of(pdf)


@pytest.mark.parametrize(
    "name", ["中文名字.jpg", "العربية.jpg", "\U0001f9d1\u200d\U0001f680.jpg", "\ud800\udcff.jpg", "x" * 250]
)
def test_any_name_gives_a_report(evidence, name):
    file = replace(evidence.result.file, name=name)
    text = text_of(evidence_pdf(replace(evidence, result=replace(evidence.result, file=file))))
    assert file.sha256 in text.replace(" ", "")


def test_letters_without_a_font_are_told_of(evidence, monkeypatch):
    monkeypatch.setattr("detector.report.case.pdf._fonts", lambda: typst.Fonts(include_system_fonts=False))

    def told(name: str) -> bool:
        result = replace(evidence.result, file=replace(evidence.result.file, name=name))
        return "se muestran como recuadros" in text_of(evidence_pdf(replace(evidence, result=result), "es"))

    assert told("中文.jpg") and not told("записка \u202e Ñandú.jpg")


def test_pdf_is_whole_or_not_there(evidence, tmp_path):
    assert write_pdf(evidence, tmp_path / "a.pdf").read_bytes() == evidence_pdf(evidence)
    with pytest.raises(ValueError, match="time data"):
        write_pdf(replace(evidence, time_utc="later"), tmp_path / "b.pdf")
    assert [path.name for path in tmp_path.iterdir()] == ["a.pdf"]
