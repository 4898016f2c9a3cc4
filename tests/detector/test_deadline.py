"""Work that takes too long ends with a sentence, and what was done before it stays."""

from itertools import count
from types import SimpleNamespace

import pytest
from PIL import Image

from detector import deadline
from detector.analyzer import Analyzer
from detector.batch.runner import analyze_many
from detector.deadline import Deadline
from detector.errors import MediaError
from detector.limits import MAX_REQUEST_S
from tests.media_factory import write_video
from tests.redness_model import portrait, redness_model
from web.desk.answers import Desk
from web.sessions import Sessions
from web.work import Work

REQUEST = SimpleNamespace(session_hash="someone")


@pytest.fixture
def slow_clock(monkeypatch):
    """A minute passes whenever somebody looks at the clock."""
    minutes = count()
    monkeypatch.setattr(deadline, "time", SimpleNamespace(monotonic=lambda: 60.0 * next(minutes)))


@pytest.fixture
def clip(tmp_path):
    write_video(tmp_path / "clip.mp4", [portrait()] * 12, fps=4)
    return tmp_path / "clip.mp4"


def test_deadline_tells_how_long_it_took(slow_clock):
    limit = Deadline(120)
    limit.check()
    limit.check()
    with pytest.raises(MediaError, match="longer than 2 minutes and was stopped"):
        limit.check()


def test_request_that_takes_too_long_is_stopped_with_a_sentence(slow_clock, clip):
    seen = []
    desk = Desk(Analyzer(redness_model()), Work(Sessions()))
    shown = desk.check(
        [str(clip)], None, None, 12, False, 0, "es", REQUEST, progress=lambda share, desc: seen.append(share)
    )
    assert any("tardó más de 5 minutos" in str(part) for part in shown)
    assert len(seen) == MAX_REQUEST_S // 60  # one look at the clock a report


def test_slow_file_of_a_batch_is_an_error_of_its_own(slow_clock, clip, tmp_path):
    Image.fromarray(portrait()).save(tmp_path / "photo.png")
    slow, quick = analyze_many(Analyzer(redness_model()), [clip, tmp_path / "photo.png"], 12, file_s=120)
    assert slow.result is None and "longer than 2 minutes" in str(slow.error)
    assert quick.error is None and len(quick.result.faces) == 1


def test_batch_that_takes_too_long_keeps_what_is_done_and_names_the_rest(slow_clock, tmp_path):
    photos = [tmp_path / f"{number}.png" for number in range(4)]
    for number, path in enumerate(photos):
        Image.fromarray(portrait()[: 200 - number]).save(path)
    items = list(analyze_many(Analyzer(redness_model()), photos, all_s=240))
    done = [item.error is None for item in items]
    assert done[0] and not done[-1] and [item.path for item in items] == photos
    assert str(items[-1].error) == "The files before it took too long, so this one was left; please send it again."
