import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from detector.evidence_scale import EvidenceScales
from training.evidence_scale import main

EVALUATION = Path(__file__).parents[1] / "fixtures" / "evaluation_of_train.json"


@pytest.fixture
def model(tmp_path):
    """A folder with what the command reads and writes; it needs no weights."""
    folder = tmp_path / "model"
    folder.mkdir()
    shutil.copy(EVALUATION, folder / "evaluation.json")
    (folder / "config.json").write_text(json.dumps({"architecture": "vgg16", "detector": {"temperature": 1.0}}))
    return folder


@pytest.fixture
def reference(tmp_path):
    """A table of made files, and what the command of the detector would have said of them."""
    random = np.random.default_rng(0)
    rows, lines = ["file,source,manipulation,group,role,note"], []

    def add(kind, manipulation, role, count, mean):
        for number in range(count):
            name = f"{kind}/{role}/{manipulation}/{number}.bin"
            frames = 32 if kind == "clips" else 1
            odds = random.normal(random.normal(mean, 1), 0.3, frames)
            scores = (1 / (1 + np.exp(-odds))).round(6).tolist()
            duration_s = 32.0 if kind == "clips" else None
            found = {
                "file": {"duration_s": duration_s},
                "faces": [{"frames": [{"time_s": place + 0.5, "score": s} for place, s in enumerate(scores)]}],
            }
            lines.append(json.dumps({"file": f"/data/{name}", "result": found, "frames_per_video": 32}))
            rows.append(f"{name},made,{manipulation},{kind}{role}{manipulation}{number},{role},")

    for role, count in (("reference", 40), ("test", 20)):
        for kind in ("photos", "clips"):
            add(kind, "real", role, count, -1.5)
            add(kind, "FaceSwap", role, count, 2)
    add("photos", "real", "stand_in", 30, -1.5)
    table, results = tmp_path / "files.csv", tmp_path / "results.jsonl"
    table.write_text("\n".join(rows) + "\n")
    results.write_text("\n".join(lines) + "\n")
    return table, results


def run(model, reference):
    table, results = reference
    return main(["--model", str(model), "--files", str(table), "--results", str(results)])


def test_scales_are_fitted_judged_and_stored_with_the_model(model, reference, capsys):
    assert run(model, reference) == 0
    evidence = json.loads(capsys.readouterr().out)
    scales = EvidenceScales.from_config(json.loads((model / "config.json").read_text())["detector"]["evidence_scale"])
    assert (len(scales.photo.real), len(scales.photo.fake)) == (40, 40)
    assert (len(scales.clip.real), len(scales.clip.fake)) == (70, 40)  # 30 of them single frames
    assert scales.span.frames == 6 and scales.span.parts == 27
    assert scales.photo.log10_ratio(3) > 0.8 > -0.8 > scales.photo.log10_ratio(-3)
    assert 0.1 < evidence["scales"]["photo"]["cross_validated"]["cllr"] < 0.6
    photos = next(row for row in evidence["tests"] if row["source"] == "all" and row["level"] == "photo")
    assert (photos["real"], photos["fake"]) == (20, 20) and photos["cllr"] < 0.7
    assert sum(photos["bands"]["fake"].values()) == 20
    assert json.loads((model / "evaluation.json").read_text())["evidence"] == evidence


def test_card_tells_bands_counts_and_sources(model, reference):
    run(model, reference)
    card = (model / "README.md").read_text()
    assert "## The weight of evidence" in card and "plots/tippett.png" in card
    assert (model / "plots" / "tippett.png").stat().st_size > 5_000
    assert "| photos" in card and "Misleading evidence" in card


@pytest.mark.parametrize(
    "spoil, sentence",
    [
        (lambda text: text.replace("0.bin", "none.bin", 1), "of which there are 0 results"),
        (lambda text: text.replace(",reference,", ",referee,", 1), "the role referee"),
        (lambda text: "\n".join(line for line in text.splitlines() if "FaceSwap" not in line), "real and manipulated"),
        (lambda text: text.replace("manipulation", "kind", 1), "must be a CSV table with the columns"),
    ],
)
def test_wrong_table_is_refused_in_one_sentence_and_the_model_stays(model, reference, spoil, sentence, capsys):
    before = (model / "config.json").read_bytes()
    reference[0].write_text(spoil(reference[0].read_text()))
    assert run(model, reference) == 2
    assert sentence in capsys.readouterr().err
    assert (model / "config.json").read_bytes() == before
