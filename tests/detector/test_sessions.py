"""What a session leaves behind: nothing."""

import os
import time

import pytest

from detector.files import MediaError
from detector.sessions import MAX_WORK_AGE_S, Sessions, WorkFolder


def test_cancelled_analysis_stops_and_the_next_one_runs():
    sessions = Sessions()
    with sessions.running("a", []):
        sessions.cancel("a")
        sessions.check("b")
        with pytest.raises(MediaError, match="was cancelled"):
            sessions.check("a")
    with sessions.running("a", []):
        sessions.check("a")


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


def test_work_of_earlier_requests_is_removed():
    work = WorkFolder()
    old, recent = work.new(), work.new()
    (old / "report.html").write_text("x")
    long_ago = time.time() - MAX_WORK_AGE_S - 1
    os.utime(old, (long_ago, long_ago))
    new = work.new()
    assert (old.exists(), recent.exists(), new.exists()) == (False, True, True)
    assert list(new.iterdir()) == []
