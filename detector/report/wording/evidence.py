"""The weight of evidence in words that an editor can quote, after the verbal scale of ENFSI (2015)."""

from __future__ import annotations

import math

from detector.evidence_scale import CLEARED, LOG10_DECIMALS, EvidenceScales, UnseenSources
from detector.messages import Message
from detector.results import Band, Evidence, Result, ScaleName

BAND_TITLE: dict[Band, Message] = {
    "strong_support_for_manipulation": Message("Strong support for manipulation"),
    "moderate_support_for_manipulation": Message("Moderate support for manipulation"),
    "weak_support_for_manipulation": Message("Weak support for manipulation"),
    "neither": Message("No support either way"),
    "weak_support_for_no_manipulation": Message("Weak support for no manipulation"),
    "moderate_support_for_no_manipulation": Message("Moderate support for no manipulation"),
}
# The same inside a sentence.
BAND_WORDS: dict[Band, Message] = {
    "strong_support_for_manipulation": Message("strong support for manipulation"),
    "moderate_support_for_manipulation": Message("moderate support for manipulation"),
    "weak_support_for_manipulation": Message("weak support for manipulation"),
    "neither": Message("no support either way"),
    "weak_support_for_no_manipulation": Message("weak support for no manipulation"),
    "moderate_support_for_no_manipulation": Message("moderate support for no manipulation"),
}
BAND_TEXT: dict[Band, Message] = {
    "strong_support_for_manipulation": Message("This is a strong lead to check, not proof."),
    "moderate_support_for_manipulation": Message("This is a lead to check, not proof."),
    "weak_support_for_manipulation": Message("This is too little for an alarm. Treat the material as unverified."),
    "neither": Message("The model cannot tell. Treat the material as unverified."),
    "weak_support_for_no_manipulation": Message(
        "This does not show that the material is real. Treat it as unverified until other checks agree."
    ),
    "moderate_support_for_no_manipulation": Message(
        "This does not show that the material is real: other kinds of manipulation, and ones the model never saw, stay "
        "invisible to it."
    ),
}
LIKELIHOOD_RATIO = Message(
    "The likelihood ratio says how many times as frequent a score like this is among manipulated reference files as among "
    "real ones."
)
_COUNTS: dict[ScaleName, Message] = {
    "photo": Message(
        "Real reference photos that score as high or higher: {high} of {real}; "
        "manipulated ones that score as low or lower: {low} of {fake}"
    ),
    # where clips are few, single frames of others stand for them: their scores scatter more, so they bound the ratio
    "clip": Message(
        "Real reference clips, or frames of them, that score as high or higher: {high} of {real}; "
        "manipulated ones that score as low or lower: {low} of {fake}"
    ),
    "span": Message(
        "Real reference clips with a part that scores as high or higher: {high} of {real}; "
        "manipulated ones in which no part scores higher: {low} of {fake}"
    ),
}
# A ratio is rounded down to one of these digits, so that the words never say more than the number; but 19.9 is "about 20".
_DIGITS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0)
_NEARLY = 1.01
_BORDERS = (2.0, 10.0, 100.0)  # of the bands: a ratio below one never reads as having reached it
_SLACK = 0.5 * 10.0**-LOG10_DECIMALS  # what the rounding of log10 can take away


def ratio_text(log10_ratio: float) -> str:
    """Writes a likelihood ratio in round numbers, rounded towards 1: ``20``, ``1/5``, or ``1.3`` near 1."""
    log10_ratio = round(log10_ratio, LOG10_DECIMALS)  # as the bands compare it
    size = 10 ** (abs(log10_ratio) + _SLACK)
    if size < _BORDERS[0]:
        tenths = math.floor(10 * size) if log10_ratio > 0 else math.ceil(10 / size)
        return f"{tenths / 10:.1f}"
    steps = (digit * 10**exponent for exponent in range(int(abs(log10_ratio)) + 2) for digit in _DIGITS)
    reached = max(step for step in steps if step <= (size if step in _BORDERS else size * _NEARLY))
    return f"{reached:g}" if log10_ratio > 0 else f"1/{reached:g}"


