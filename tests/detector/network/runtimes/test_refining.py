import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detector.facts import ModelInfo
from detector.network.loading import LoadedModel
from detector.network.runtimes import Prediction
from detector.network.runtimes.refining import RefiningRuntime
from tests.redness_model import evidence_scales


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


def model(scales, error: float, margin: float) -> tuple[LoadedModel, FakeRuntime]:
    """A model in int8 that is off by so much, and what computes it in float32."""
    exact, photo = FakeRuntime("fp32", 0.0), evidence_scales().photo
    changes = photo.band_changes if scales else photo.thresholds.log_odds
    runtime = RefiningRuntime(FakeRuntime("int8", error), exact, changes, margin)
    return LoadedModel(ModelInfo("m", "1", ("real", "fake"), photo.thresholds), runtime, scales=scales), exact


@given(value=st.integers(0, 12), error=st.floats(-1, 1))
def test_band_of_a_photo_is_always_that_of_float32(value, error):
    scales = evidence_scales()
    in_int8, _ = model(scales, error, margin=1.0)
    (found,) = in_int8.predict([np.full((2, 2, 3), value, np.uint8)]).log_odds
    assert scales.photo.weigh(found).band == scales.photo.weigh(float(value)).band


def test_frames_of_a_clip_are_never_computed_again_where_an_evidence_scale_weighs_them():
    crops = [np.full((2, 2, 3), value, np.uint8) for value in range(12)]
    with_scales, exact = model(evidence_scales(), 0.25, margin=1.0)
    assert with_scales.for_frames().predict(crops).log_odds.tolist() == [value + 0.25 for value in range(12)]
    assert exact.asked == []
    without, exact = model(None, 0.25, margin=1.0)  # its upper threshold is at 2.5
    without.for_frames().predict(crops)
    assert exact.asked == [2.0, 3.0]
