"""What is answered to what is asked on the page."""

import json
import shutil
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
from PIL import Image

from detector.analyzer import Analyzer
from detector.facts import Fetched
from detector.limits import MAX_BATCH_FILES
from detector.messages import Message
from tests.made_media.moving_photos import motion_photo
from tests.media_factory import write_video
from tests.redness_model import portrait, redness_model
from web.desk.answers import Desk
from web.desk.kept import Kept
from web.desk.making import Making
from web.desk.result_area import batch_area, result_area
from web.desk.shown import ShownResult, ShownTable
from web.layout import build_app
from web.links.fetching import FetchedFile
from web.sessions import Sessions
from web.settings import Settings
from web.work import Work

REQUEST = SimpleNamespace(session_hash="someone")
LINK = "https://example.org/photo.png"


def quiet(*args, **kwargs):
    """Takes progress."""


@pytest.fixture(scope="module")
def names():
    """What the page shows, in the order in which it is filled."""
    return [f"batch_{one.name}" for one in fields(ShownTable)] + [one.name for one in fields(ShownResult)]


def test_every_value_has_the_component_of_its_name(names):
    with gr.Blocks():
        batch, area = batch_area(), result_area()
    components = [*batch.outputs, *area.outputs]
    places = {id(one): name for part in (batch, area, area.case) for name, one in vars(part).items()}
    assert len(components) == len(names)
    for component, name in zip(components, names, strict=True):
        assert places.get(id(component), name.removeprefix("batch_")) == name.removeprefix("batch_")


@pytest.fixture(scope="module")
def desk():
    return Desk(Analyzer(redness_model()), Work(Sessions()))


@pytest.fixture
def check(desk, names):
    """Checks files as the page does, and gives what it shows by name."""

    def check(*files, language="en", item=0, known_real=None):
        shown = desk.check([str(file) for file in files], None, known_real, 8, False, item, language, REQUEST, quiet)
        return dict(zip(names, shown, strict=True))

    return check


@pytest.fixture(scope="module")
def red_photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    Image.fromarray(portrait(tint=0.6)).save(path)
    return path


def test_every_answer_fills_every_component(check, red_photo):
    assert len(check(red_photo)) > 10  # zip is strict
    assert check()["verdict"] and check(red_photo, red_photo)["batch_table"]


def test_no_file_is_told_in_the_language_of_the_page(check):
    assert "No se envió ningún archivo" in check(language="es")["verdict"]


def test_problem_names_its_file_where_the_answer_would_stand(check, tmp_path):
    (tmp_path / "<b>.txt").write_text("no photo")
    shown = check(tmp_path / "<b>.txt")
    assert 'role="alert"' in shown["verdict"] and "&lt;b&gt;.txt could not be checked" in shown["verdict"]
    assert not shown["place"]["visible"] and shown["record"] is None


def test_too_many_files_are_refused_before_any_is_read(check, tmp_path):
    shown = check(*[tmp_path / "gone.jpg"] * (MAX_BATCH_FILES + 1))
    assert f"More than {MAX_BATCH_FILES} files" in shown["verdict"] and not shown["batch_place"]["visible"]


def test_saved_case_among_other_files_is_told_to_be_opened_alone(check, red_photo, tmp_path):
    (tmp_path / "case.json").write_text('{"format": "face-check-case", "version": 1}')
    assert "opened by itself" in check(red_photo, tmp_path / "case.json")["verdict"]


def test_check_that_was_stopped_is_no_error(desk, names, red_photo, monkeypatch):
    def stop(*args):
        desk._work._sessions.cancel("someone")

    monkeypatch.setattr(desk._analyses._analyzer, "_analyze", stop)
    shown = desk.check([str(red_photo)], None, None, 8, False, 0, "en", REQUEST, quiet)
    said = dict(zip(names, shown, strict=True))["verdict"]
    assert "The check was stopped." in said and "alert" not in said


def test_check_that_was_stopped_while_it_waited_analyses_nothing(desk, names, red_photo, monkeypatch):
    monkeypatch.setattr(desk._analyses._analyzer, "_analyze", lambda *args: pytest.fail("it was analysed"))
    for fetched in (None, Message("The link leads nowhere.")):
        desk._work._sessions.expect("someone")
        desk._work._sessions.cancel("someone")
        shown = desk.check([str(red_photo)], fetched, None, 8, False, 0, "en", REQUEST, quiet)
        assert "The check was stopped." in dict(zip(names, shown, strict=True))["verdict"]


