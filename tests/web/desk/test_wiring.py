from dataclasses import replace

import pytest

from detector.analyzer import Analyzer
from detector.network.runtimes.batching import Batcher
from tests.redness_model import redness_model
from web.layout import build_app


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
