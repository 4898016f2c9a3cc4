"""The axis that pictures of statistics share: log odds, marked with scores."""

from __future__ import annotations

from detector.evidence_scale import log_odds_of

# Score and log odds of each mark; where there is no room for all, the first ones stay.
SCORE_MARKS: tuple[tuple[str, float], ...] = tuple(
    (f"{score:g}", float(log_odds_of(score))) for score in (0.5, 0.1, 0.9, 0.01, 0.99, 0.001, 0.999, 0.0001, 0.9999)
)
