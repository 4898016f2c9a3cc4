"""The command that measures subgroups and writes them into a model folder."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detector.evidence_scale import EvidenceScales, SmallFaces
from detector.results import Count
from tests.media_factory import astronaut
from tests.redness_model import evidence_scales, redness_model
from training import subgroups
from training.report.card import render_card

EVALUATION = Path(__file__).parents[1] / "fixtures" / "evaluation_of_train.json"


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Photos of one face in several sizes, a table and results; and a model folder whose network tests stand in for."""
    folder = tmp_path / "model"
    folder.mkdir()
    shutil.copy(EVALUATION, folder / "evaluation.json")
    (folder / "config.json").write_text(json.dumps({"detector": {"evidence_scale": evidence_scales().to_config()}}))
    monkeypatch.setattr(subgroups, "load_folder", lambda *_: redness_model(scales=evidence_scales()))
    rows, lines = ["file,source,manipulation,group,role,note"], []
    for number, side in enumerate((300, 400, 420, 440)):
        path = tmp_path / "photos" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(astronaut()[0:300, 80:380]).resize((side, side)).save(path)
        found = {"file": {"duration_s": None}, "faces": [{"frames": [{"time_s": 0.0, "score": 0.1}]}]}
        lines.append(json.dumps({"file": str(path), "result": found, "frames_per_video": 32}))
        rows.append(f"photos/{number}.png,{'apart' if number == 0 else 'made'},real,{number},test,")
    (tmp_path / "files.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "results.jsonl").write_text("\n".join(lines) + "\n")
    (tmp_path / "ages.csv").write_text("file,age\nphotos/1.png,17\nphotos/2.png,44\n")
    return tmp_path


def run(files, *more):
    words = ["--model", "model", "--files", "files.csv", "--results", "results.jsonl"]
    return subgroups.main([str(files / word) if "-" not in word[:2] else word for word in words] + list(more))


def test_figures_go_into_evaluation_and_card_with_sources_apart(files, capsys):
    assert run(files, "--apart", "apart", "--ages", str(files / "ages.csv"), "--reduced", "2") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["sources"], found["apart"]) == ({"made": 3}, {"apart": 1})
    ages = [row["group"] for row in found["rows"] if row["trait"] == "apparent age"]
    assert ages == ["under 18", "30 to 44"]
    assert [row["side_px"] for row in found["reduced"]] == [52, 78]
    assert json.loads((files / "model" / "evaluation.json").read_text())["subgroups"] == found
    config = json.loads((files / "model" / "config.json").read_text())
    scales = EvidenceScales.from_config(config["detector"]["evidence_scale"])
    assert scales.small_faces is None and scales.photo == evidence_scales().photo  # two photos are no difference
    card = (files / "model" / "README.md").read_text()
    assert "## Subgroups" in card and "made (3)" in card and "apart (1)" in card and "**Tiny faces.**" in card


def test_model_without_scales_is_refused(files, capsys, monkeypatch):
    monkeypatch.setattr(subgroups, "load_folder", lambda *_: redness_model())
    assert run(files) == 2
    assert "has no evidence scale" in capsys.readouterr().err


def test_application_warns_below_the_middle_of_the_last_size_that_errs_and_the_first_that_does_not():
    def row(side_px, count, is_higher):
        share = {"of": 449, "interval": [0, 1]}
        return {
            "side_px": side_px,
            "support": share | {"count": count},
            "support_before": share | {"count": 46},
            "support_is_higher": is_higher,
        }

    assert subgroups.small_faces([row(52, 92, True), row(78, 72, False)]) == SmallFaces(
        65.0, 52, Count(92, 449), Count(46, 449)
    )
    assert subgroups.small_faces([row(52, 92, True), row(78, 90, True)]).below_px == 94.0
    assert subgroups.small_faces([row(52, 50, False), row(78, 48, False)]) is None


def test_card_names_groups_that_raise_more_alarms():
    evaluation = json.loads(EVALUATION.read_text())
    faces = [
        subgroups.RealFace("a", str(number), 0.0, float(number < 20), {"turned_degrees": 60 if number < 40 else 5})
        for number in range(120)
    ]
    rows = subgroups.subgroup_rows(faces)
    evaluation["subgroups"] = {
        "sources": {"a": 120},
        "rows": rows,
        "apart": {},
        "apart_rows": [],
        "reduced": [],
        "notes": "",
    }
    card = render_card(evaluation)
    assert "by intervals that do not touch: turned to the side: 45 degrees and more." in card
    assert "20: 50.0% [35.2%, 64.8%]" in card and np.isfinite(rows[0]["shift"])
