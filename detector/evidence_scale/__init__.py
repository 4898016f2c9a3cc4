"""The weight of evidence: how much more often a score like this comes from manipulated files than from real ones.

The answer is a likelihood ratio, estimated on reference files of both kinds that the network did not learn from, and never
beyond what their number supports. How many fakes come in is not part of it: that stays with who uses it.
Sources: ENFSI guideline for evaluative reporting (2015); Morrison and Enzinger on likelihood ratios of forensic comparison.
"""

from __future__ import annotations

from detector.evidence_scale.bands import (
    ALARMS,
    BANDS,
    CLEARED,
    LOG10_DECIMALS,
    MANIPULATED_FROM,
    NOT_FOUND_BELOW,
    any_of,
    band_of,
    verdict_at,
    verdict_of,
)
from detector.evidence_scale.scale import EvidenceScale, JudgedFiles, ReferenceSource, SmallFaces, UnseenSources
from detector.evidence_scale.scales import EvidenceScales
from detector.evidence_scale.statistics import STATISTICS, log_odds_of, mean_log_odds, score_of

__all__ = [
    "ALARMS",
    "BANDS",
    "CLEARED",
    "EvidenceScale",
    "EvidenceScales",
    "JudgedFiles",
    "LOG10_DECIMALS",
    "MANIPULATED_FROM",
    "NOT_FOUND_BELOW",
    "ReferenceSource",
    "STATISTICS",
    "SmallFaces",
    "UnseenSources",
    "any_of",
    "band_of",
    "log_odds_of",
    "mean_log_odds",
    "score_of",
    "verdict_at",
    "verdict_of",
]
