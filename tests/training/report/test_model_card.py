import json
from pathlib import Path

import pytest
import yaml

from detector.network.loading import BUNDLED_FOLDER
from training.report.card import main, render_card
from training.report.card_tables import comparison_table

BANDS = ("manipulated", "inconclusive", "no_manipulation_found")


@pytest.fixture
def evaluation() -> dict:
    """Of a model that train.py made, as it wrote it."""
    return json.loads((Path(__file__).parents[2] / "fixtures" / "evaluation_of_train.json").read_text())


def front_matter(card: str) -> dict:
    return yaml.safe_load(card.split("---\n")[1])


def test_front_matter_is_what_the_hub_reads(evaluation):
    data = front_matter(render_card(evaluation))
    assert data["library_name"] == "timm"
    assert data["pipeline_tag"] == "image-classification"
    assert data["base_model"] == "timm/vgg16"
    assert data["license"] == "other" and data["license_name"]
    (model,) = data["model-index"]
    assert len(model["results"]) == len(evaluation["tests"])  # the figures of one test set are not another's
    first = model["results"][0]
    assert first["dataset"]["split"] == "test"
    # a figure never stands without data, level and count
    assert f"{evaluation['tests'][0]['frame']['real']} real" in first["dataset"]["name"]
    assert "frame level" in first["dataset"]["name"]
    values = {metric["name"]: metric["value"] for metric in first["metrics"]}
    assert values["frame AUC"] == round(evaluation["tests"][0]["frame"]["auc"], 4)


def test_every_result_row_names_split_level_and_counts(evaluation):
    lines = render_card(evaluation).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| data, split") and "AUC" in line)
    rows = lines[start + 2 : start + 2 + len(evaluation["tests"])]
    for row, test in zip(rows, evaluation["tests"], strict=True):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[:4] == [
            f"{test['data']}, test",
            "frame",
            f"{test['frame']['real']:,}",
            f"{test['frame']['fake']:,}",
        ]
        assert cells[5].startswith(f"{test['frame']['auc']:.4f} [")


def test_rebuilt_faces_are_told_where_there_were_any(evaluation):
    assert "% faces rebuilt from eigenfaces" not in render_card(evaluation)
    evaluation["training"] |= {"eigenface": 0.1, "self_blended": 0.65}
    card = render_card(evaluation)
    assert (
        "25% are labelled ones, 65% self-blended" in card
        and "edge blended), 10% faces rebuilt from eigenfaces." in card
    )
    assert "--eigenface 0.1" in card


def test_verdicts_name_their_level_and_those_of_videos_are_told_too(evaluation):
    first = evaluation["tests"][0]
    first["video"] = first["frame"] | {"verdicts": dict.fromkeys(("real", "fake"), dict.fromkeys(BANDS, 77))}
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in render_card(evaluation).splitlines()]
    assert [f"test, {first['data']}", "video", "fake", "77", "77", "77"] in rows
    assert ["validation, all of the above together", "frame", "real"] in [row[:3] for row in rows]


def test_figures_in_the_card_change_with_the_evaluation(evaluation):
    evaluation["tests"][0]["frame"]["auc"] = 0.4321
    assert "0.4321" in render_card(evaluation)


def test_card_says_where_validation_does_not_support_the_target(evaluation):
    evaluation["calibration"]["fitted_on"]["supports_target"] = False
    assert "the strictest that the data support: no score has a precision of 99%" in render_card(evaluation)


def test_card_of_a_run_on_a_gpu_tells_its_recipe(evaluation):
    run = {"start": "a.safetensors", "steps": 10, "crops": 1920, "learning_rate": 2e-4, "decay": 0.999, "seed": 7}
    run |= {"left_out": ["FaceSwap"], "mask_weight": 0.5, "shares": ["dfdc, DFDC: 5 fakes beside 5 real crops"]}
    evaluation["training"]["gpu_run"] = run
    verdicts = {"manipulated": 1, "inconclusive": 2, "no_manipulation_found": 37}
    card = render_card(evaluation | {"false_alarms": [{"data": "press", "verdicts": verdicts}]})
    assert "1,920 crops in 10 steps of 192" in card and "- dfdc, DFDC: 5 fakes beside 5 real crops" in card
    assert "Left out of training: FaceSwap." in card and "training.on_gpu.run" in card
    assert ["press", "40", "1", "2", "37"] in [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in card.splitlines()
    ]


def test_card_says_where_int8_is_not_used(evaluation):
    figures = {"data": "dfdc", "split": "test", "level": "frame", "crops": 200, "verdicts_changed": 0.0}
    assert "computes this network in float32" in render_card(
        evaluation | {"quantisation": figures | {"auc_change": -0.0051}}
    )
    assert "in int8, all but the last block" in render_card(
        evaluation | {"quantisation": figures | {"auc_change": 0.0001}}
    )


def test_parts_that_were_not_measured_are_left_out(evaluation):
    card = render_card(evaluation | {"robustness": None, "saliency": None})
    assert "## Robustness" not in card and "## Saliency" not in card and "## Tilted heads" not in card
    assert "None" not in card and "robustness.png" not in card


