"""Writes the section of the model card about the weight of evidence."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from detector.evidence_scale import BANDS, verdict_at
from detector.markdown import markdown_table

_KINDS = {"photo": "photos", "clip": "clips", "span": "parts of clips"}
_BANDS = {
    "strong_support_for_manipulation": "LR 100 and more",
    "moderate_support_for_manipulation": "10 to 100",
    "weak_support_for_manipulation": "2 to 10",
    "neither": "1/2 to 2",
    "weak_support_for_no_manipulation": "1/10 to 1/2",
    "moderate_support_for_no_manipulation": "under 1/10",
}
_METHODS = {"logistic": "a straight line of log odds", "isotonic": "the best rising steps"}
_STATISTICS = {
    "mean_score": "log odds of the mean frame score",
    "mean_log_odds": "mean log odds of the frames",
    "trimmed_mean": "mean log odds without the highest and lowest fifth",
    "upper_mean": "mean log odds of the higher half",
}


def evidence_section(evidence: dict[str, Any], plots: str) -> str:
    """Renders the section.

    Args:
        evidence: What evaluation.json holds under ``evidence``.
        plots: Folder of the plots, seen from the card.
    """
    # Markdown, not HTML: nothing to escape
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined)
    return environment.get_template("evidence_section.md").render(
        evidence=evidence,
        plots=plots,
        scale_table=_scale_table(evidence["scales"]),
        choice=" ".join(_choice(name, facts) for name, facts in evidence["scales"].items()),
        source_table=_source_table(evidence["scales"]),
        band_table=_band_table(evidence["tests"]),
        misleading_table=_misleading_table(evidence["tests"]),
        aim_table=_aim_table(evidence),
    )


def _aim_table(evidence: dict[str, Any]) -> str:
    """Compares what was reached with what a newsroom needs."""
    rows = []
    for level, inconclusive_aim, cost_aim in (("photo", 0.3, 0.7), ("clip", 0.2, 0.5)):
        whole = next((test for test in evidence["tests"] if (test["source"], test["level"]) == ("all", level)), None)
        if whole is None:
            continue
        counts = {label: _verdicts(whole["bands"][label]) for label in ("real", "fake")}
        undecided = sum(count["inconclusive"] for count in counts.values())
        for text, count, of, aim in (
            ("real ones *manipulated*", counts["real"]["manipulated"], whole["real"], 0.01),
            ("*inconclusive*", undecided, whole["real"] + whole["fake"], inconclusive_aim),
        ):
            rows.append(
                (f"{level}s, test: {text}", f"{count:,} of {of:,} ({count / max(of, 1):.1%})", f"at most {aim:.0%}")
            )
        unseen = evidence["scales"][level]["source_by_source"]
        if unseen:
            rows.append((f"{level}s, source left out of the scale: Cllr", _cost(unseen), f"under {cost_aim:g}"))
    return markdown_table(("what", "reached", "aim"), rows)


def _verdicts(bands: dict[str, int]) -> Counter[str]:
    """Counts files by verdict, from their counts by band."""
    counts: Counter[str] = Counter()
    for start, band in BANDS:
        counts[verdict_at(math.log10(start) if start else -math.inf)] += bands[band]
    return counts


def _scale_table(scales: dict[str, Any]) -> str:
    rows = []
    for name, facts in scales.items():
        crossed, (lowest, highest) = facts["cross_validated"], facts["bounds"]
        unseen = facts["source_by_source"]
        rows.append(
            (
                _KINDS[name],
                crossed["real"],
                crossed["fake"],
                crossed["groups"],
                _cost(crossed),
                f"{crossed['cllr_min']:.3f}",
                _cost(unseen) if unseen else "",
                f"1/{10**-lowest:.0f} to {10**highest:.0f}",
                _score(facts["thresholds"]["no_manipulation_found"]),
                _score(facts["thresholds"]["manipulated"]),
            )
        )
    head = (
        "scale",
        "real",
        "manipulated",
        "groups",
        "Cllr",
        "Cllr min",
        "unseen source",
        "ratios",
        "score at 1/2",
        "score at 10",
    )
    return markdown_table(head, rows)


def _score(threshold: float) -> str:
    """Writes a score at which the verdict changes; the scale may end before it."""
    return "none" if threshold in (0.0, 1.0) else f"{threshold:.3f}"


def _choice(name: str, facts: dict[str, Any]) -> str:
    """Says which statistic and method was taken, and what the others would have cost."""
    others = sorted(
        (trial["cllr"], trial["statistic"], trial["method"])
        for trial in facts["tried"]
        if (trial["statistic"], trial["method"]) != (facts["statistic"], facts["method"])
    )
    text = f"For {_KINDS[name]}: {_STATISTICS[facts['statistic']]}, {_METHODS[facts['method']]}"
    tried = [f"{_STATISTICS[statistic]}, {_METHODS[method]}: {cost:.3f}" for cost, statistic, method in others]
    return f"{text}: {facts['cross_validated']['cllr']:.3f} (tried: {'; '.join(tried)})."


def _cost(measured: dict[str, Any]) -> str:
    """Writes Cllr with its interval, where there is one."""
    if measured["cllr"] is None:
        return ""
    edges = measured["cllr_interval"]
    return f"{measured['cllr']:.3f}" + (f" [{edges[0]:.2f}, {edges[1]:.2f}]" if edges else "")


def _source_table(scales: dict[str, Any]) -> str:
    rows = [
        (_KINDS[name], source["name"], source["manipulation"], source["files"], source["note"])
        for name, facts in scales.items()
        if name != "span"  # made of those of the clips
        for source in facts["sources"]
    ]
    return markdown_table(("scale", "source", "kind", "files", "what they are"), rows)


def _band_table(tests: list[dict[str, Any]]) -> str:
    rows = []
    for test in tests:
        for label in ("real", "fake"):
            if not test[label] or (test["source"] == "all"):
                continue
            counts = test["bands"][label]
            rows.append((test["source"], test["manipulation"], test["level"], *(counts[band] for band in _BANDS)))
    return markdown_table(("source, split test", "kind", "level", *_BANDS.values()), rows)


def _misleading_table(tests: list[dict[str, Any]]) -> str:
    rows = []
    for test in tests:
        if test["source"] != "all":
            continue
        cost = _cost(test)
        for row in test["misleading"]:
            share = f"{row['count'] / row['of']:.1%} (at most {row['at_most']:.1%})"
            rows.append(
                (f"{test['level']}s", row["files"], row["likelihood_ratio"], row["count"], row["of"], share, cost)
            )
    return markdown_table(("test files", "truth", "likelihood ratio", "files", "of", "share", "Cllr of all"), rows)
