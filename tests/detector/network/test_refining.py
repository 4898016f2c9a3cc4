import numpy as np

from detector.network.runtimes import Prediction, RefiningRuntime


class FakeRuntime:
    """Gives each crop the log odds of its first pixel, and counts what it was asked for."""

    def __init__(self, name: str, error: float):
        self.name, self.outputs, self.requests_at_once, self.asked = name, 2, 1, []
        self._error = error

    def predict(self, crops) -> Prediction:
        values = [float(crop[0, 0, 0]) for crop in crops]
        self.asked += values
        logits = np.array([[0.0, value + self._error] for value in values])
        return Prediction(logits, np.full((len(crops), 1, 1), self._error, np.float32), real=0)


def test_only_what_lies_near_a_threshold_is_computed_again():
    quantised, exact = FakeRuntime("int8", 0.1), FakeRuntime("fp32", 0.0)
    crops = [np.full((2, 2, 3), value, np.uint8) for value in (0, 5, 9)]
    runtime = RefiningRuntime(quantised, exact, refine_near=(1.0, 5.0), margin=0.5)
    found = runtime.predict(crops)
    assert runtime.name == "int8" and exact.asked == [5.0]
    assert found.log_odds.tolist() == [0.1, 5.0, 9.1]
    assert found.evidence.ravel().round(3).tolist() == [np.float32(0.1).round(3), 0.0, np.float32(0.1).round(3)]


def test_other_thresholds_are_another_runtime():
    quantised, exact = FakeRuntime("int8", 0.1), FakeRuntime("fp32", 0.0)
    crops = [np.full((2, 2, 3), value, np.uint8) for value in (0, 5)]
    runtime = RefiningRuntime(quantised, exact, refine_near=(5.0,), margin=0.5)
    assert runtime.near(()).predict(crops).log_odds.tolist() == [0.1, 5.1]
    assert runtime.near((0.0,)).predict(crops).log_odds.tolist() == [0.0, 5.1]