def test_tilts_are_told_with_data_split_level_and_counts(evaluation):
    verdicts = {
        "not_assessed": 1,
        "manipulated": 2,
        "inconclusive": 3,
        "no_manipulation_found": 4,
        "score_shift": 0.0123,
    }
    row = {"degrees": -30, "real": verdicts, "fake": verdicts, "auc": 0.987}
    facts = {"data": "press", "split": "test", "level": "frame", "method": "turned", "verdicts_by": "the scale"}
    card = render_card(evaluation | {"tilt": facts | {"real": 10, "fake": 10, "rows": [row]}})
    assert "press, test split, frame level, 10 real and 10 fake faces" in card
    cells = ["1", "2", "3", "4", "+0.012"]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in card.splitlines()]
    assert ["-30", *cells, *cells, "0.987"] in rows


def test_command_names_what_differs_from_the_defaults(evaluation):
    evaluation["training"] |= {"learning_rate": 0.123, "model": "simple_cnn"}
    card = render_card(evaluation)
    assert "--learning-rate 0.123" in card and "--model simple_cnn" in card and "--epochs 3.0" not in card


def test_card_of_the_simple_cnn_does_not_say_that_others_load_it(evaluation):
    assert "timm.create_model(" in render_card(evaluation)
    evaluation["training"] |= {"model": "simple_cnn"}
    card = render_card(evaluation)
    assert "timm.create_model(" not in card and "neither timm nor the application loads it" in card


def test_command_tells_how_the_figures_were_measured_and_on_how_many_processes(evaluation):
    evaluation["training"] |= {"processes": 2, "max_train_samples": 50}
    card = render_card(evaluation | {"measured_with": {"bootstrap_rounds": 7, "saliency_samples": 100}})
    assert "torchrun --standalone --nproc-per-node 2 train.py" in card and "in each of 2 processes" in card
    assert "--max-train-samples 50" in card and "--bootstrap-rounds 7" in card and "--saliency-samples" not in card


def test_commands_lead_from_run_to_run(evaluation):
    first = evaluation["training"] | {"epochs": 20.5, "checkpoint": "checkpoint-5800", "processes": 1}
    card = render_card(evaluation | {"earlier_runs": [first]}).replace(" \\\n    ", " ")
    before, after = (line for line in card.splitlines() if "train.py --dataset DATA" in line)
    assert "--epochs 20.5" in before and before.endswith("--output-dir runs/1") and "--initial-weights" not in before
    assert "--epochs 20.5" not in after and "--initial-weights runs/1/checkpoint-5800/model.safetensors" in after
    assert "It went on from a run with 20.5 passes" in card


def test_notes_stand_in_the_card_as_they_are(evaluation):
    assert "## What was tried\n\n| a |\n|---|\n" in render_card(evaluation | {"notes": "| a |\n|---|\n"})
    assert "## What was tried" not in render_card(evaluation | {"notes": ""})


def test_alarms_where_fakes_are_rare_are_computed_as_in_the_design(evaluation):
    text = render_card(evaluation).replace("\n", " ")
    assert "84% of the cases where 5% are, 50% of the cases where 1% are." in text


def test_a_precision_without_any_alarm_is_a_dash(evaluation):
    first = evaluation["tests"][0]["frame"]
    first |= {"precision": None}
    for row in first["precision_by_prevalence"]:
        row |= {"precision": None, "at_least": None}
    card = render_card(evaluation)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in card.splitlines()]
    assert any(row[4:] == ["–"] * 4 for row in rows) and "None" not in card
    metrics = front_matter(card)["model-index"][0]["results"][0]["metrics"]
    assert [metric["type"] for metric in metrics] == ["roc_auc", "accuracy", "recall"]
    assert "–" in comparison_table({"vgg16": evaluation})


def test_counts_at_thresholds_of_single_frames_say_so_where_evidence_decides(evaluation):
    assert "thresholds of single frames (" not in render_card(evaluation)
    bundled = json.loads((BUNDLED_FOLDER / "evaluation.json").read_text())
    sections = render_card(bundled).split("\n## ")
    told = [text.split("\n")[0] for text in sections if "thresholds of single frames (.853 and .141)" in text]
    assert told == ["Results", "Robustness", "Real faces of sources and people that were not trained on", "Prevalence"]


def test_comparison_has_a_row_for_each_model(evaluation):
    table = comparison_table({"simple_cnn": evaluation, "vgg16": evaluation})
    assert [line.split("|")[1].strip() for line in table.splitlines()[2:]] == ["Simple CNN", "VGG-16"]


def test_card_says_where_too_few_crops_stand_behind_the_alarm(evaluation):
    fitted = evaluation["calibration"]["fitted_on"]
    fitted["precision_at_least"] = 0.9
    assert "at least 90.0%; they are too few to be sure of 99%." in render_card(evaluation)
    fitted["precision_at_least"] = 0.995
    assert "too few" not in render_card(evaluation)


def test_data_set_on_the_hub_is_named_in_the_front_matter(evaluation):
    assert "datasets" not in front_matter(render_card(evaluation))
    evaluation["training"] |= {"dataset_id": "newsroom/faces"}
    data = front_matter(render_card(evaluation))
    assert data["datasets"] == ["newsroom/faces"]
    assert data["model-index"][0]["results"][0]["dataset"]["type"] == "newsroom/faces"


def test_card_is_printed_by_one_command(capsys, tmp_path):
    assert main([str(BUNDLED_FOLDER / "evaluation.json"), "model/plots"]) == 0
    assert capsys.readouterr().out == (BUNDLED_FOLDER.parent / "model_card.md").read_text(encoding="utf-8")
    assert main([str(tmp_path / "none.json")]) == 2
    assert "is no evaluation" in capsys.readouterr().err
