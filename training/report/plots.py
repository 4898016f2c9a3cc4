"""The figures of an evaluation as pictures: ROC, precision and recall, reliability, robustness."""

from __future__ import annotations

from pathlib import Path

import matplotlib
from sklearn.metrics import precision_recall_curve, roc_curve

from training.evaluation.metrics import Scored

matplotlib.use("Agg")  # no screen needed
from matplotlib import pyplot

# Lines differ in dash as well as in colour.
_DASHES = ("-", "--", "-.", ":")
_SIZE_INCHES = (6.4, 4.4)
# Curves of which the names find a place beside them.
_NAMES_INSIDE = 4


def draw_plots(evaluation: dict, scored: list[Scored], folder: Path) -> list[Path]:
    """Writes ``roc.png``, ``precision_recall.png``, ``reliability.png`` and, where it was measured, ``robustness.png``.

    Args:
        evaluation: As written to evaluation.json.
        scored: The frame scores behind each of its tests.
        folder: Where to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tests = evaluation["tests"]
    written = []

    def finish(name: str, x: str, y: str, title: str) -> None:
        axes = pyplot.gca()
        axes.set(xlabel=x, ylabel=y, title=title)
        axes.grid(alpha=0.3)
        pyplot.tight_layout()
        # of many sets the names would hide the curves; put below after the layout, which would make room in the picture
        below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.14)} if len(axes.lines) > _NAMES_INSIDE else {}
        axes.legend(fontsize=7, **below)
        file = folder / f"{name}.png"
        # no date or library version inside: the same figures give the same file
        pyplot.savefig(file, dpi=110, metadata={"Software": None}, bbox_inches="tight")
        pyplot.close()
        written.append(file)

    pyplot.figure(figsize=_SIZE_INCHES)
    for number, (test, frames) in enumerate(zip(tests, scored, strict=True)):
        false_positive, true_positive, _ = roc_curve(frames.labels, frames.scores)
        pyplot.plot(
            false_positive, true_positive, _DASHES[number % 4], label=f"{_name(test)}: AUC {test['frame']['auc']:.3f}"
        )
    pyplot.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    finish("roc", "false-positive rate", "recall of fakes", "Frame ROC, test split")

    pyplot.figure(figsize=_SIZE_INCHES)
    for number, (test, frames) in enumerate(zip(tests, scored, strict=True)):
        precision, recall, _ = precision_recall_curve(frames.labels, frames.scores)
        label = f"{_name(test)}: AP {test['frame']['average_precision']:.3f}"
        pyplot.plot(recall, precision, _DASHES[number % 4], label=label)
    finish("precision_recall", "recall of fakes", "precision", "Frame precision and recall, test split")

    pyplot.figure(figsize=_SIZE_INCHES)
    for number, test in enumerate(tests):
        bins = test["frame"]["reliability"]
        label = f"{_name(test)}: ECE {test['frame']['calibration_error']:.3f}"
        places = [row["mean_score"] for row in bins], [row["fake_share"] for row in bins]
        pyplot.plot(*places, _DASHES[number % 4], marker="o", markersize=3, label=label)
    pyplot.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    finish("reliability", "mean score of the bin", "share of fakes in the bin", "Frame reliability, test split")

    if evaluation["robustness"]:
        _draw_robustness(evaluation["robustness"])
        finish(
            "robustness",
            "",
            "frame AUC",
            f"{evaluation['robustness']['data']}, test, {evaluation['robustness']['real']} real and "
            f"{evaluation['robustness']['fake']} fake",
        )
    return written


def _draw_robustness(grid: dict) -> None:
    pyplot.figure(figsize=_SIZE_INCHES)
    rows = [row for row in grid["rows"] if row["kind"] != "none"]
    intact = next(row["auc"] for row in grid["rows"] if row["kind"] == "none")
    places = range(len(rows))
    pyplot.bar(places, [row["auc"] for row in rows], color="#57106e")
    pyplot.xticks(places, [f"{row['kind']} {row['level']:g}" for row in rows], rotation=75, fontsize=7)
    pyplot.axhline(intact, color="#bc3754", linestyle="--", label=f"undamaged: {intact:.3f}")
    pyplot.ylim(0.4, 1.0)


def _name(test: dict) -> str:
    return f"{test['data']} ({test['frame']['real']} real, {test['frame']['fake']} fake)"
