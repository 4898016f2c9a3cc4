"""Renders the model card from the evaluation's JSON, so that no figure is typed by hand."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from dataset_builder.layouts.faceforensics import MANIPULATIONS
from dataset_builder.pseudo_fakes.registry import KINDS, kind_name
from detector.command_line import stoppable
from detector.network.quantisation import are_safe
from training.evaluation.metrics import CALIBRATION_BINS, PREVALENCES, TARGET_PRECISION
from training.options import DEFAULT_MODEL, DataOptions, Options, flag
from training.report.card_tables import (
    LEVELS,
    by_level,
    data_table,
    display_name,
    false_alarm_table,
    manipulation_table,
    prevalence_table,
    results_table,
    robustness_table,
    saliency_table,
    strict_table,
    tilt_table,
    verdict_table,
)
from training.report.evidence_section import evidence_section
from training.report.subgroup_section import subgroup_section

_GPU_COMMANDS = """\
python -m training.on_gpu.pack --ffpp DIR --recompressed DIR DIR --ffpp-frames DIR --dfdc-pairs DIR --swaps DIR --reals DIR DIR --output pack
python -m training.on_gpu.run --pack pack --initial-weights FILE --output runs/gpu
python -m training.on_gpu.finish --weights FILE --run runs/gpu/run.json --pack held_out --output model"""
_TEMPLATE = Path(__file__).parent / "model_card_template.md"
# Kinds of pseudo-fakes that the template describes in words of its own.
_DESCRIBED_KINDS = ("self_blended", "landmark_swap", "eigenface")
_METRICS = {
    "auc": ("roc_auc", "AUC"),
    "accuracy": ("accuracy", "accuracy at score .5"),
    "precision": ("precision", "precision at score .5"),
    "recall": ("recall", "recall at score .5"),
}


def render_card(evaluation: dict[str, Any], plots: str = "plots") -> str:
    """Renders the model card, Markdown with YAML front matter, from what train.py measured.

    Args:
        evaluation: Content of evaluation.json.
        plots: Folder of the plots, seen from the card.
    """
    training, calibration = evaluation["training"], evaluation["calibration"]
    tests, fitted, quantisation = evaluation["tests"], calibration["fitted_on"], evaluation.get("quantisation")
    manipulations = {name for data in evaluation["data"] for name in data["manipulations"]}
    verdicts = {("validation, all of the above together", "frame"): fitted["validation_frames"]}
    verdicts |= {(f"test, {data}", level): figures["verdicts"] for data, level, figures in by_level(tests)}
    return ModelCard.from_template(
        _card_data(evaluation),
        template_path=str(_TEMPLATE),
        title=f"{display_name(training['model'])} face manipulation detector",
        is_vgg16=training["model"] == "vgg16",
        label_names=evaluation["label_names"],
        training=training,
        labelled_share=1 - sum(_share(training, kind) for kind in KINDS),
        share=_share,
        further_kinds=[kind for kind in KINDS.values() if kind.name not in _DESCRIBED_KINDS],
        sizes=_sizes(training),
        percent=lambda share: f"{share:.0%}",
        data_table=data_table(evaluation["data"]),
        data_note=evaluation["data_note"],
        on_faceforensics=bool(manipulations & set(MANIPULATIONS)),
        results_table=results_table(tests),
        strict_table=strict_table(tests),
        manipulation_table=manipulation_table(tests),
        has_videos=any(test["video"] for test in tests),
        calibration_bins=CALIBRATION_BINS,
        robustness=evaluation["robustness"],
        robustness_table=robustness_table(evaluation["robustness"]),
        tilt=evaluation.get("tilt"),
        tilt_table=tilt_table(evaluation.get("tilt")),
        false_alarms=evaluation.get("false_alarms"),
        false_alarm_table=false_alarm_table(evaluation.get("false_alarms")),
        saliency=evaluation["saliency"],
        saliency_table=saliency_table(evaluation["saliency"]),
        calibration=calibration,
        fitted=fitted,
        quantisation=quantisation,
        int8_is_used=quantisation is not None
        and are_safe(quantisation["auc_change"], quantisation["verdicts_changed"]),
        target=_target_precision(fitted),
        support=_support(fitted),
        verdict_table=verdict_table(verdicts),
        prevalence_table=prevalence_table(tests),
        frame_thresholds=_frame_thresholds(evaluation),
        evidence_section=evidence_section(evaluation["evidence"], plots) if evaluation.get("evidence") else "",
        subgroup_section=subgroup_section(evaluation["subgroups"]) if evaluation.get("subgroups") else "",
        target_precision=TARGET_PRECISION,
        rare_alarms=_rare_alarms(),
        weights_sha256=evaluation["weights_sha256"],
        plots=plots,
        earlier_runs=evaluation.get("earlier_runs", []),
        notes=evaluation.get("notes", "").strip(),
        commands=_commands(evaluation),
    ).content


def _card_data(evaluation: dict[str, Any]) -> ModelCardData:
    """Makes the front matter, with the main figures of every test set."""
    training = evaluation["training"]
    results = [
        EvalResult(
            task_type="image-classification",
            task_name=f"real or fake, {level} level",
            dataset_type=training.get("dataset_id") or "face-crops",
            dataset_name=f"{test['data']} ({figures['real']} real and {figures['fake']} fake at {level} level)",
            # the Hub client takes results of the same type, configuration and split for the same data
            dataset_config=f"{test['data']}, {level}",
            dataset_split="test",
            metric_type=kind,
            metric_name=f"{level} {name}",
            metric_value=round(figures[key], 4),
        )
        for test in evaluation["tests"]
        for level in LEVELS
        if (figures := test[level])
        for key, (kind, name) in _METRICS.items()
        if figures[key] is not None
    ]
    return ModelCardData(
        license="other",
        license_name="research-only",
        license_link="README.md",
        library_name="timm",
        pipeline_tag="image-classification",
        base_model=None if training["model"] == "simple_cnn" else f"timm/{training['model']}",
        datasets=[training["dataset_id"]] if training.get("dataset_id") else None,
        metrics=[kind for kind, _ in _METRICS.values()],
        tags=["deepfake-detection", "face-manipulation", training["model"], "timm"],
        model_name=f"{training['model']}-face-manipulation",
        eval_results=results,
    )


def _sizes(training: dict[str, Any]) -> str:
    """Describes the input sizes of the training."""
    sides = (training[key] for key in ("input_size", "finish_size"))
    side, last = (f"{side} px" if side else "full input size" for side in sides)
    if training["finish_share"] and last != side:
        return f"{side}, the last {training['finish_share']:.0%} of the steps {last}"
    return side


def _commands(evaluation: dict[str, Any]) -> str:
    """Writes the command of each run, the first one first: every further one starts from a checkpoint of the one before."""
    if "gpu_run" in evaluation["training"]:
        return _GPU_COMMANDS
    data = evaluation["data"]
    lines: list[str] = []
    weights: dict[str, str] = {}
    for number, run in enumerate(evaluation.get("earlier_runs", []), start=1):
        folder = {"output_dir": f"runs/{number}"}
        recipe = {key: value for key, value in run.items() if key != "checkpoint"}
        lines.append(_command(recipe | weights | folder, data))
        weights = {"initial_weights": f"runs/{number}/{run['checkpoint']}/model.safetensors"}
    return "\n".join([*lines, _command(evaluation["training"] | weights | evaluation.get("measured_with", {}), data)])


def _command(training: dict[str, Any], data: list[dict[str, Any]]) -> str:
    """Writes a command with the options that differ from the defaults."""
    processes = training.get("processes", 1)
    launcher = "python" if processes == 1 else f"torchrun --standalone --nproc-per-node {processes}"
    parts = [f"{launcher} train.py --dataset DATA"]
    if len(data) > 1:
        parts.append("--real-dataset REAL_DATA")
    defaults = Options(DataOptions(dataset="")).values() | {"model": DEFAULT_MODEL}
    for key, value in training.items():
        if key != "processes" and value != defaults[kind_name(key)]:
            parts.append(f"{flag(key)} {value}")
    return " \\\n    ".join(parts)


def _share(training: dict[str, Any], kind: str) -> float:
    """Reads the share of a kind of pseudo-fake, also where an earlier version wrote it down under another name."""
    return next((training[name] for name in (kind, *KINDS[kind].aliases) if name in training), 0.0)


def _target_precision(fitted: dict[str, Any]) -> str:
    """Says what precision the alarm has on validation, also where the data did not support the target."""
    if fitted["supports_target"]:
        return (
            f"precision at least {fitted['target_precision']:.0%} where half is fake and each kind of fake weighs the same, "
            "and not under .5"
        )
    return f"the strictest that the data support: no score has a precision of {fitted['target_precision']:.0%}"


def _frame_thresholds(evaluation: dict[str, Any]) -> str:
    """Says that figures are of thresholds which the application does not use; empty where it has no evidence scale."""
    if not evaluation.get("evidence"):
        return ""
    stored = evaluation["calibration"]["thresholds"]
    upper, lower = (f"{stored[name]:.3f}".lstrip("0") for name in ("manipulated", "no_manipulation_found"))
    return (
        f"counted at the thresholds of single frames ({upper} and {lower}), which the verdict of the application does not "
        "use; its alarms are in *The weight of evidence*."
    )


def _support(fitted: dict[str, Any]) -> str:
    """Says how many validation crops stand behind the alarm, and what they promise."""
    alarms = {label: counts["manipulated"] for label, counts in fitted["validation_frames"].items()}
    text = (
        f"Behind the alarm stand {alarms['fake']} fake and {alarms['real']} real validation crops with that score or more: with 95 % "
        f"confidence its precision, where fakes are as frequent as there, is at least {fitted['precision_at_least']:.1%}"
    )
    if fitted["precision_at_least"] < fitted["target_precision"]:
        text += f"; they are too few to be sure of {fitted['target_precision']:.0%}"
    return f"{text}."


def _rare_alarms() -> list[tuple[float, float]]:
    """Lists prevalences under one half with the precision there of an alarm that has the target precision at one half."""
    false_per_right = (1 - TARGET_PRECISION) / TARGET_PRECISION
    return [(share, share / (share + (1 - share) * false_per_right)) for share in PREVALENCES if share < 0.5]


@stoppable
def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code: 0 done, 2 no evaluation there, 130 stopped by Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m training.report.card",
        description="Prints the model card of an evaluation.",
        epilog="example: python -m training.report.card model/evaluation.json model/plots > model_card.md",
    )
    parser.add_argument("evaluation", type=Path, help="evaluation.json of a model folder")
    parser.add_argument(
        "plots", nargs="?", default="plots", help="where the card finds the plots (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    try:
        evaluation = json.loads(options.evaluation.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{options.evaluation} is no evaluation: {error}\n")
        return 2
    sys.stdout.write(render_card(evaluation, options.plots))
    return 0


if __name__ == "__main__":
    sys.exit(main())
