"""The load test itself, short and with a model that needs no time."""

import json
from collections import Counter

import pytest

from benchmarks.load import Report, judge, main
from benchmarks.server_process import Footprint

FAKE_SERVER = """
import app
import gradio.utils
from detector.analyzer import Analyzer
from tests.redness_model import redness_model
app.load_model = lambda *asked: redness_model()
gradio.utils.get_heartbeat_rate = lambda: 0.5  # closed pages are noticed at once, not after 15 s
raise SystemExit(app.main())
"""


def test_server_answers_all_visitors_and_does_not_grow(capsys):
    code = main(["--clients", "4", "--minutes", "0.1", "--json"], command=("-c", FAKE_SERVER))
    report = json.loads(capsys.readouterr().out)
    assert (code, report["failures"], report["errors"]) == (0, [], {})
    assert sum(report["visits"].values()) >= 10 and {"photo", "bad"} <= set(report["visits"])


BEFORE = Footprint(memory_mb=1000, descriptors=20, files=2, empty_files=4)


@pytest.mark.parametrize(
    ("after", "failure"),
    [
        (Footprint(1200, 20, 2, 4), "memory grew by 200 MB, more than 150"),
        (Footprint(1000, 50, 2, 4), "descriptors grew by 30, more than 20"),
        (Footprint(1000, 20, 6, 4), "3 files were left behind"),  # one upload broke off
    ],
)
def test_growth_is_a_failure(after, failure):
    report = Report(Counter(photo=5, broken_upload=1), before=BEFORE, after=after)
    assert judge(report, 150, 20) == [failure]


def test_answer_that_nobody_should_get_is_a_failure():
    report = Report(Counter(photo=5), errors=Counter({"photo: no answer": 2}), before=BEFORE, after=BEFORE)
    assert judge(report, 150, 20) == ["2 x photo: no answer"]


def test_run_in_which_nothing_was_sent_is_a_failure():
    assert judge(Report(), 150, 20) == ["nothing was sent"]
