"""The model that whoever starts the application gets."""

import json
from pathlib import Path

import pytest
import skimage.data

from detector.media.files import file_sha256
from detector.network.loading import BUNDLED_FOLDER, load_folder
from detector.network.quantisation import Quantisation
from training.report.card import render_card

ROOT = Path(__file__).parent.parent
GOLDEN = json.loads((ROOT / "tests" / "fixtures" / "golden_scores.json").read_text())


@pytest.fixture(scope="module")
def model():
    return load_folder(BUNDLED_FOLDER, "bundled", runtime="torch")


@pytest.mark.parametrize("name", GOLDEN["torch-fp32"])
def test_golden_score_guards_against_library_drift(model, golden_crops, name):
    assert model.predict([golden_crops[name]]).scores[0] == pytest.approx(GOLDEN[model.info.runtime][name], abs=1e-3)


def test_weights_are_those_that_were_evaluated():
    evaluation = json.loads((BUNDLED_FOLDER / "evaluation.json").read_text())
    assert file_sha256(BUNDLED_FOLDER / "model.safetensors") == evaluation["weights_sha256"]
    assert (BUNDLED_FOLDER / "model.safetensors").stat().st_size < 40_000_000


def test_thresholds_are_those_that_were_evaluated(model):
    stored = json.loads((BUNDLED_FOLDER / "evaluation.json").read_text())["calibration"]["thresholds"]
    assert model.info.thresholds.manipulated == stored["manipulated"]
    assert model.info.thresholds.no_manipulation_found == stored["no_manipulation_found"]


@pytest.mark.parametrize(
    ("card", "plots"), [(ROOT / "model_card.md", "model/plots"), (BUNDLED_FOLDER / "README.md", "plots")]
)
def test_card_is_rendered_from_the_evaluation_not_typed(card, plots):
    evaluation = json.loads((BUNDLED_FOLDER / "evaluation.json").read_text())
    assert card.read_text(encoding="utf-8") == render_card(evaluation, plots)


def test_input_transform_comes_from_the_config():
    runtime = load_folder(BUNDLED_FOLDER, "bundled", runtime="torch").runtime
    assert tuple(runtime.batch([skimage.data.astronaut()]).shape) == (1, 3, 224, 224)
    config = json.loads((BUNDLED_FOLDER / "config.json").read_text())["pretrained_cfg"]
    normalize = runtime.transform.transforms[-1]
    assert normalize.mean.tolist() == pytest.approx(config["mean"])
    assert normalize.std.tolist() == pytest.approx(config["std"])


def test_int8_is_used_only_where_it_gives_the_verdicts_of_float32():
    quantisation = Quantisation.from_config(
        json.loads((BUNDLED_FOLDER / "config.json").read_text()), file_sha256(BUNDLED_FOLDER / "model.safetensors")
    )
    assert quantisation is not None and quantisation.auc_change is not None
    if not quantisation.is_safe:
        assert load_folder(BUNDLED_FOLDER, "bundled", runtime="auto").info.runtime != "openvino-int8"
