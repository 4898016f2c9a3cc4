"""Measures false alarms by age, skin tone, pose, light and size of real faces, and writes them into a model's card.

    python -m detector reference --json --output reference.jsonl
    python -m training.subgroups --model model --files reference.csv --results reference.jsonl --apart portraits swaps

The table and the results are those of ``training.evidence_scale``; the photos must still lie where they were analysed.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from dataset_builder.layouts.csv_tables import read_table
from dataset_builder.rows import spread
from detector.command_line import error_line, stoppable
from detector.evidence_scale import EvidenceScale, SmallFaces, log_odds_of
from detector.faces.detection import FaceDetector
from detector.network.loading import LoadedModel, ModelError, load_folder
from detector.results import Count
from training.data.reference_files import ReferenceFile, read_files
from training.evaluate import EVALUATION_FILE
from training.evaluation.face_traits import TraitReader
from training.evaluation.small_faces import SIDES_PX, score_reduced
from training.evaluation.subgroups import RealFace, reduced_row, subgroup_rows
from training.networks.models import write_config
from training.report.card import render_card

# A face that is reduced to the larger of `SIDES_PX` must have been clearly larger.
_FROM_PX = 110


def real_faces(
    files: Sequence[ReferenceFile], scale: EvidenceScale, ages: dict[str, float]
) -> tuple[list[RealFace], list[str]]:
    """Measures the traits of the face of each real photo; gives the faces, and where the photos lie.

    Args:
        files: What the application said of some files.
        scale: The scale for photos.
        ages: Apparent age by the end of the path; may be empty.

    Raises:
        OSError: A photo cannot be read.
    """
    reader = TraitReader()
    photos = {file.path: file for file in files if not file.label and not file.is_clip}
    faces, paths = [], []
    for path, file in tqdm(photos.items(), desc="measuring traits", unit="photo", disable=None):
        traits = reader.read(read_photo(path))
        if traits is None:
            continue
        values = {name: np.nan if value is None else value for name, value in vars(traits).items()}
        values["age"] = next((age for name, age in ages.items() if path.endswith(name)), np.nan)
        log_odds = scale.statistic_of(file.scores)
        faces.append(RealFace(file.source, file.group, log_odds, scale.log10_ratio(log_odds), values))
        paths.append(path)
    return faces, paths


def read_photo(path: str) -> np.ndarray:
    """Reads a photo of the data sets, ``(H, W, 3)`` uint8 RGB.

    Raises:
        OSError: It cannot be read.
    """
    with Image.open(path) as photo:
        return np.array(photo.convert("RGB"))


def measure_reduced(
    model: LoadedModel, scale: EvidenceScale, faces: Sequence[RealFace], paths: Sequence[str], limit: int
) -> list[dict[str, Any]]:
    """Compares real faces as they are and reduced to each of `SIDES_PX`.

    Args:
        model: What scores the reduced ones.
        scale: The scale for photos.
        faces: Real faces.
        paths: Where their photos lie.
        limit: How many are taken at most, spread over all that are large enough.

    Returns:
        A row a size.
    """
    large = np.array([number for number, face in enumerate(faces) if face.traits["size_px"] >= _FROM_PX])
    chosen = [int(number) for number in spread(large, limit)]
    if not chosen:
        return []
    before, detector = [faces[number] for number in chosen], FaceDetector()
    photos = [read_photo(paths[number]) for number in chosen]
    rows = []
    for side_px in SIDES_PX:
        log_odds = log_odds_of(score_reduced(model, detector, photos, side_px))
        ratios = np.array([scale.log10_ratio(value) if np.isfinite(value) else np.nan for value in log_odds])
        rows.append(reduced_row(side_px, before, log_odds, ratios))
    return rows


def small_faces(rows: Sequence[dict[str, Any]]) -> SmallFaces | None:
    """Finds out below which size the application warns: where real faces get more support; None where at no size."""
    higher = [row for row in rows if row["support_is_higher"]]
    if not higher:
        return None
    worst = min(higher, key=lambda row: row["side_px"])
    largest = max(row["side_px"] for row in higher)
    fine = [row["side_px"] for row in rows if row["side_px"] > largest]
    counts = (Count(worst[name]["count"], worst[name]["of"]) for name in ("support", "support_before"))
    return SmallFaces((largest + (min(fine) if fine else _FROM_PX)) / 2, worst["side_px"], *counts)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Measures, and writes the figures into evaluation, config and card; gives what the evaluation holds.

    Raises:
        ModelError: The folder holds no usable model.
        OSError: A file cannot be read or written.
        ValueError: A file is not what it should be, or the model has no evidence scale.
    """
    config_file, evaluation_file = options.model / "config.json", options.model / EVALUATION_FILE
    model = load_folder(options.model, options.model.name)
    if model.scales is None:
        raise ValueError(f"{options.model} has no evidence scale; fit one with training.evidence_scale first.")
    evaluation = json.loads(evaluation_file.read_text(encoding="utf-8"))
    files, _ = read_files(options.files, options.results)
    ages = {row["file"]: float(row["age"]) for row in read_table(options.ages, ("file", "age"))} if options.ages else {}
    faces, paths = real_faces(files, model.scales.photo, ages)
    main = [number for number, face in enumerate(faces) if face.source not in options.apart]
    apart = [face for face in faces if face.source in options.apart]
    chosen = [faces[number] for number in main]
    reduced = measure_reduced(model, model.scales.photo, chosen, [paths[number] for number in main], options.reduced)
    subgroups = {
        "sources": dict(Counter(face.source for face in chosen)),
        "rows": subgroup_rows(chosen),
        "apart": dict(Counter(face.source for face in apart)),
        "apart_rows": subgroup_rows(apart),
        "reduced": reduced,
        "notes": options.notes.read_text(encoding="utf-8").strip() if options.notes else "",
    }
    config = json.loads(config_file.read_text(encoding="utf-8"))
    scales = replace(model.scales, small_faces=small_faces(reduced))
    config["detector"]["evidence_scale"] = scales.to_config()
    evaluation["subgroups"] = subgroups
    write_config(config_file, config)
    evaluation_file.write_text(json.dumps(evaluation, indent=2) + "\n", encoding="utf-8")
    (options.model / "README.md").write_text(render_card(evaluation), encoding="utf-8")
    return subgroups


@stoppable
def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code: 0 done, 2 a file or folder is wrong, 130 stopped by Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m training.subgroups",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--model", type=Path, required=True, help="model folder with evidence scales, which gets the figures"
    )
    parser.add_argument("--files", type=Path, required=True, help="CSV: file, source, manipulation, group, role, note")
    parser.add_argument(
        "--results", type=Path, nargs="+", required=True, help="JSON Lines of python -m detector --json"
    )
    parser.add_argument("--apart", nargs="*", default=[], help="sources that were learned from before, told apart")
    parser.add_argument("--ages", type=Path, help="CSV: file, age; apparent ages, of people or of another model")
    parser.add_argument(
        "--reduced", type=int, default=0, help="real photos that are reduced and scored again (default: 0)"
    )
    parser.add_argument(
        "--notes", type=Path, help="Markdown for the card: where the ages are from, what was not measured"
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        subgroups = measure(options)
    except (OSError, ValueError, KeyError, ModelError) as error:
        sys.stderr.write(f"{error_line(error)}\n")
        return 2
    sys.stdout.write(json.dumps(subgroups, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
