"""What a session leaves behind: nothing."""

import time
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from detector.errors import MediaError
from detector.limits import MAX_UPLOAD_AGE_S
from web import sessions as module
from web.sessions import Cancelled, Sessions


def test_cancelled_analysis_stops_and_the_next_one_runs():
    sessions = Sessions()
    with sessions.running("a", []):
        sessions.cancel("a")
        sessions.check("b")
        with pytest.raises(MediaError, match="was cancelled"):
            sessions.check("a")
    with sessions.running("a", []):
        sessions.check("a")


def test_check_that_is_cancelled_while_it_waits_never_begins_and_the_next_one_runs():
    sessions = Sessions()
    sessions.expect("a")
    sessions.cancel("a")
    with pytest.raises(Cancelled), sessions.begun("a"):
        pytest.fail("it began")
    for _ in range(2):  # the next one is expected, or comes from a script
        with sessions.begun("a"), sessions.running("a", []):
            sessions.check("a")
        sessions.expect("a")


def test_check_that_is_cancelled_while_its_link_is_fetched_never_begins():
    sessions = Sessions()
    sessions.expect("a")
    with sessions.running("a", []):
        sessions.cancel("a")
        with pytest.raises(Cancelled):
            sessions.check("a")
    with pytest.raises(Cancelled), sessions.begun("a"):
        pytest.fail("it began")


def test_check_can_be_cancelled_from_its_very_start():
    sessions = Sessions()
    sessions.expect("a")
    with sessions.begun("a"):
        sessions.cancel("a")
        with sessions.running("a", []), pytest.raises(Cancelled):
            sessions.check("a")


def test_next_check_runs_though_other_work_of_the_page_has_outlived_the_cancelled_one():
    sessions = Sessions()
    with sessions.running("a", []):  # a PDF, say
        sessions.expect("a")
        with sessions.begun("a"):
            sessions.cancel("a")
        sessions.expect("a")
        with sessions.begun("a"):
            sessions.check("a")


def test_nothing_is_left_of_a_page_that_was_closed_while_it_waited():
    sessions = Sessions()
    for work in (nullcontext(), sessions.running("a", [])):
        with work:
            sessions.expect("a")
            sessions.cancel("a")
            sessions.forget("a")
    assert (sessions._waiting, sessions._cancelled, sessions._running) == (set(), set(), {})


def test_cancelling_nothing_does_not_stop_what_comes_later():
    sessions = Sessions()
    sessions.cancel("a")
    with sessions.running("a", []):
        sessions.check("a")


def test_uploads_go_with_their_session_unless_another_sent_the_same(tmp_path):
    own, same = tmp_path / "own.jpg", tmp_path / "same.jpg"
    own.write_bytes(b"1")
    same.write_bytes(b"2")
    sessions = Sessions()
    with sessions.running("a", [str(own), str(same)]), sessions.running("b", [str(same)]):
        sessions.forget("a")
        assert (own.exists(), same.exists()) == (False, True)
        assert (sessions.is_cancelled("a"), sessions.is_cancelled("b")) == (True, False)
    sessions.forget("b")
    sessions.forget("b")
    assert not same.exists()


def test_upload_that_somebody_else_has_just_sent_again_stays(tmp_path, monkeypatch):
    upload = tmp_path / "photo.jpg"
    sessions = Sessions()
    with monkeypatch.context() as patch:
        patch.setattr(module, "time", SimpleNamespace(time=lambda: time.time() - 5, monotonic=time.monotonic))
        sessions.received("a", [str(upload)])
    upload.write_bytes(b"1")  # by the page of b, which has not yet asked for anything
    sessions.forget("a")
    assert upload.exists()
    sessions.received("b", [str(upload)])
    sessions.forget("b")
    assert not upload.exists()


def test_upload_that_was_never_checked_goes_too(tmp_path):
    upload = tmp_path / "hash" / "photo.jpg"
    upload.parent.mkdir()
    upload.write_bytes(b"1")
    sessions = Sessions()
    sessions.received("a", [str(upload)])
    sessions.forget("a")
    assert not upload.exists()


def test_what_was_made_for_a_session_goes_with_it(tmp_path):
    sessions = Sessions()
    own, other = sessions.new_folder("a", tmp_path), sessions.new_folder("b", tmp_path)
    (own / "report.html").write_text("x")
    assert len(own.name) == 32 and own.name != other.name  # 128 bits cannot be guessed
    sessions.forget("a")
    assert list(tmp_path.iterdir()) == [other]


def test_files_of_a_script_that_never_says_goodbye_go_when_they_are_old(tmp_path, monkeypatch):
    now = 0.0
    monkeypatch.setattr(module, "time", SimpleNamespace(time=time.time, monotonic=lambda: now))
    upload = tmp_path / "photo.jpg"
    upload.write_bytes(b"1")
    sessions = Sessions()
    with sessions.running("script", [str(upload)]):
        now = MAX_UPLOAD_AGE_S + 1.0
        with sessions.running("other", []):
            assert upload.exists()  # it still runs
    with sessions.running("script", [str(upload)]):
        pass
    now += MAX_UPLOAD_AGE_S
    with sessions.running("other", []):
        assert upload.exists()
    now += 1.0
    with sessions.running("another", []):
        assert not upload.exists()


def test_example_is_everyones_and_stays(tmp_path):
    example = tmp_path / "example.jpg"
    example.write_bytes(b"1")
    sessions = Sessions()
    sessions.keep([str(example)])
    with sessions.running("a", [str(example)]):
        pass
    sessions.forget("a")
    assert example.exists()
