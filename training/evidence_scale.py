"""Fits the evidence scales of a model folder on reference files, and judges them on files that nothing was fitted on.

    python -m detector reference --json --output reference.jsonl
    python -m training.evidence_scale --model model --files reference.csv --results reference.jsonl

The first command analyses the files as the application does. The table ``reference.csv`` tells the truth about them, see
docs/training.md. The scales go into config.json, the figures into evaluation.json and the card.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from detector.command_line import error_line, stoppable
from detector.conclusion.weighing import weigh_track
from detector.evidence_scale import STATISTICS, EvidenceScale, EvidenceScales, JudgedFiles, UnseenSources, verdict_at
from detector.results import Count, FrameScore, ScaleName
from training.data.reference_files import ReferenceFile, read_files
from training.evaluate import EVALUATION_FILE
from training.evaluation.likelihood_ratios import Weighed, figures, tippett
from training.evaluation.scale_fitting import (
    CLIP_FRAMES,
    PART_FRAMES,
    best_trial,
    fit_scale,
    highest_parts,
    out_of_fold,
    source_by_source,
    statistics_of,
    weighed,
)
from training.networks.models import write_config
from training.report.card import render_card
from training.report.plots import draw_tippett


def fit_scales(files: Sequence[ReferenceFile]) -> tuple[EvidenceScales, dict[str, Any]]:
    """Fits the scales for photos, clips and parts of clips; gives them, and how they were chosen.

    Raises:
        ValueError: Files of one kind are missing.
    """
    photos = [file for file in files if file.role == "reference" and not file.is_clip]
    clips = [file for file in files if file.role == "reference" and file.is_clip]
    clips += [file for file in files if file.role == "stand_in"]
    for name, some in (("photos", photos), ("clips", clips)):
        if {file.label for file in some} != {0, 1}:
            raise ValueError(f"The table needs real and manipulated reference files among the {name}.")
    of_photos = {"mean_score": statistics_of(photos, "mean_score")}  # of one frame, all statistics are the same
    of_clips = {name: statistics_of(clips, name) for name in STATISTICS}
    with_parts, parts = highest_parts(clips)
    photo, photo_facts = _choose("photo", photos, of_photos)
    clip, clip_facts = _choose("clip", clips, of_clips)
    span, span_facts = _choose("span", with_parts, {"mean_log_odds": parts}, PART_FRAMES, CLIP_FRAMES - PART_FRAMES + 1)
    return EvidenceScales(photo, clip, span), {"photo": photo_facts, "clip": clip_facts, "span": span_facts}


def _choose(
    name: ScaleName, files: Sequence[ReferenceFile], statistics: dict[str, Weighed], frames: int = 0, parts: int = 0
) -> tuple[EvidenceScale, dict[str, Any]]:
    """Fits a scale with the best statistic and method; gives it with what the card tells of it."""
    best, trials = best_trial(statistics)
    values = statistics[best.statistic]
    # one source may come in several compressions, such as ffpp_c23 and ffpp_c40
    sources = [f"{file.source.split('_')[0]} {file.manipulation}" for file in files]
    unseen = source_by_source(values, sources, best.method)
    fitted = fit_scale(name, files, values, best, frames, parts)
    unbounded = source_by_source(values, sources, best.method, is_bounded=False)
    scale = replace(fitted, unseen_sources=_misjudged(unbounded)) if unbounded else fitted
    return scale, {
        "statistic": best.statistic,
        "method": best.method,
        "bounds": list(scale.bounds),
        "thresholds": vars(scale.thresholds),
        "sources": [vars(source) for source in scale.sources],
        "tried": [vars(trial) for trial in trials],
        "cross_validated": figures(out_of_fold(values, best.method)),
        "source_by_source": figures(unseen) if unseen else None,
    }


def _misjudged(ratios: Weighed) -> UnseenSources:
    verdicts = np.array([verdict_at(float(value)) for value in ratios.values])
    real, fake = verdicts[ratios.labels == 0], verdicts[ratios.labels == 1]
    return UnseenSources(
        Count(int((real == "manipulated").sum()), len(real)),
        Count(int((fake == "no_manipulation_found").sum()), len(fake)),
    )


def weigh_scores(file: ReferenceFile, scales: EvidenceScales) -> float:
    """Gives log10 of the likelihood ratio of a file."""
    frames = [
        FrameScore(float(number), score, (0, 0, 1, 1)) for number, score in zip(file.numbers, file.scores, strict=True)
    ]
    evidence, _ = weigh_track(scales, frames, file.numbers, file.is_clip)
    return evidence.log10_likelihood_ratio


def judge(files: Sequence[ReferenceFile], scales: EvidenceScales) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Measures the scales on the test files, weighed as the application does.

    Returns:
        Figures of each source and kind of file by itself, then of all photos or clips; and their Tippett curves.
    """
    tests = [file for file in files if file.role == "test"]
    rows, curves = [], {}
    for level, is_clip in (("photo", False), ("clip", True)):
        some = [file for file in tests if file.is_clip == is_clip]
        if not some:
            continue
        ratios = weighed(some, [weigh_scores(file, scales) for file in some])
        curves[f"{level}s"] = tippett(ratios)
        kinds = [(file.source, file.manipulation) for file in some]
        for source, manipulation in tqdm(sorted(set(kinds)), desc=f"judging {level}s", unit="kind", disable=None):
            inside = [number for number, other in enumerate(kinds) if other == (source, manipulation)]
            rows.append(
                _row(source, manipulation, level, [some[number] for number in inside], ratios.only(np.array(inside)))
            )
        rows.append(_row("all", "all", level, some, ratios))
    return rows, curves