def frequency_words(result: Result, evidence: Evidence) -> Message:
    """Says how much more often such a score comes from one kind of reference files; the middle of a sentence."""
    ratio = ratio_text(evidence.log10_likelihood_ratio)
    are_several = len(_weighed(result)) > 1 or evidence.scale == "span"  # a part is weighed together with the whole
    if evidence.band == "neither":
        if are_several:
            return Message(
                "scores like these are about as frequent among manipulated reference files as among real ones"
            )
        return Message("a score like this is about as frequent among manipulated reference files as among real ones")
    if evidence.log10_likelihood_ratio > 0:
        arguments = {"ratio": ratio}
        if are_several:
            return Message(
                "scores like these are about {ratio} times as frequent among manipulated reference files as among real ones",
                arguments,
            )
        return Message(
            "a score like this is about {ratio} times as frequent among manipulated reference files as among real ones",
            arguments,
        )
    arguments = {"ratio": ratio.removeprefix("1/")}
    if are_several:
        return Message(
            "scores like these are about {ratio} times as frequent among real reference files as among manipulated ones",
            arguments,
        )
    return Message(
        "a score like this is about {ratio} times as frequent among real reference files as among manipulated ones",
        arguments,
    )


def counts_words(evidence: Evidence) -> Message:
    """Names the counts behind the ratio, without a full stop."""
    high, low = evidence.real_as_high, evidence.fake_as_low
    arguments = {"high": high.count, "real": high.of, "low": low.count, "fake": low.of}
    return Message(_COUNTS[evidence.scale].template, arguments)


def bounds_words(evidence: Evidence) -> Message:
    """Names the ratio and its bounds as numbers, without a full stop."""
    return Message(
        "log10 of the likelihood ratio: {log10}; the reference files support {low} to {high}",
        {
            "log10": f"{evidence.log10_likelihood_ratio:.3f}",
            "low": f"{evidence.bounds[0]:.3f}",
            "high": f"{evidence.bounds[1]:.3f}",
        },
    )


def finding_words(result: Result, evidence: Evidence) -> Message:
    """Says what a check found, to follow "An automated check of ..."."""
    arguments: dict[str, str | int | Message] = {
        "band": BAND_WORDS[evidence.band],
        "frequency": frequency_words(result, evidence),
        "counts": counts_words(evidence),
    }
    if evidence.band in CLEARED:
        return Message(
            "found {band}, which does not show that the material is real: {frequency}. {counts}",
            arguments,
        )
    return Message("found {band}: {frequency}. {counts}", arguments)


def evidence_notes(result: Result, evidence: Evidence, scales: EvidenceScales | None = None) -> list[Message]:
    """Says how the ratio came about where it is not simply that of one score, and where it ends.

    Args:
        result: What is said about the file.
        evidence: Its weight.
        scales: Those of the model; without them nothing is said of parts that score lower, and of unknown sources.
    """
    notes = []
    faces = len(_weighed(result))
    if faces > 1:
        notes.append(
            Message(
                "The ratio is the mean over {count} faces, and the counts are those of the most suspicious: "
                "the more faces are looked at, the more often one scores high by chance.",
                {"count": faces},
            )
        )
    if evidence.scale == "span":
        notes.append(
            Message(
                "This is about the most suspicious part of the clip. "
                "The ratio is the mean of that of the part and that of the whole clip."
            )
        )
    elif evidence.scale == "clip" and faces == 1 and scales and _is_averaged(evidence, scales):
        notes.append(
            Message(
                "The ratio is the mean of that of the whole clip and that of its most suspicious part, which is lower."
            )
        )
    if evidence.band != "neither" and _is_at_its_end(evidence):
        notes.append(Message("The ratio ends here: more cannot be claimed from so few reference files."))
    scale = scales.named(evidence.scale) if scales else None
    if scale and scale.unseen_sources:
        notes.append(_unseen_note(evidence, scale.unseen_sources))
    return notes


def _unseen_note(evidence: Evidence, unseen: UnseenSources) -> Message:
    """Says how often files of unknown sources were misjudged in the direction that the evidence points to."""
    if evidence.log10_likelihood_ratio > 0:
        count = unseen.real_as_manipulated
        return Message(
            "When whole sources were kept from the scale, {count} of their {of} real files had a ratio of 10 or more.",
            {"count": count.count, "of": count.of},
        )
    count = unseen.fake_as_not_found
    return Message(
        "When whole sources were kept from the scale, {count} of their {of} manipulated files had a ratio below 1/2.",
        {"count": count.count, "of": count.of},
    )


def _weighed(result: Result) -> list[Evidence]:
    return [track.evidence for track in result.faces if track.evidence]


def _is_averaged(evidence: Evidence, scales: EvidenceScales) -> bool:
    by_itself = scales.clip.weigh(evidence.statistic).log10_likelihood_ratio
    return abs(by_itself - evidence.log10_likelihood_ratio) > 2 * 10.0**-LOG10_DECIMALS


def _is_at_its_end(evidence: Evidence) -> bool:
    end = evidence.bounds[1 if evidence.log10_likelihood_ratio > 0 else 0]
    return abs(end - evidence.log10_likelihood_ratio) <= 2 * _SLACK
