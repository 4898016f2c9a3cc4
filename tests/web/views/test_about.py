"""What is told of the model, in short and in both languages."""

import json
from dataclasses import replace

import pytest

from detector.evidence_scale import EvidenceScales, UnseenSources
from detector.report.model_facts import ModelFacts, model_facts
from detector.results import Count
from tests.redness_model import evidence_scales, redness_model
from web.views.about import about_html, card_of

EVALUATION = {
    "data": [
        {"name": "ours", "manipulations": ["Face2Face", "FaceSwap"], "crops": {"train": 1200, "test": 80}},
        {"name": "theirs", "manipulations": ["DFDC"], "crops": {"test": 40}},
    ],
    "training": {"gpu_run": {"left_out": ["FaceSwap"]}},
}
CARD = "---\nlicense: other\nlicense_name: research-only\n---\n# Card\n"


def model_with(folder, evaluation, **changes):
    (folder / "evaluation.json").write_text(evaluation, encoding="utf-8")
    return replace(redness_model(), folder=folder, card=CARD, **changes)


def measured_scales() -> EvidenceScales:
    scales = evidence_scales()
    return replace(scales, photo=replace(scales.photo, unseen_sources=UnseenSources(Count(4, 264), Count(155, 805))))


def test_facts_name_what_the_model_learned_from_and_what_it_never_saw(tmp_path):
    facts = model_facts(model_with(tmp_path, json.dumps(EVALUATION)))
    assert facts == ModelFacts(("Face2Face",), ("FaceSwap",), 1200, "research-only")


@pytest.mark.parametrize("evaluation", ["[1, 2]", '{"data": [{"crops": {"train": "many"}}]}', "no JSON", '{"a": 1}'])
def test_other_records_of_a_training_are_passed_over(tmp_path, evaluation):
    assert model_facts(model_with(tmp_path, evaluation)) == ModelFacts(terms="research-only")


@pytest.mark.parametrize(
    ("language", "crops", "wrong", "kind", "card"),
    [
        ("en", "1 200 pictures of faces", "Called manipulated though real: 4 of 264 (2 %)", "Photos", "is in English"),
        ("es", "1 200 imágenes de caras", "Reales que se dieron por manipulados: 4 de 264 (2 %)", "Fotos", "en inglés"),
    ],
)
def test_model_is_told_of_in_the_language_of_the_reader(tmp_path, language, crops, wrong, kind, card):
    html = about_html(model_with(tmp_path, json.dumps(EVALUATION), scales=measured_scales()), language)
    for text in (crops, wrong, f"<dt>{kind}</dt>", card, "research-only", "Face2Face"):
        assert text in html


def test_model_that_came_without_a_record_says_so():
    html = about_html(redness_model(), "en")
    assert html.count("These weights came without a record of that.") == 2
    assert "No model card came with these weights." in html
    assert card_of(redness_model()) == ""


def test_card_says_of_itself_that_it_is_in_english():
    assert card_of(replace(redness_model(), card=CARD)) == '<div lang="en">\n\n# Card\n\n\n</div>'
