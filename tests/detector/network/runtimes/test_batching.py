import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from detector.network.runtimes import Prediction
from detector.network.runtimes.batching import Batcher


class Recorder:
    """Gives each crop its first value as log odds, notes what it is asked for together, and can be made to wait or to fail."""

    name, outputs, requests_at_once = "recorder", 2, 1

    def __init__(self):
        self.asked, self.fails_at = [], None
        self.may_go = threading.Event()
        self.may_go.set()

    def predict(self, crops) -> Prediction:
        values = [int(crop[0, 0, 0]) for crop in crops]
        self.asked.append(values)
        assert self.may_go.wait(10)
        if self.fails_at in values:
            raise RuntimeError(f"{self.fails_at} cannot be computed")
        logits = np.array([[0.0, value] for value in values])
        return Prediction(logits, np.array(values, np.float32).reshape(-1, 1, 1), real=0)


def crops(*values: int) -> list[np.ndarray]:
    return [np.full((2, 2, 3), value, np.uint8) for value in values]


def wait_until(holds) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.001)


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def busy(recorder):
    """A batcher for four crops that computes crop 0 until its runtime may go on, and the threads that ask it."""
    batcher = Batcher(recorder, largest_batch=4, deadline_s=0)
    recorder.may_go.clear()
    with ThreadPoolExecutor(8) as threads:

        def ask(*values):
            waiting = len(batcher._queue)
            future = threads.submit(batcher.predict, crops(*values))
            wait_until(lambda: len(batcher._queue) == waiting + 1)
            return future

        first = ask(0)
        wait_until(lambda: recorder.asked)
        yield batcher, ask
        recorder.may_go.set()
        assert first.result().log_odds.tolist() == [0]


def test_requests_that_wait_are_computed_together_in_order_and_each_gets_its_own(recorder, busy):
    _, ask = busy
    futures = [ask(1), ask(2, 3), ask(4, 5), ask(6)]
    recorder.may_go.set()
    assert [future.result().log_odds.tolist() for future in futures] == [[1], [2, 3], [4, 5], [6]]
    # the last would fit, but comes after one that does not
    assert recorder.asked == [[0], [1, 2, 3], [4, 5, 6]]
    assert futures[2].result().evidence.ravel().tolist() == [4, 5]


def test_error_reaches_exactly_those_whose_crops_were_computed_together(recorder, busy):
    _, ask = busy
    futures = [ask(1, 2), ask(3, 4), ask(5)]
    recorder.fails_at = 3
    recorder.may_go.set()
    for future in futures[:2]:
        with pytest.raises(RuntimeError, match="3 cannot be computed"):
            future.result()
    assert futures[2].result().log_odds.tolist() == [5]


def test_first_request_waits_for_others_until_the_batch_is_full(recorder):
    batcher = Batcher(recorder, largest_batch=3, deadline_s=60)  # ends with the third crop, not with the deadline
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(batcher.predict, crops(1))
        wait_until(lambda: batcher._queue)
        second = threads.submit(batcher.predict, crops(2, 3))
        assert first.result(10).log_odds.tolist() == [1] and second.result(10).log_odds.tolist() == [2, 3]
    assert recorder.asked == [[1, 2, 3]]


def test_lonely_request_is_computed_after_the_deadline(recorder):
    started = time.monotonic()
    assert Batcher(recorder, deadline_s=0.05).predict(crops(7)).log_odds.tolist() == [7]
    assert time.monotonic() - started >= 0.05


def test_large_request_goes_in_parts(recorder):
    found = Batcher(recorder, largest_batch=2, deadline_s=0).predict(crops(1, 2, 3, 4, 5))
    assert found.log_odds.tolist() == [1, 2, 3, 4, 5] and found.evidence.shape == (5, 1, 1)
    assert recorder.asked == [[1, 2], [3, 4], [5]]


def test_interrupted_request_leaves_the_queue_and_others_are_computed(recorder):
    batcher = Batcher(recorder, deadline_s=0)
    predict = recorder.predict

    def interrupted(_):
        recorder.predict = predict
        raise KeyboardInterrupt

    recorder.predict = interrupted
    with pytest.raises(KeyboardInterrupt):
        batcher.predict(crops(1))
    assert not batcher._queue
    assert batcher.predict(crops(2)).log_odds.tolist() == [2]


def test_others_in_the_batch_of_an_interrupted_request_are_computed_again(recorder, busy):
    _, ask = busy
    predict, interrupted = recorder.predict, []

    def interrupt_once(crops_):
        if not interrupted:
            interrupted.append(len(crops_))
            raise KeyboardInterrupt
        return predict(crops_)

    futures = [ask(1), ask(2)]
    recorder.predict = interrupt_once
    recorder.may_go.set()
    with pytest.raises(KeyboardInterrupt):
        futures[0].result()
    assert futures[1].result().log_odds.tolist() == [2] and interrupted == [2]


def test_many_threads_each_get_their_own_and_no_thread_is_left(recorder):
    threads_before = threading.active_count()
    batcher = Batcher(recorder, largest_batch=5, deadline_s=0.001)
    with ThreadPoolExecutor(16) as threads:
        asked = [tuple(np.random.default_rng(seed).integers(0, 255, 1 + seed % 3).tolist()) for seed in range(200)]
        found = [
            future.log_odds.tolist() for future in threads.map(lambda values: batcher.predict(crops(*values)), asked)
        ]
    assert found == [list(values) for values in asked]
    assert sum(len(batch) for batch in recorder.asked) == sum(map(len, asked)) and max(map(len, recorder.asked)) <= 5
    assert threading.active_count() == threads_before


def test_serves_a_request_for_every_two_cores(recorder, monkeypatch):
    for cores, at_once in ((1, 1), (2, 1), (8, 4), (64, 8)):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        assert Batcher(recorder).requests_at_once == at_once
    assert (Batcher(recorder).name, Batcher(recorder).outputs) == ("recorder", 2)
