"""Measures whether real faces of some people, poses or light raise more false alarms than others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binomtest

from detector.evidence_scale import BANDS, MANIPULATED_FROM, score_of
from training.evaluation.metrics import CONFIDENCE, middle_of, resamples

# From this likelihood ratio on there is any support for manipulation.
SUPPORT_FROM = min(start for start, band in BANDS if band.endswith("support_for_manipulation"))
_ROUNDS = 500
# Fewer faces are never called a difference.
_FEWEST_FACES = 20


@dataclass(frozen=True)
class RealFace:
    """A real face that was scored.

    Attributes:
        source: Name of its source.
        group: Faces of one group are of the same people.
        log_odds: Its score, in log odds.
        log10_ratio: log10 of its likelihood ratio.
        traits: By name of a `Trait`; NaN where it could not be measured.
    """

    source: str
    group: str
    log_odds: float
    log10_ratio: float
    traits: Mapping[str, float]


@dataclass(frozen=True)
class Trait:
    """A trait that divides faces into groups.

    Attributes:
        name: Key in `RealFace.traits`.
        title: What the card calls it.
        edges: Where groups begin, and where the last one ends.
        groups: Names of the groups, one fewer.
    """

    name: str
    title: str
    edges: tuple[float, ...]
    groups: tuple[str, ...]


# Classes of the individual typology angle after Chardon, Cretois and Hourseau (1991), with those of Del Bino (2013) below 10.
TRAITS = (
    Trait(
        "age", "apparent age", (0, 18, 30, 45, 60, 130), ("under 18", "18 to 29", "30 to 44", "45 to 59", "60 and more")
    ),
    Trait(
        "tone_degrees",
        "skin tone (typology angle)",
        (-90, -30, 10, 28, 41, 55, 90.1),
        (
            "dark, under -30",
            "brown, -30 to 10",
            "tan, 10 to 28",
            "intermediate, 28 to 41",
            "light, 41 to 55",
            "very light, over 55",
        ),
    ),
    Trait(
        "turned_degrees",
        "turned to the side",
        (0, 15, 30, 45, 90.1),
        ("under 15 degrees", "15 to 30 degrees", "30 to 45 degrees", "45 degrees and more"),
    ),
    Trait(
        "darker_share",
        "light on the darker cheek, of that on the brighter",
        (0, 0.35, 0.5, 0.7, 1.01),
        ("under .35 (hard shadow)", ".35 to .5", ".5 to .7", ".7 and more (even)"),
    ),
    Trait(
        "size_px",
        "face size in the photo",
        (0, 80, 110, 140, 200, 1e6),
        ("under 80 px", "80 to 110 px", "110 to 140 px", "140 to 200 px", "200 px and more"),
    ),
)


def subgroup_rows(faces: Sequence[RealFace], traits: Sequence[Trait] = TRAITS) -> list[dict[str, Any]]:
    """Compares each group of faces with all others whose trait could be measured.

    Args:
        faces: Real faces.
        traits: What divides them.

    Returns:
        A row a group with faces, see docs/training.md: counts of false alarms (ratio of `MANIPULATED_FROM` and more) inside and
        outside, with Wilson intervals; mean and median score; and ``shift``, by how much its log odds lie over those of other
        faces of the same sources, with a bootstrap interval over groups of people.
    """
    rows = []
    for trait in traits:
        values = np.array([face.traits.get(trait.name, np.nan) for face in faces])
        known = np.isfinite(values)
        for name, low, high in zip(trait.groups, trait.edges, trait.edges[1:], strict=False):
            inside = known & (values >= low) & (values < high)
            if inside.any():
                rows.append({"trait": trait.title, "group": name} | _row(faces, inside, known & ~inside))
    return rows


def _row(faces: Sequence[RealFace], inside: np.ndarray, outside: np.ndarray) -> dict[str, Any]:
    log_odds = np.array([face.log_odds for face in faces])
    ratios = np.array([face.log10_ratio for face in faces])
    scores = np.array([score_of(value) for value in log_odds[inside]])
    sources, groups = np.array([face.source for face in faces]), np.array([face.group for face in faces])
    shifts = [
        _shift(log_odds[chosen], inside[chosen], outside[chosen], sources[chosen])
        for chosen, _ in resamples(groups, _ROUNDS)
    ]
    found = [shift for shift in shifts if shift is not None]
    alarms, others = alarm_share(ratios[inside]), alarm_share(ratios[outside])
    return {
        "alarms": alarms,
        "others": others,
        "is_higher": min(alarms["of"], others["of"]) >= _FEWEST_FACES and alarms["interval"][0] > others["interval"][1],
        "mean_score": float(scores.mean()),
        "median_score": float(np.median(scores)),
        "shift": _shift(log_odds, inside, outside, sources),
        "shift_interval": middle_of(found) if found else None,
    }


def alarm_share(log10_ratios: np.ndarray, ratio: float = MANIPULATED_FROM) -> dict[str, Any]:
    """Counts the real faces with a likelihood ratio, with the Wilson interval of their share; all of it where there are none."""
    of = len(log10_ratios)
    count = int((log10_ratios >= np.log10(ratio)).sum())
    if not of:
        return {"count": 0, "of": 0, "interval": [0.0, 1.0]}
    interval = binomtest(count, of).proportion_ci(CONFIDENCE, method="wilson")
    return {"count": count, "of": of, "interval": [float(interval.low), float(interval.high)]}


def reduced_row(
    side_px: float, before: Sequence[RealFace], log_odds: np.ndarray, log10_ratios: np.ndarray
) -> dict[str, Any]:
    """Compares the same real faces as they are and reduced to a size.

    Args:
        side_px: The size.
        before: The faces as they are, ``N`` of them.
        log_odds: Their scores when reduced, ``(N,)``; NaN where no face was found then.
        log10_ratios: log10 of their likelihood ratios when reduced, ``(N,)``, likewise.

    Returns:
        Counts of false alarms and of any support for manipulation, before and after, and the mean shift of the log odds.
    """
    found = np.isfinite(log_odds)
    kept = [face for face, is_found in zip(before, found, strict=True) if is_found]
    ratios = np.array([face.log10_ratio for face in kept])
    shifts = log_odds[found] - np.array([face.log_odds for face in kept])
    groups = np.array([face.group for face in kept])
    row: dict[str, Any] = {
        "side_px": side_px,
        "not_found": int((~found).sum()),
        "shift": float(shifts.mean()),
        "shift_interval": middle_of([float(shifts[chosen].mean()) for chosen, _ in resamples(groups, _ROUNDS)]),
    }
    for name, ratio in (("alarms", MANIPULATED_FROM), ("support", SUPPORT_FROM)):
        row[name] = alarm_share(log10_ratios[found], ratio)
        row[f"{name}_before"] = alarm_share(ratios, ratio)
        row[f"{name}_is_higher"] = row[name]["interval"][0] > row[f"{name}_before"]["interval"][1]
    return row


def _shift(log_odds: np.ndarray, inside: np.ndarray, outside: np.ndarray, sources: np.ndarray) -> float | None:
    """Compares means within each source, so that sources do not stand for traits; None where no source has both kinds."""
    total, weights = 0.0, 0.0
    for source in np.unique(sources[inside]):
        here = sources == source
        ones, others = log_odds[here & inside], log_odds[here & outside]
        if len(ones) and len(others):
            weight = len(ones) * len(others) / (len(ones) + len(others))
            total += weight * float(ones.mean() - others.mean())
            weights += weight
    return total / weights if weights else None
