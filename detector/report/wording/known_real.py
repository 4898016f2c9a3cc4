"""The comparison with known-real files in words."""

from __future__ import annotations

from detector.evidence_scale import CLEARED
from detector.limits import MIN_KNOWN_REAL_FILES
from detector.messages import Message, counted
from detector.report.wording.evidence import BAND_WORDS, ratio_text
from detector.results import Count, Evidence, KnownRealComparison, Result


def known_real_texts(result: Result) -> list[Message]:
    """Says how a file compares with the known-real ones; nothing where none were given."""
    comparison = result.known_real
    if comparison is None:
        return []
    texts = [rank_text(comparison.higher_than)]
    if comparison.evidence:
        texts.append(_ratio_text(comparison, comparison.evidence))
        if comparison.evidence.scale == "span":
            texts.append(
                Message(
                    "The ratio is mostly that of the most suspicious part of the clip, compared with such parts of the known-real "
                    "ones; the rank is that of the whole clip."
                )
            )
    elif result.evidence and comparison.higher_than.of:
        texts.append(
            Message(
                "From {count} files of its kind on, the verdict follows the comparison; so few give a rank only.",
                {"count": MIN_KNOWN_REAL_FILES},
            )
        )
    return texts


def follows_known_real(result: Result) -> bool:
    """Tells whether the verdict follows the comparison with known-real files, not the reference files alone."""
    return result.known_real is not None and result.known_real.evidence is not None


def decides_text(result: Result) -> Message | None:
    """Says that the verdict follows the comparison, and with which ratio; None where it does not."""
    if result.known_real is None or result.known_real.evidence is None:
        return None
    return Message(
        "The verdict follows the comparison with {count} known-real files, which gives a likelihood ratio of about {ratio}.",
        {
            "count": result.known_real.higher_than.of,
            "ratio": ratio_text(result.known_real.evidence.log10_likelihood_ratio),
        },
    )


def compared_finding(result: Result) -> Message | None:
    """Says what a check found, to follow "An automated check of ..."; None where known-real files do not decide."""
    if result.known_real is None or result.known_real.evidence is None:
        return None
    band = result.known_real.evidence.band
    arguments: dict[str, str | int | Message] = {"band": BAND_WORDS[band], "count": result.known_real.higher_than.of}
    if band in CLEARED:
        return Message(
            "found {band} in a comparison with {count} known-real files, which does not show that the material is real",
            arguments,
        )
    return Message("found {band} in a comparison with {count} known-real files", arguments)


def rank_text(rank: Count) -> Message:
    """Says how many of the known-real files score lower."""
    if rank.of == 0:
        return Message("It could not be compared with any of the known-real files.")
    if rank.count == rank.of:
        return counted(
            "It scores higher than the one known-real file.",
            "It scores higher than all {count} known-real files.",
            rank.of,
        )
    return counted(
        "It scores higher than {higher} of {count} known-real file.",
        "It scores higher than {higher} of {count} known-real files.",
        rank.of,
        higher=rank.count,
    )


def ratio_words(log10_ratio: float) -> str:
    """Writes a bound of a likelihood ratio, given as log10, with two figures, as it is exact: ``13``, or ``1/13``."""
    ratio = 10.0 ** abs(log10_ratio)
    figures = f"{ratio:.2g}" if ratio < 100 else f"{ratio:.0f}"
    return figures if log10_ratio >= 0 or figures == "1" else f"1/{figures}"


def _ratio_text(comparison: KnownRealComparison, evidence: Evidence) -> Message:
    low, high = map(ratio_words, evidence.bounds)
    return Message(
        "Measured against {count} known-real files, the likelihood ratio is {ratio}; these files and the scale support no "
        "more than {low} to {high}. What they all share is no evidence. The verdict follows this ratio.",
        {
            "count": comparison.higher_than.of,
            "ratio": ratio_text(evidence.log10_likelihood_ratio),
            "low": low,
            "high": high,
        },
    )
