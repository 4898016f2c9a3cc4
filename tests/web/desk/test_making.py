"""What can be taken away of a result."""

import json
import zipfile
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
from PIL import Image

from detector.analyzer import Analyzer
from detector.limits import MAX_CASE_NOTES_LETTERS
from tests.media_factory import write_video
from tests.redness_model import portrait, redness_model
from web.desk.answers import Desk
from web.desk.making import Making, if_still_shown
from web.desk.shown import ShownResult, ShownTable
from web.sessions import Sessions
from web.work import Work

REQUEST = SimpleNamespace(session_hash="someone")
FIELDS = ("https://example.org/post", "Ana", "Sent by a reader.")


def quiet(*args, **kwargs):
    """Takes progress."""


@pytest.fixture(scope="module")
def desk_and_making():
    analyzer, work = Analyzer(redness_model()), Work(Sessions())
    return Desk(analyzer, work), Making(analyzer.model, work)


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    Image.fromarray(portrait(tint=0.6)).save(path)
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", [portrait(tint=0.6)] * 4, fps=4)


def checked(desk, *files, language="en"):
    """What the page shows of a check: the table, and the result."""
    shown = desk.check([str(file) for file in files], None, None, 8, False, 0, language, REQUEST, quiet)
    count = len(fields(ShownTable))
    return ShownTable(*shown[:count]), ShownResult(*shown[count:])


def test_report_is_in_the_language_of_the_page_and_its_json_in_english(desk_and_making, photo):
    desk, making = desk_and_making
    kept = checked(desk, photo)[1].shown
    page = Path(making.report(kept, *FIELDS, "es-MX", REQUEST)).read_text(encoding="utf-8")
    assert "Veredicto: Indicios de manipulación" in page and "Sent by a reader." in page
    record = json.loads(Path(making.report_json(kept, *FIELDS, "es-MX", REQUEST)).read_text(encoding="utf-8"))
    assert record["case"]["checked_by"] == "Ana" and record["saved_case"] is None
    assert "Absence of detection proves nothing" in record["limits"][0]
    pdf = Path(making.report_pdf(kept, *FIELDS, "es-MX", REQUEST))
    assert pdf.name == "photo-evidence.pdf" and pdf.read_bytes().startswith(b"%PDF-")


def test_saved_case_is_shown_again_without_analysing(desk_and_making, clip, monkeypatch):
    desk, making = desk_and_making
    _, first = checked(desk, clip)
    case = making.case(first.shown, *FIELDS, True, "en", REQUEST, quiet)
    assert Path(case).name == "clip-case.zip"
    names = zipfile.ZipFile(case).namelist()
    assert {"report.html", "report.pdf", "report.json", "case.json", "original/clip.mp4"} <= set(names)
    assert any(name.startswith("keyframes/clip-shot01") for name in names)
    monkeypatch.setattr(desk, "_analyses", None)
    _, again = checked(desk, case)
    assert "It was not analysed again here" in again.remarks
    assert again.verdict == first.verdict
    assert (again.source_link, again.checked_by, again.notes) == FIELDS
    page = Path(making.report(again.shown, *FIELDS, "en", REQUEST)).read_text(encoding="utf-8")
    assert "saved case" in page
    with pytest.raises(gr.Error, match="please check the file itself"):
        making.keyframes(again.shown, "en", REQUEST, quiet)


def test_saved_case_says_that_known_real_files_were_not_used(desk_and_making, photo):
    desk, making = desk_and_making
    case = making.case(checked(desk, photo)[1].shown, *FIELDS, False, "en", REQUEST, quiet)
    said = {}
    for known_real in (None, [str(photo)]):
        shown = desk.check([case], None, known_real, 8, False, 0, "en", REQUEST, quiet)
        said[bool(known_real)] = shown[len(fields(ShownTable))]
    assert "known-real files were not used" in said[True] and "known-real" not in said[False]
    assert "It was not analysed again here" in said[True]


def test_reports_of_files_of_the_same_bytes_name_each_by_its_own(desk_and_making, photo, tmp_path):
    desk, making = desk_and_making
    (tmp_path / "twin.png").write_bytes(photo.read_bytes())
    rows = checked(desk, photo, tmp_path / "twin.png")[0].rows
    with zipfile.ZipFile(making.all_reports(rows, "en", REQUEST, quiet)) as archive:
        records = {name: json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")}
    assert {name: record["result"]["file"]["name"] for name, record in records.items()} == {
        "01-photo-evidence.json": "photo.png",
        "02-twin-evidence.json": "twin.png",
    }


def test_keyframes_have_their_times_in_their_names(desk_and_making, clip):
    desk, making = desk_and_making
    made = making.keyframes(checked(desk, clip)[1].shown, "en", REQUEST, quiet)
    assert Path(made).name == "clip-keyframes.zip"
    assert any("-shot01" in name and name.endswith("s.jpg") for name in zipfile.ZipFile(made).namelist())


def test_reports_of_many_files_come_as_one_archive(desk_and_making, photo, clip, tmp_path):
    desk, making = desk_and_making
    (tmp_path / "none.txt").write_text("no photo")
    rows = checked(desk, photo, clip, tmp_path / "none.txt")[0].rows
    names = zipfile.ZipFile(making.all_reports(rows, "en", REQUEST, quiet)).namelist()
    assert names[:4] == [f"{stem}-evidence.{end}" for stem in ("01-photo", "02-clip") for end in ("html", "json")]


def test_what_cannot_be_made_is_one_sentence(desk_and_making, photo):
    desk, making = desk_and_making
    with pytest.raises(gr.Error, match="check the file again"):
        making.report(None, *FIELDS, "en", REQUEST)
    kept = checked(desk, photo)[1].shown
    with pytest.raises(gr.Error, match="characters at most"):
        making.report(kept, "", "", "x" * (MAX_CASE_NOTES_LETTERS + 1), "en", REQUEST)
    kept.case.unlink()
    with pytest.raises(gr.Error, match="check the file again"):
        making.report(kept, *FIELDS, "en", REQUEST)


def test_what_was_made_of_a_result_is_never_shown_beside_another(desk_and_making, photo, clip):
    desk, making = desk_and_making
    of_clip, of_photo = checked(desk, photo, clip)[0].rows[::-1]
    for made in (making.annotated(of_clip, "en", REQUEST, quiet), making.forensics(of_clip, "en", REQUEST)):
        assert if_still_shown(made, of_clip) == (made.shown, None)
        for other in (of_photo, None):
            assert if_still_shown(made, other) == (gr.skip(), None)
    assert if_still_shown(None, of_clip) == (gr.skip(), None)
