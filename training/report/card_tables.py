"""Makes the tables of the model card, and the one that compares models, in Markdown."""

from __future__ import annotations

from typing import Any

from detector.markdown import markdown_table
from training.evaluation.metrics import FALSE_POSITIVE_RATES

LEVELS = ("frame", "video")


def comparison_table(evaluations: dict[str, dict[str, Any]]) -> str:
    """Makes the table with a row for each model and level, on the first test set of each."""
    keys = ("auc", "accuracy", "precision", "recall", "recall_at_99_precision")
    rows = [
        (display_name(name), data, level, figures["real"], figures["fake"])
        + tuple(_figure(figures[key], 4) for key in keys)
        for name, evaluation in evaluations.items()
        for data, level, figures in by_level(evaluation["tests"][:1])
    ]
    head = ("model", "data, split test", "level", "real", "fake", "AUC", "accuracy", "precision", "recall")
    return markdown_table((*head, "recall at 99 % precision"), rows)


def display_name(model: str) -> str:
    """Gives the name of a model as the card writes it."""
    return {"vgg16": "VGG-16", "simple_cnn": "Simple CNN"}.get(model, model)


def _figure(value: float | None, digits: int) -> str:
    """Writes a figure; a dash where there is none, as of the precision without any alarm."""
    return "–" if value is None else f"{value:.{digits}f}"


def _interval(figures: dict[str, Any], key: str) -> str:
    """Writes a figure, with its interval where there is one."""
    value = _figure(figures[key], 4)
    edges = figures.get("intervals", {}).get(key)
    return f"{value} [{edges[0]:.3f}, {edges[1]:.3f}]" if edges else value


def by_level(tests: list[dict[str, Any]]) -> list[tuple[str, str, dict[str, Any]]]:
    """Lists name, level and figures of every test and level that was measured."""
    return [(test["data"], level, test[level]) for test in tests for level in LEVELS if test[level]]


def results_table(tests: list[dict[str, Any]]) -> str:
    """Makes the table of the usual figures, with their intervals."""
    keys = {
        "auc": "AUC",
        "average_precision": "AP",
        "equal_error_rate": "EER",
        "accuracy": "accuracy",
        "balanced_accuracy": "balanced accuracy",
        "precision": "precision",
        "recall": "recall",
    }
    rows = [
        (f"{data}, test", level, figures["real"], figures["fake"], figures["groups"])
        + tuple(_interval(figures, key) for key in keys)
        + (" ".join(str(count) for count in figures["confusion"].values()), f"{figures['calibration_error']:.4f}")
        for data, level, figures in by_level(tests)
    ]
    return markdown_table(
        ("data, split", "level", "real", "fake", "groups", *keys.values(), "confusion (TN FP FN TP)", "ECE"), rows
    )


def strict_table(tests: list[dict[str, Any]]) -> str:
    """Makes the table of the recall where few real crops, or few alarms, may be wrong."""
    rates = [f"recall_at_{rate:g}_false_positive_rate" for rate in FALSE_POSITIVE_RATES]
    rows = [
        (f"{data}, test", level, figures["real"], figures["fake"], _interval(figures, "recall_at_99_precision"))
        + tuple(_interval(figures, key) for key in rates)
        for data, level, figures in by_level(tests)
    ]
    names = [f"recall at {rate:.1%} false positives" for rate in FALSE_POSITIVE_RATES]
    return markdown_table(("data, split", "level", "real", "fake", "recall at 99 % precision", *names), rows)


def manipulation_table(tests: list[dict[str, Any]]) -> str:
    """Makes the table with figures of each manipulation; empty where no test has several manipulations."""
    if all(len(figures["manipulations"]) < 2 for _, _, figures in by_level(tests)):
        return ""
    keys = {
        "auc": "AUC",
        "average_precision": "AP",
        "equal_error_rate": "EER",
        "called_manipulated": "called manipulated",
    }
    rows = [
        (f"{data}, test", level, name, found["real"], found["fake"]) + tuple(_interval(found, key) for key in keys)
        for data, level, figures in by_level(tests)
        for name, found in figures["manipulations"].items()
    ]
    return markdown_table(("data, split", "level", "manipulation", "real", "fake", *keys.values()), rows)