def test_link_whose_fetching_was_stopped_is_no_error(desk, names, monkeypatch):
    def fetch(link, folder, progress):
        desk._work._sessions.cancel("someone")
        progress(0.5, Message("fetching"))

    monkeypatch.setattr("web.desk.answers.fetch", fetch)
    desk._work._sessions.expect("someone")
    fetched = desk.fetch_link(LINK, "en", REQUEST, quiet)
    shown = desk.check([], fetched, None, 8, False, 0, "en", REQUEST, quiet)
    said = dict(zip(names, shown, strict=True))["verdict"]
    assert "The check was stopped." in said and "alert" not in said


def test_rows_of_many_files_open_their_full_result(desk, check, names, red_photo, tmp_path):
    Image.fromarray(portrait()).save(tmp_path / "pale.png")
    (tmp_path / "none.txt").write_text("no photo")
    (tmp_path / "twin.png").write_bytes(red_photo.read_bytes())
    shown = check(red_photo, tmp_path / "pale.png", tmp_path / "none.txt", tmp_path / "twin.png")
    rows = shown["batch_rows"]
    assert [kept and kept.path.name for kept in rows] == ["photo.png", "pale.png", None, "twin.png"]
    assert not shown["place"]["visible"] and shown["batch_place"]["visible"]

    def opened(number):
        event = SimpleNamespace(_data={"chosen": number})
        return dict(zip(names[5:], desk.open_row(rows, "en", REQUEST, event), strict=True))

    alone = check(red_photo)
    for name in ("verdict", "record"):  # the pictures went through JPEG meanwhile
        assert opened(0)[name] == alone[name]
    assert opened(0)["viewer"].count("<img") == alone["viewer"].count("<img")
    assert json.dumps(opened(1)["record"]).count("pale.png")
    twin = opened(3)  # the same bytes under a name of their own
    assert twin["record"] == alone["record"] | {"file": alone["record"]["file"] | {"name": "twin.png"}}
    assert "twin.png" in twin["verdict"] and "photo.png" not in twin["verdict"]
    assert twin["viewer"].count("<img") == alone["viewer"].count("<img")
    assert rows[3].case != rows[0].case and rows[3].faces is not None
    for missing in (2, 9, -1, "0", None):
        assert "check the file again" in opened(missing)["verdict"]


def test_animated_picture_is_shown_as_a_clip(check, tmp_path):
    first, *others = [Image.fromarray(portrait(tint)) for tint in (0.0, 0.3, 0.6)]
    first.save(tmp_path / "a.gif", save_all=True, append_images=others, duration=200)
    shown = check(tmp_path / "a.gif")
    assert shown["record"]["file"]["duration_s"] == 0.6 and shown["of_clips"]["visible"]
    assert all(f"{time_s} s" in shown["viewer"] for time_s in (0.2, 0.4)) and "<svg" in shown["viewer"]


def test_film_of_a_motion_photo_is_chosen(check, tmp_path):
    film = write_video(tmp_path / "film.mp4", [portrait(tint=0.6)] * 4, fps=4, faststart=True)
    (tmp_path / "motion.jpg").write_bytes(motion_photo("google", film.read_bytes()))
    for item, assessed in ((0, 1), (2, 2)):
        shown = check(tmp_path / "motion.jpg", item=item)
        assert shown["items_place"]["visible"] and shown["items_number"]["value"] == assessed
        assert shown["of_clips"]["visible"] == (item == 2)
        assert "2: film of 1.0 s" in shown["verdict"]
        assert (shown["record"]["score"] > 0.9) == (item == 2)


def test_forensic_panel_is_made_of_the_file_or_of_what_a_case_tells(desk, check, red_photo):
    kept = check(red_photo)["shown"]
    making = Making(desk._model, desk._work)
    assert "data:image/jpeg" in making.forensics(kept, "en", REQUEST).shown
    assert "data:image/jpeg" not in making.forensics(replace(kept, upload=None), "en", REQUEST).shown


