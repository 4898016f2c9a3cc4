"""The model that whoever starts the application gets."""

import json
from pathlib import Path

import pytest
import skimage.data

from detector.faces.detection import FaceDetector, crop_face
from detector.media.files import file_sha256
from detector.network.loading import BUNDLED_FOLDER, load_folder
from detector.network.quantisation import Quantisation
from tests.media_factory import turned_by
from training.report.card import render_card

ROOT = Path(__file__).parent.parent
GOLDEN = json.loads((ROOT / "tests" / "fixtures" / "golden_scores.json").read_text())


@pytest.fixture(scope="module")
def model():
    return load_folder(BUNDLED_FOLDER, "bundled", runtime="torch")


@pytest.mark.parametrize("name", GOLDEN["torch-fp32"])
def test_golden_score_guards_against_library_drift(model, golden_crops, name):
    assert model.predict([golden_crops[name]]).scores[0] == pytest.approx(GOLDEN[model.info.runtime][name], abs=1e-3)


def test_score_hardly_depends_on_how_the_head_is_tilted(model):
    detector = FaceDetector()
    pictures = [turned_by(degrees) for degrees in (0, -45, -20, 20, 45)]
    crops = [crop_face(picture, detector.detect(picture)[0]) for picture in pictures]
    upright, *tilted = model.predict(crops).scores
    assert sum(tilted) / len(tilted) == pytest.approx(upright, abs=0.05)
    assert max(tilted) < model.scales.photo.thresholds.no_manipulation_found


def test_weights_are_those_that_were_evaluated():
    evaluation = json.loads((BUNDLED_FOLDER / "evaluation.json").read_text())
    assert file_sha256(BUNDLED_FOLDER / "model.safetensors") == evaluation["weights_sha256"]
    assert (BUNDLED_FOLDER / "model.safetensors").stat().st_size < 40_000_000


def test_thresholds_and_scales_are_those_that_were_evaluated(model):
    evaluation = json.loads((BUNDLED_FOLDER / "evaluation.json").read_text())
    stored = json.loads((BUNDLED_FOLDER / "config.json").read_text())["detector"]
    assert stored["thresholds"] == evaluation["calibration"]["thresholds"]
    scales = {name: scale for name, scale in stored["evidence_scale"].items() if name != "small_faces"}
    assert {"photo", "clip", "span"} == set(scales) == set(evaluation["evidence"]["scales"])
    for test in evaluation["evidence"]["tests"]:
        assert test["source"] != "all" or scales[test["level"]]["judged"] == test["bands"]
    (tiny, _) = evaluation["subgroups"]["reduced"]
    warned = stored["evidence_scale"]["small_faces"]
    assert (warned["side_px"], warned["supported"]["count"]) == (tiny["side_px"], tiny["support"]["count"])
    for scale in (model.scales.photo, model.scales.clip, model.scales.span):
        facts = evaluation["evidence"]["scales"][scale.name]
        assert list(scale.bounds) == facts["bounds"] and vars(scale.thresholds) == facts["thresholds"]
        counts = facts["cross_validated"]
        assert (len(scale.real), len(scale.fake)) == (counts["real"], counts["fake"])


def test_no_ratio_exceeds_what_its_reference_files_support(model):
    for scale in (model.scales.photo, model.scales.clip, model.scales.span):
        assert 10 ** scale.bounds[1] <= len(scale.real) + 1 and 10 ** -scale.bounds[0] <= len(scale.fake) + 1


@pytest.mark.parametrize("name", GOLDEN["log10_likelihood_ratio"])
def test_golden_weight_of_evidence_guards_against_drift(model, golden_crops, name):
    score = float(model.predict([golden_crops[name]]).scores[0])
    evidence = model.scales.photo.weigh(model.scales.photo.statistic_of([score]))
    assert evidence.log10_likelihood_ratio == pytest.approx(GOLDEN["log10_likelihood_ratio"][name], abs=2e-3)


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
