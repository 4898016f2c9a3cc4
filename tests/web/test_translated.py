"""That nothing reaches a reader untranslated, as far as the code tells: no sentence may pass by the catalogues."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.web.server import ROOT

TEMPLATES = [*(ROOT / "web").rglob("*.html"), *(ROOT / "detector").rglob("*.html")]
# the module that joins messages makes templates of their names alone
MODULES = [path for room in ("web", "detector") for path in (ROOT / room).rglob("*.py") if path.name != "messages.py"]
MAKE_SENTENCES = {"Message", "MediaError", "NotAVideoError", "counted", "label"}
SAY_SENTENCES = {"Error", "Info", "Warning"}  # of Gradio
# what means the same in every language: units, formats, names of standards and of their fields
SAME = {"SHA", "JSON", "HTML", "PDF", "DOCTYPE", "html", "nbsp", "log", "C2PA", "EXIF", "XMP", "URL"}


def calls(code: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call in a module, with the last part of the name that is called."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield name, node


def is_made_up(template: ast.expr) -> bool:
    """Whether a template is put together while the program runs, so that no catalogue can know it."""
    if isinstance(template, ast.JoinedStr):
        return True
    if isinstance(template, ast.BinOp):
        return not all(isinstance(part, ast.Constant) for part in (template.left, template.right))
    return isinstance(template, ast.Call) and getattr(template.func, "attr", "") in ("format", "join", "replace")


def words_outside(template: str) -> list[str]:
    """Words that a template shows as they are, in its text and in attributes that are read out."""
    template = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", template, flags=re.DOTALL)
    template = re.sub(r"<(style|script)\b.*?</\1>", " ", template, flags=re.DOTALL)
    read_out = re.findall(r'(?:aria-label|alt|title|placeholder|summary)="([^"]*)"', template)
    text = re.sub(r"<[^>]*>", " ", template)
    return [word for part in (text, *read_out) for word in re.findall(r"[^\W\d_]{3,}", part) if word not in SAME]


def is_translated(value: ast.expr) -> bool:
    """Whether a value comes straight from `translate`."""
    return isinstance(value, ast.Call) and getattr(value.func, "id", "") == "translate"


def untranslated(code: str) -> list[int]:
    """Lines of a module that say something past the catalogues."""
    lines = []
    for name, call in calls(code):
        said = [keyword.value for keyword in call.keywords if keyword.arg == "desc"]  # the progress of Gradio
        if name in SAY_SENTENCES and getattr(getattr(call.func, "value", None), "id", "") == "gr":
            said += call.args[:1]
        made_up = name in MAKE_SENTENCES and call.args and is_made_up(call.args[0])
        if made_up or not all(map(is_translated, said)):
            lines.append(call.lineno)
    return lines


def test_no_sentence_of_the_code_passes_by_the_catalogues():
    found = {str(path.relative_to(ROOT)): untranslated(path.read_text(encoding="utf-8")) for path in MODULES}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "code",
    [
        'raise gr.Error("The file is broken.")',
        "raise gr.Error(str(error))",
        'raise MediaError(f"{name} is broken.")',
        'Message("{} is broken.".format(name))',
        'label("Check " + name)',
        "progress(0.5, desc=str(doing))",
    ],
)
def test_sentence_that_no_catalogue_knows_is_found(code):
    assert untranslated(code) == [1]


def test_templates_show_no_words_of_their_own():
    found = {path.name: words_outside(path.read_text(encoding="utf-8")) for path in TEMPLATES}
    assert {name: words for name, words in found.items() if words} == {}
    assert words_outside('<p title="Bad">{{ say("Good") }} Worse</p>') == ["Worse", "Bad"]
