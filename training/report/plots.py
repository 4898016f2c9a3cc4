"""Draws the figures of an evaluation: ROC, precision and recall, reliability, robustness."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
from sklearn.metrics import precision_recall_curve, roc_curve

from training.evaluation.metrics import Scored

matplotlib.use("Agg")  # no screen needed
from matplotlib import pyplot
from matplotlib.axes import Axes

# Lines differ in dash as well as in colour.
_DASHES = ("-", "--", "-.", ":")
_SIZE_INCHES = (6.4, 4.4)
# Largest number of curves whose names find a place beside them.
_NAMES_INSIDE = 4


def draw_plots(evaluation: dict[str, Any], scored: list[Scored], folder: Path) -> list[Path]:
    """Writes ``roc.png``, ``precision_recall.png``, ``reliability.png`` and, where it was measured, ``robustness.png``.

    Args:
        evaluation: Content of evaluation.json.
        scored: Frame scores behind each of its tests.
        folder: Folder to write to.

    Returns:
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tests = evaluation["tests"]
    written = [
        _draw_roc(tests, scored, folder / "roc.png"),
        _draw_precision_recall(tests, scored, folder / "precision_recall.png"),
        _draw_reliability(tests, folder / "reliability.png"),
    ]
    if evaluation["robustness"]:
        written.append(_draw_robustness(evaluation["robustness"], folder / "robustness.png"))
    return written


def _draw_roc(tests: list[dict[str, Any]], scored: list[Scored], file: Path) -> Path:
    axes = _new_axes()
    for number, (test, frames) in enumerate(zip(tests, scored, strict=True)):
        false_positive, true_positive, _ = roc_curve(frames.labels, frames.scores)
        label = f"{_name(test)}: AUC {test['frame']['auc']:.3f}"
        axes.plot(false_positive, true_positive, _DASHES[number % 4], label=label)
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    axes.set(xlabel="false-positive rate", ylabel="recall of fakes", title="Frame ROC, test split")
    return _save(axes, file)


def _draw_precision_recall(tests: list[dict[str, Any]], scored: list[Scored], file: Path) -> Path:
    axes = _new_axes()
    for number, (test, frames) in enumerate(zip(tests, scored, strict=True)):
        precision, recall, _ = precision_recall_curve(frames.labels, frames.scores)
        label = f"{_name(test)}: AP {test['frame']['average_precision']:.3f}"
        axes.plot(recall, precision, _DASHES[number % 4], label=label)
    axes.set(xlabel="recall of fakes", ylabel="precision", title="Frame precision and recall, test split")
    return _save(axes, file)


def _draw_reliability(tests: list[dict[str, Any]], file: Path) -> Path:
    axes = _new_axes()
    for number, test in enumerate(tests):
        bins = test["frame"]["reliability"]
        label = f"{_name(test)}: ECE {test['frame']['calibration_error']:.3f}"
        places = [row["mean_score"] for row in bins], [row["fake_share"] for row in bins]
        axes.plot(*places, _DASHES[number % 4], marker="o", markersize=3, label=label)
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    axes.set(xlabel="mean score of the bin", ylabel="share of fakes in the bin", title="Frame reliability, test split")
    return _save(axes, file)


def _draw_robustness(grid: dict[str, Any], file: Path) -> Path:
    axes = _new_axes()
    rows = [row for row in grid["rows"] if row["kind"] != "none"]
    intact = next(row["auc"] for row in grid["rows"] if row["kind"] == "none")
    places = range(len(rows))
    axes.bar(places, [row["auc"] for row in rows], color="#57106e")
    axes.set_xticks(places, [f"{row['kind']} {row['level']:g}" for row in rows], rotation=75, fontsize=7)
    axes.axhline(intact, color="#bc3754", linestyle="--", label=f"undamaged: {intact:.3f}")
    axes.set_ylim(0.4, 1.0)
    axes.set(ylabel="frame AUC", title=f"{grid['data']}, test, {grid['real']} real and {grid['fake']} fake")
    return _save(axes, file)


def draw_tippett(curves: dict[str, Any], file: Path) -> Path:
    """Draws which share of the test files has a likelihood ratio of at least so much, real and manipulated ones apart.

    Args:
        curves: By name of the files, what `training.evaluation.likelihood_ratios.tippett` gives.
        file: Where to write.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    axes = _new_axes()
    for dashes, (name, by_label) in zip(_DASHES, curves.items(), strict=False):
        for color, (label, curve) in zip(("#0072b2", "#d55e00"), by_label.items(), strict=True):
            count = len(curve["share"])
            axes.step(curve["log10_ratio"], curve["share"], dashes, color=color, label=f"{name}, {label} ({count})")
    axes.axvline(0, color="grey", linewidth=0.8)
    axes.set(
        xlabel="log10 of the likelihood ratio",
        ylabel="share of files with it or more",
        title="Tippett plot, test files",
    )
    return _save(axes, file)


def _new_axes() -> Axes:
    """Starts a picture."""
    _, axes = pyplot.subplots(figsize=_SIZE_INCHES)
    return axes


def _save(axes: Axes, file: Path) -> Path:
    """Finishes a picture and writes it."""
    axes.grid(alpha=0.3)
    pyplot.tight_layout()
    # many names would hide the curves; they are put below after the layout, which would make room in the picture
    below: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.14)}
    axes.legend(fontsize=7, **(below if len(axes.lines) > _NAMES_INSIDE else {}))
    # no date or library version inside: the same figures give the same file
    pyplot.savefig(file, dpi=110, metadata={"Software": None}, bbox_inches="tight")
    pyplot.close()
    return file


def _name(test: dict[str, Any]) -> str:
    return f"{test['data']} ({test['frame']['real']} real, {test['frame']['fake']} fake)"