def test_face_is_cut_from_the_file_or_left_to_the_viewer(desk, check, red_photo):
    kept = check(red_photo)["shown"]

    def enlarged(kept, **data):
        return desk.enlarge(kept, "en", REQUEST, SimpleNamespace(_data=data))

    assert "data:image/jpeg" in enlarged(kept, face=1, frame=0)
    assert enlarged(replace(kept, upload=None), face=1, frame=0) == enlarged(None, face=1, frame=0) == ""
    for wrong in ({"face": 9, "frame": 0}, {"face": 1, "frame": -1}, {"face": "1", "frame": 0}, {}):
        assert enlarged(kept, **wrong) == ""


def test_known_real_files_are_compared_with_one_file_and_with_many(check, red_photo, tmp_path):
    Image.fromarray(portrait()).save(tmp_path / "pale.png")
    known_real = [str(tmp_path / "pale.png")]
    assert check(red_photo, known_real=known_real)["record"]["known_real"]["higher_than"] == {"count": 1, "of": 1}
    (row, _) = check(red_photo, tmp_path / "pale.png", known_real=known_real)["batch_rows"]
    assert row.opened().analysis.result.known_real.higher_than.count == 1


def test_progress_is_told_in_the_language_of_the_page(desk, tmp_path, red_photo):
    clip = write_video(tmp_path / "clip.mp4", [portrait(tint=0.6)] * 4, fps=2)
    told = []

    def hear(share, desc):
        told.append(desc)

    shown = desk.check([str(clip)], None, None, 8, False, 0, "es", REQUEST, hear)
    (kept,) = (part for part in shown if isinstance(part, Kept))
    Making(desk._model, desk._work).annotated(kept, "es", REQUEST, hear)
    desk.check([str(clip), str(red_photo)], None, None, 8, False, 0, "es", REQUEST, hear)
    assert {"fotograma 1 de 4: buscando caras", "fotograma 1 de 4: evaluando 1 cara"} <= set(told)
    assert {"dibujando el fotograma 1", "clip.mp4, fotograma 2 de 4: buscando caras", "photo.png"} <= set(told)
    assert not [text for text in told if "frame" in text]


@pytest.fixture
def fetching(red_photo, monkeypatch):
    """Links that lead to the red photo; gives those that were asked for."""
    asked = []

    def fetch(link, folder, progress):
        asked.append(link)
        progress(0.5, Message("fetching"))
        path = Path(shutil.copy(red_photo, folder))
        return FetchedFile(path, Fetched(link, link, "2026-01-02T03:04:05Z", path.name), "", "image/png")

    monkeypatch.setattr("web.desk.answers.fetch", fetch)
    return asked


def test_page_without_links_has_nothing_that_fetches(desk):
    pages = {allowed: build_app(desk._analyses._analyzer, Settings(allow_links=allowed)) for allowed in (False, True)}
    named = {allowed: [getattr(one.fn, "__name__", "") for one in page.fns.values()] for allowed, page in pages.items()}
    assert "fetch_link" not in named[False] and named[True].count("fetch_link") == 2
    assert [block.visible for block in pages[False].blocks.values() if block.elem_id == "link"] == [False]


def test_file_of_a_link_is_checked_and_its_report_names_the_link(desk, names, red_photo, fetching):
    fetched = desk.fetch_link(f" {LINK} ", "en", REQUEST, quiet)
    shown = dict(zip(names, desk.check([], fetched, None, 8, False, 0, "en", REQUEST, quiet), strict=True))
    assert fetching == [LINK] and shown["record"]["file"]["name"] == "photo.png"
    assert shown["shown"].opened().source.url == LINK
    both = desk.check([str(red_photo)], fetched, None, 8, False, 0, "en", REQUEST, quiet)
    first, second = dict(zip(names, both, strict=True))["batch_rows"]
    # the same bytes, but only one of them came by the link
    assert first.opened().source is None and second.opened().source.url == LINK
    assert second.path == fetched.path


def test_link_that_leads_nowhere_is_told_where_the_answer_would_stand(desk, names):
    why = desk.fetch_link("http://127.0.0.1/photo.png", "es", REQUEST, quiet)
    shown = dict(zip(names, desk.check([], why, None, 8, False, 0, "es", REQUEST, quiet), strict=True))
    assert 'role="alert"' in shown["verdict"] and "https" in shown["verdict"]
    assert desk.fetch_link("  ", "en", REQUEST, quiet) is None
