"""What a person writes beside a check."""

import pytest

from detector.errors import MediaError
from detector.report.case.notes import CaseNotes, case_notes, web_address


def test_nothing_written_is_no_notes():
    assert case_notes() is None and case_notes("  ", "\t", " \n ") is None


def test_what_was_written_becomes_printable_lines():
    notes = case_notes(" https://a.example/x\n", "Ana\u202e Ruiz", "one\ttwo\r\n\r\n\x1b[31mthree  \n")
    assert notes == CaseNotes("https://a.example/x", "Ana\ufffd Ruiz", "one two\n\n\ufffd[31mthree")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (("h" * 2001, "", ""), "The source link can have 2000 characters"),
        (("", "n" * 201, ""), "The name of who checked can have 200"),
        (("", "", "n" * 8001), "The notes can have 8000"),
    ],
)
def test_too_long_a_text_is_refused_in_one_sentence(fields, words):
    with pytest.raises(MediaError, match=words):
        case_notes(*fields)


@pytest.mark.parametrize("link", ["http://a.example", "https://a.example/w?v=1&t=2#x", "HTTPS://A.example/ñ"])
def test_address_of_the_web_can_be_opened(link):
    assert web_address(link) == link


@pytest.mark.parametrize(
    "link",
    [
        "",
        "a.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "https://",
        "https://[",
        'https://a.example/"onclick="x',
        "https://a.example/\u202ex",
        "https://a.example/ javascript:x",
    ],
)
def test_any_other_text_cannot_be_opened(link):
    assert web_address(link) == ""
