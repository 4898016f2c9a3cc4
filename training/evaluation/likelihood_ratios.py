"""Judges likelihood ratios of files: Cllr, misleading evidence, bands against truth, and how far a number of files supports them.

Ratios are log10. Two functions here are also in ``lir`` of the Netherlands Forensic Institute, against which they were
checked; it knows no weights, which files of one person need, and brings a database and an optimiser along.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binomtest
from sklearn.isotonic import IsotonicRegression

from dataset_builder.sources import REAL
from detector.evidence_scale import BANDS, band_of
from detector.results import Band
from training.evaluation.metrics import CONFIDENCE, middle_of, resamples

# Step in which `empirical_bounds` looks for them, log10.
_STEP = 0.01
# Resamples of the bootstrap.
ROUNDS = 200


@dataclass(frozen=True)
class Weighed:
    """Files with the truth about them.

    Attributes:
        values: One number a file, ``(N,)``: its statistic, or log10 of its likelihood ratio.
        kinds: ``real``, or which manipulation, ``(N,)``.
        groups: Files of one group show the same people, ``(N,)``.
    """

    values: np.ndarray
    kinds: np.ndarray
    groups: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        """0 real, 1 manipulated, ``(N,)``."""
        return (self.kinds != REAL).astype(int)

    @property
    def weights(self) -> np.ndarray:
        """Weight of each file, ``(N,)``.

        All files of one kind and group together count as one, and each manipulation weighs as much as another. Together
        the files of a label weigh as much as so many groups would that count alike (Kish's effective size).
        """
        members = list(zip(self.kinds.tolist(), self.groups.tolist(), strict=True))
        sizes = Counter(members)
        weights = np.array([1 / sizes[member] for member in members])
        for kind in np.unique(self.kinds):
            weights[self.kinds == kind] /= weights[self.kinds == kind].sum()
        for label in (0, 1):
            inside = self.labels == label
            if inside.any():
                of_groups: dict[tuple[str, str], float] = {}
                for member, weight in zip(np.array(members)[inside].tolist(), weights[inside].tolist(), strict=True):
                    key = (member[0], member[1])
                    of_groups[key] = of_groups.get(key, 0.0) + weight
                shares = np.array(list(of_groups.values())) / weights[inside].sum()
                weights[inside] *= 1 / (shares**2).sum() / weights[inside].sum()
        return weights

    @property
    def balanced(self) -> np.ndarray:
        """Weights with which real and manipulated files count alike, ``(N,)``; those of each label add up to 1."""
        weights = self.weights
        totals = np.array([weights[self.labels == label].sum() for label in (0, 1)])
        shares: np.ndarray = weights / totals[self.labels]
        return shares

    def only(self, wanted: np.ndarray) -> Weighed:
        """Selects some of them, by a mask or by numbers."""
        return Weighed(self.values[wanted], self.kinds[wanted], self.groups[wanted])

    def with_values(self, values: np.ndarray) -> Weighed:
        """Gives the same files with other numbers."""
        return Weighed(values, self.kinds, self.groups)


def cllr(ratios: Weighed) -> float:
    """Computes the log-likelihood-ratio cost (Brummer and du Preez 2006): 0 is perfect, 1 is what no evidence gives."""
    natural = ratios.values * np.log(10)
    costs = np.logaddexp(0, np.where(ratios.labels == 1, -natural, natural)) / np.log(2)
    fake = ratios.labels == 1
    weights = ratios.weights
    return float(
        (np.average(costs[fake], weights=weights[fake]) + np.average(costs[~fake], weights=weights[~fake])) / 2
    )


def cllr_min(values: Weighed) -> float:
    """Computes the cost that the best scale for these very files would have: what ranking alone allows."""
    ratios, _ = isotonic_ratios(values)
    return cllr(values.with_values(np.clip(ratios, -9, 9)))


def isotonic_ratios(values: Weighed, misleading: float = 0.0) -> tuple[np.ndarray, IsotonicRegression]:
    """Fits the best rising scale (pool adjacent violators); gives log10 ratios of the same files, ``(N,)``, and the fit.

    Args:
        values: Files of both kinds.
        misleading: Weight of one more file of each kind at the wrong end, so that no ratio becomes infinite.
    """
    weights = values.balanced
    numbers, labels = values.values, values.labels
    if misleading:
        per_kind = [misleading / values.weights[values.labels == label].sum() for label in (0, 1)]
        numbers = np.concatenate([numbers, [numbers.max() + 1, numbers.min() - 1]])
        labels = np.concatenate([labels, [0, 1]])
        weights = np.concatenate([weights, per_kind])
    fit = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(numbers, labels, sample_weight=weights)
    return log10_odds(fit.predict(values.values)), fit


def log10_odds(shares: np.ndarray) -> np.ndarray:
    """Turns shares, 0..1, into log10 odds, infinite at 0 and 1."""
    with np.errstate(divide="ignore"):
        odds: np.ndarray = np.log10(shares) - np.log10(1 - shares)
    return odds


def empirical_bounds(ratios: Weighed) -> tuple[float, float]:
    """Finds between which ratios the files support a scale (Vergeer et al., Science and Justice 56, 2016).

    Beyond the bounds, one more misleading file of each kind would make decisions by the ratios worse than decisions
    without them. A group of files counts as one.

    Returns:
        The lower bound, at most 0, and the upper one, at least 0, log10.
    """
    fake = ratios.labels == 1
    weights = ratios.weights
    groups_fake, groups_real = weights[fake].sum(), weights[~fake].sum()
    lowest = max(float(ratios.values.min()), -np.log10(groups_fake + 1))
    highest = min(float(ratios.values.max()), np.log10(groups_real + 1))
    steps = np.arange(min(0, np.floor(lowest / _STEP)), max(0, np.ceil(highest / _STEP)) + 1) * _STEP
    accepted = ratios.values[:, None] > steps + 1e-9  # (N, steps)
    missed = 1 - weights[fake] @ accepted[fake] / (groups_fake + 1)
    alarmed = (weights[~fake] @ accepted[~fake] + 1) / (groups_real + 1)
    costs = missed + 10**steps * alarmed
    without = np.where(steps < 0, 10**steps, 1.0)  # accept all, or none
    worse = costs > without
    lower = max([step + _STEP for step in steps[worse & (steps <= 0)]], default=float(steps.min()))
    upper = min([step - _STEP for step in steps[worse & (steps >= 0)]], default=float(steps.max()))
    return float(min(lower, 0.0)), float(max(upper, 0.0))


def bands_against_truth(ratios: Weighed) -> dict[str, dict[Band, int]]:
    """Counts the files of each band, real ones and manipulated ones apart; every band is named."""
    counts: dict[str, dict[Band, int]] = {}
    for label, name in enumerate(("real", "fake")):
        found = Counter(band_of(float(value)) for value in ratios.values[ratios.labels == label])
        counts[name] = {band: found[band] for _, band in BANDS}
    return counts


def misleading_rates(ratios: Weighed) -> list[dict[str, Any]]:
    """Counts the files whose evidence points the wrong way, with the interval of their share at 95 % confidence."""
    rows = []
    for label, name, is_wrong, meaning in (
        (0, "real", ratios.values >= 1, "10 and more"),
        (0, "real", ratios.values >= 2, "100 and more"),
        (1, "fake", ratios.values < -1, "under 1/10"),
    ):
        of = int((ratios.labels == label).sum())
        if not of:
            continue
        count = int((is_wrong & (ratios.labels == label)).sum())
        interval = binomtest(count, of).proportion_ci(CONFIDENCE, method="exact")
        rows.append(
            {"files": name, "likelihood_ratio": meaning, "count": count, "of": of, "at_most": float(interval.high)}
        )
    return rows


def tippett(ratios: Weighed) -> dict[str, dict[str, list[float]]]:
    """Gives, for each kind of file, the share of files whose log10 ratio is at least as high, for a Tippett plot."""
    curves = {}
    for label, name in enumerate(("real", "fake")):
        ordered = np.sort(ratios.values[ratios.labels == label])
        shares = 1 - np.arange(len(ordered)) / max(len(ordered), 1)
        curves[name] = {"log10_ratio": ordered.tolist(), "share": shares.tolist()}
    return curves


def cllr_interval(ratios: Weighed) -> list[float] | None:
    """Computes the 95 % interval of the cost by bootstrap over groups; None for fewer than two groups of a label."""
    if any(len(set(ratios.groups[ratios.labels == label].tolist())) < 2 for label in (0, 1)):
        return None
    costs = []
    for chosen, draws in resamples(ratios.groups, ROUNDS):
        drawn = Weighed(ratios.values[chosen], ratios.kinds[chosen], draws.astype(str))
        if set(drawn.labels.tolist()) == {0, 1}:
            costs.append(cllr(drawn))
    return middle_of(costs)


def figures(ratios: Weighed) -> dict[str, Any]:
    """Computes all figures of the ratios of some files; Cllr only where there are both kinds."""
    has_both = set(ratios.labels.tolist()) == {0, 1}
    return {
        "real": int((ratios.labels == 0).sum()),
        "fake": int((ratios.labels == 1).sum()),
        "groups": len(set(ratios.groups.tolist())),
        "cllr": cllr(ratios) if has_both else None,
        "cllr_interval": cllr_interval(ratios) if has_both else None,
        "cllr_min": cllr_min(ratios) if has_both else None,
        "bands": bands_against_truth(ratios),
        "misleading": misleading_rates(ratios),
    }


def groups_in_folds(groups: Sequence[str], folds: int, seed: int = 0) -> np.ndarray:
    """Deals groups into folds of about the same number of groups; gives the fold of each file, ``(N,)``."""
    names = sorted(set(groups))
    order = np.random.default_rng(seed).permutation(len(names))
    fold_of = {names[place]: number % folds for number, place in enumerate(order)}
    return np.array([fold_of[group] for group in groups])