def data_table(sets: list[dict[str, Any]]) -> str:
    """Makes the table of how many crops of each data set lie in which split."""
    rows = [
        (
            data["name"],
            ", ".join(data["manipulations"]),
            *(data["crops"].get(split, 0) for split in ("train", "validation", "test")),
        )
        for data in sets
    ]
    return markdown_table(("data", "fakes", "train crops", "validation crops", "test crops"), rows)


def robustness_table(grid: dict[str, Any] | None) -> str:
    """Makes the table of AUC and alarms by damage; empty where it was not measured."""
    if not grid:
        return ""
    intact = next(row["auc"] for row in grid["rows"] if row["kind"] == "none")
    rows = [
        (
            row["kind"] if row["kind"] == "none" else f"{row['kind']} {row['level']:g}",
            f"{row['auc']:.4f}",
            f"{intact - row['auc']:+.4f}",
            f"{row['fakes_called_manipulated']:.4f}",
            f"{row['real_called_manipulated']:.4f}",
        )
        for row in grid["rows"]
    ]
    return markdown_table(("damage", "AUC", "drop", "fakes called manipulated", "real called manipulated"), rows)


def tilt_table(found: dict[str, Any] | None) -> str:
    """Makes the table of verdicts and shift of the score by tilt; empty where it was not measured."""
    if not found:
        return ""
    counted = ("not_assessed", "manipulated", "inconclusive", "no_manipulation_found")
    rows = []
    for row in found["rows"]:
        cells = [f"{row['degrees']:+d}" if row["degrees"] else "0"]
        for name in ("real", "fake"):
            shift = row[name]["score_shift"]
            cells += [*(row[name][key] for key in counted), "" if shift is None else f"{shift:+.3f}"]
        rows.append((*cells, "" if row["auc"] is None else f"{row['auc']:.3f}"))
    verdicts = ("not assessed", "manipulated", "inconclusive", "nothing found", "shift")
    head = ("degrees", *(f"{name}: {verdict}" for name in ("real", "fake") for verdict in verdicts), "AUC")
    return markdown_table(head, rows)


def saliency_table(found: list[dict[str, Any]] | None) -> str:
    """Makes the table of where each kind of map points; without rows where it was not measured."""
    rows = [
        (
            f"{row['data']}, test",
            row["method"],
            row["fakes"],
            f"{row['pointing_game']:.2f}",
            f"{row['energy_inside']:.2f}",
            f"{row['mask_area']:.2f}",
            f"{row['best_fixed_place']:.2f}",
        )
        for row in found or ()
    ]
    head = ("data, split", "map", "fakes", "pointing game", "energy inside", "mask area", "best fixed place")
    return markdown_table(head, rows)


def verdict_table(verdicts: dict[tuple[str, str], dict[str, Any]]) -> str:
    """Makes the table of how many real and fake ones get which verdict, by name of the split and level."""
    rows = [
        (split, level, name, counts["manipulated"], counts["inconclusive"], counts["no_manipulation_found"])
        for (split, level), classes in verdicts.items()
        for name, counts in classes.items()
    ]
    head = ("split", "level", "class", "signs of manipulation", "inconclusive", "no manipulation found")
    return markdown_table(head, rows)


def false_alarm_table(found: list[dict[str, Any]] | None) -> str:
    """Makes the table of verdicts on real faces by source; without rows where it was not measured."""
    rows = [
        (
            row["data"],
            sum(counts.values()),
            counts["manipulated"],
            counts["inconclusive"],
            counts["no_manipulation_found"],
        )
        for row in found or ()
        for counts in [row["verdicts"]]
    ]
    head = ("source", "real faces", "signs of manipulation", "inconclusive", "no manipulation found")
    return markdown_table(head, rows)


def prevalence_table(tests: list[dict[str, Any]]) -> str:
    """Makes the table of how often an alarm is right, by the share of fakes; a dash where there was no alarm."""
    shares = [row["prevalence"] for row in tests[0]["frame"]["precision_by_prevalence"]]
    rows = [
        (f"{data}, test", level, figures["real"], figures["fake"])
        + tuple(_precision(row) for row in figures["precision_by_prevalence"])
        for data, level, figures in by_level(tests)
    ]
    return markdown_table(("data, split", "level", "real", "fake", *(f"{share:.0%} fake" for share in shares)), rows)


def _precision(row: dict[str, float | None]) -> str:
    """Writes the precision, and in brackets the one that is sure; a dash where there was no alarm."""
    if row["precision"] is None:
        return _figure(None, 3)
    return f"{_figure(row['precision'], 3)} ({_figure(row['at_least'], 3)})"
