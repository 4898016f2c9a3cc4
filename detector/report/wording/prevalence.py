"""How often an alarm is right, told with the counts of the model that raised it."""

from __future__ import annotations

from detector.evidence_scale import ALARMS, EvidenceScale, EvidenceScales, band_of, verdict_at
from detector.messages import Message
from detector.report.wording.known_real import follows_known_real
from detector.results import Band, Count, Result

PREVALENCE_WARNING = Message(
    "Where few of the files that come in are fake, many alarms are false: a detector with {precision} precision on a balanced "
    "test, and a recall of {recall}, is right in 84 of 100 alarms when {more} of the files are fake, in 50 when {fewer} are.",
    # as arguments, because gettext's tools take "% o" for a placeholder
    {"precision": "99 %", "recall": "69 %", "more": "5 %", "fewer": "1 %"},
)
PRIOR_NOTE = Message(
    "The ratio does not include how many of the files that come in are fake: where few are, more of the alarms are false."
)
_TEST_PHOTOS = Message(
    "Of {real_of} real test photos {real} had a ratio of 10 or more, of {fake_of} manipulated ones {fake}."
)
_TEST_CLIPS = Message(
    "Of {real_of} real test clips {real} had a ratio of 10 or more, of {fake_of} manipulated ones {fake}."
)
_UNSEEN_PHOTOS = Message(
    "When their source was kept from the scale, {real} of {real_of} real reference photos had a ratio of 10 or more; "
    "{fake} of {fake_of} manipulated ones have one."
)
_UNSEEN_CLIPS = Message(
    "When their source was kept from the scale, {real} of {real_of} real reference clips, or frames of them, had a ratio of 10 or "
    "more; {fake} of {fake_of} manipulated ones have one."
)
_RIGHT = Message(
    "{counts} So where 1 in 20 of the files that come in is manipulated, about {of_20} of 100 such alarms are right; "
    "where 1 in 100 is, about {of_100}."
)
# Fewer real test files say too little about rare false alarms; the reference files speak then.
_ENOUGH_REAL_FILES = 100


def prevalence_note(result: Result, scales: EvidenceScales | None = None) -> Message:
    """Says how often alarms are right where few files are manipulated.

    Args:
        result: What is said about the file.
        scales: Those of the model that answered; without them, or without counts, the words are general.
    """
    if result.evidence is None:
        return PREVALENCE_WARNING
    if scales is None or follows_known_real(result):
        return PRIOR_NOTE
    is_clip = result.file.duration_s is not None
    found = _alarms(scales.of(is_clip))
    if found is None:
        return PRIOR_NOTE
    real, fake, from_test = found
    words = (_TEST_PHOTOS, _TEST_CLIPS)[is_clip] if from_test else (_UNSEEN_PHOTOS, _UNSEEN_CLIPS)[is_clip]
    return Message(
        _RIGHT.template,
        {
            "counts": Message(words.template, _as_arguments(real, fake)),
            "of_20": f"{100 * share_right(real, fake, 1 / 20):.0f}",
            "of_100": f"{100 * share_right(real, fake, 1 / 100):.0f}",
        },
    )


def share_right(real: Count, fake: Count, prevalence: float) -> float:
    """Computes which share of the alarms is right, 0..1, by Bayes' rule.

    Args:
        real: Alarms among real files, at least one.
        fake: Alarms among manipulated ones, at least one.
        prevalence: Share of the files that come in manipulated, 0..1.
    """
    right = prevalence * fake.count / fake.of
    return right / (right + (1 - prevalence) * real.count / real.of)


def band_counts_text(result: Result, scales: EvidenceScales | None) -> Message | None:
    """Says how many real and manipulated files came into the band of a result; None where that is not known."""
    if result.evidence is None or scales is None or follows_known_real(result):
        return None
    is_clip = result.file.duration_s is not None
    real, fake, from_test = _in_band(scales.of(is_clip), result.evidence.band)
    arguments = _as_arguments(real, fake)
    if from_test:
        if is_clip:
            return Message(
                "Of {real_of} real test clips {real} had a result like this, of {fake_of} manipulated ones {fake}.",
                arguments,
            )
        return Message(
            "Of {real_of} real test photos {real} had a result like this, of {fake_of} manipulated ones {fake}.",
            arguments,
        )
    if is_clip:
        return Message(
            "Of {real_of} real reference clips, or frames of them, {real} lie in this band, of {fake_of} manipulated ones {fake}.",
            arguments,
        )
    return Message(
        "Of {real_of} real reference photos {real} lie in this band, of {fake_of} manipulated ones {fake}.", arguments
    )


def _as_arguments(real: Count, fake: Count) -> dict[str, str | int | Message]:
    return {"real": real.count, "real_of": real.of, "fake": fake.count, "fake_of": fake.of}


def _alarms(scale: EvidenceScale) -> tuple[Count, Count, bool] | None:
    """Counts alarms among real and manipulated files, and tells whether they are test files; None without both."""
    if scale.judged and sum(scale.judged.real_counts) >= _ENOUGH_REAL_FILES:
        real, fake = scale.judged.in_bands(ALARMS)
        from_test = True
    elif scale.unseen_sources:
        real = scale.unseen_sources.real_as_manipulated
        alarms = sum(verdict_at(scale.log10_ratio(value)) == "manipulated" for value in scale.fake)
        fake = Count(alarms, len(scale.fake))
        from_test = False
    else:
        return None
    is_countable = 0 < real.count <= real.of and 0 < fake.count <= fake.of
    return (real, fake, from_test) if is_countable else None


def _in_band(scale: EvidenceScale, band: Band) -> tuple[Count, Count, bool]:
    """Counts the real and the manipulated files in a band, and tells whether they are test files."""
    if scale.judged and sum(scale.judged.real_counts) >= _ENOUGH_REAL_FILES:
        return *scale.judged.in_bands({band}), True
    real, fake = (
        Count(sum(band_of(scale.log10_ratio(value)) == band for value in values), len(values))
        for values in (scale.real, scale.fake)
    )
    return real, fake, False