def with_judged(scales: EvidenceScales, tests: Sequence[dict[str, Any]]) -> EvidenceScales:
    """Adds to the scales of whole files how many test files came into each band.

    Args:
        scales: Those that judged the files.
        tests: What evaluation.json holds of them.
    """
    counts = {test["level"]: JudgedFiles.from_bands(test["bands"]) for test in tests if test["source"] == "all"}
    return replace(
        scales,
        photo=replace(scales.photo, judged=counts.get("photo")),
        clip=replace(scales.clip, judged=counts.get("clip")),
    )


def _row(source: str, manipulation: str, level: str, files: Sequence[ReferenceFile], ratios: Weighed) -> dict[str, Any]:
    notes = sorted({file.note for file in files if file.note})
    return {
        "source": source,
        "manipulation": manipulation,
        "level": level,
        "split": "test",
        "note": notes[0] if len(notes) == 1 else "",
        **figures(ratios),
    }


def store(folder: Path, scales: EvidenceScales, evidence: dict[str, Any], curves: dict[str, Any]) -> None:
    """Writes the scales into the config of a model folder, and the figures into evaluation, plot and card.

    Raises:
        OSError: A file cannot be read or written.
        ValueError: The folder holds no evaluation of train.py.
    """
    config_file, evaluation_file = folder / "config.json", folder / EVALUATION_FILE
    config = json.loads(config_file.read_text(encoding="utf-8"))
    evaluation = json.loads(evaluation_file.read_text(encoding="utf-8"))
    if "tests" not in evaluation or "detector" not in config:
        raise ValueError(f"{folder} is no model folder that train.py wrote.")
    config["detector"]["evidence_scale"] = scales.to_config()
    evaluation["evidence"] = evidence
    evaluation.pop("subgroups", None)  # they were measured on the scales before
    write_config(config_file, config)
    evaluation_file.write_text(json.dumps(evaluation, indent=2) + "\n", encoding="utf-8")
    draw_tippett(curves, folder / "plots" / "tippett.png")
    (folder / "README.md").write_text(render_card(evaluation), encoding="utf-8")


def fit(options: argparse.Namespace) -> dict[str, Any]:
    """Fits, judges and stores the scales; gives what the evaluation holds of them.

    Raises:
        OSError: A file cannot be read or written.
        ValueError: A file is not what it should be.
    """
    files, without_face = read_files(options.files, options.results)
    scales, chosen = fit_scales(files)
    tests, curves = judge(files, scales)
    scales = with_judged(scales, tests)
    evidence = {
        "scales": chosen,
        "tests": tests,
        "without_face": without_face,
        "part_frames": scales.span.frames if scales.span else 0,
        "notes": options.notes.read_text(encoding="utf-8").strip() if options.notes else "",
    }
    store(options.model, scales, evidence, curves)
    return evidence


@stoppable
def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code: 0 done, 2 a file or folder is wrong, 130 stopped by Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m training.evidence_scale",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", type=Path, required=True, help="model folder, which gets the scales")
    parser.add_argument("--files", type=Path, required=True, help="CSV: file, source, manipulation, group, role, note")
    parser.add_argument(
        "--results", type=Path, nargs="+", required=True, help="JSON Lines of python -m detector --json"
    )
    parser.add_argument("--notes", type=Path, help="Markdown for the card: why an aim was missed")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        evidence = fit(options)
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"{error_line(error)}\n")
        return 2
    sys.stdout.write(json.dumps(evidence, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
