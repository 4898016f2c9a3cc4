from dataclasses import replace
from types import SimpleNamespace

import gradio as gr
import pytest

from detector.analyzer import Analyzer
from detector.network.runtimes.batching import Batcher
from tests.redness_model import redness_model
from web.layout import build_app
from web.sessions import Sessions
from web.settings import Settings


@pytest.mark.parametrize(("cores", "places"), [(8, 4), (2, 1)])
def test_model_has_as_many_places_as_its_runtime_serves_at_once(monkeypatch, cores, places):
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    model = redness_model()
    page = build_app(Analyzer(replace(model, runtime=Batcher(model.runtime))))
    limits = [event.concurrency_limit for event in page.fns.values() if event.concurrency_id == "model"]
    assert limits == [places] * len(limits) and len(limits) >= 6


def test_model_on_the_cpu_has_one_place():
    page = build_app(Analyzer(redness_model()))
    assert {event.concurrency_limit for event in page.fns.values() if event.concurrency_id == "model"} == {1}


@pytest.fixture
def sessions_and_functions(monkeypatch):
    """What a page of links remembers, and what answers it, by name."""
    sessions = Sessions()
    monkeypatch.setattr("web.layout.Sessions", lambda: sessions)
    page = build_app(Analyzer(redness_model()), Settings(allow_links=True))
    functions: dict[str, list] = {}
    for one in page.fns.values():
        functions.setdefault(getattr(one.fn, "__name__", ""), []).append(one)
    return sessions, functions


def test_check_can_be_cancelled_from_its_click_on(sessions_and_functions):
    sessions, functions = sessions_and_functions
    assert len(functions["locked_for"]) == 2  # of any file, and of another photo or film of it
    (cancel,) = functions["cancel"]
    for number, locked in enumerate(functions["locked_for"]):
        page = SimpleNamespace(session_hash=str(number))
        locked.fn(page)
        cancel.fn(page)
        assert sessions.is_cancelled(str(number))


def test_what_takes_long_is_put_beside_its_result_in_a_second_step(sessions_and_functions):
    _, functions = sessions_and_functions
    for name in ("forensics", "annotated"):
        (made,) = functions[name]
        assert [type(output) for output in made.outputs] == [gr.State]
    seconds = functions["if_still_shown"]
    assert {one.outputs[0].elem_id for one in seconds} == {"forensics", "annotated_video"}
    assert [[type(one) for one in second.inputs] for second in seconds] == [[gr.State, gr.State]] * 2
