"""The weight of evidence as people read it."""

import math
from dataclasses import replace

import pytest

from detector.evidence_scale import BANDS, UnseenSources, band_of
from detector.report.wording.evidence import (
    BAND_TEXT,
    BAND_TITLE,
    BAND_WORDS,
    counts_words,
    evidence_notes,
    finding_words,
    frequency_words,
    ratio_text,
)
from detector.report.wording.verdicts import verdict_markdown
from detector.results import Count, SuspiciousSpan
from tests.detector.made_results import result_of, weight
from tests.redness_model import evidence_scales


@pytest.mark.parametrize(
    ("log10_ratio", "title", "frequency"),
    [
        (2.4, "Strong support for manipulation", "about 250 times as frequent among manipulated"),
        (1.3, "Moderate support for manipulation", "about 20 times as frequent among manipulated"),
        (0.5, "Weak support for manipulation", "about 3 times as frequent among manipulated"),
        (0.0, "No support either way", "about as frequent among manipulated reference files as among real ones"),
        (-0.7, "Weak support for no manipulation", "about 5 times as frequent among real"),
        (-1.2, "Moderate support for no manipulation", "about 15 times as frequent among real"),
    ],
)
def test_each_band_has_a_title_and_a_sentence_both_ways(log10_ratio, title, frequency):
    evidence = weight(log10_ratio)
    result = result_of(evidence)
    assert str(BAND_TITLE[evidence.band]) == title
    assert str(BAND_WORDS[evidence.band]).lower() == title.lower()
    assert frequency in str(frequency_words(result, evidence))
    said = verdict_markdown(result)
    assert said.startswith(f"## {title} (likelihood ratio about") and "3 of 412" in said and "214 of 390" in said
    assert "%" not in said and "is real" not in said.replace("that the material is real", "")


def test_every_band_has_words():
    bands = {band for _, band in BANDS}
    assert set(BAND_TITLE) == set(BAND_WORDS) == set(BAND_TEXT) == bands
    assert len({str(text) for text in BAND_TEXT.values()}) == len(bands)


@pytest.mark.parametrize(
    ("log10_ratio", "text"),
    [
        (-1.3, "1/20"),
        (-0.699, "1/5"),
        (-0.301, "1/2"),
        (-0.3, "0.6"),
        (-0.222, "0.6"),
        (-0.2, "0.7"),
        (0.0, "1.0"),
        (0.079, "1.2"),
        (0.291, "1.9"),
        (0.3, "1.9"),
        (0.301, "2"),
        (0.998, "9"),
    ]
    + [(1.0, "10"), (1.3, "20"), (1.999, "90"), (2.0, "100"), (3.2, "1500")],
)
def test_ratio_is_round_and_never_reads_as_the_next_band(log10_ratio, text):
    assert ratio_text(log10_ratio) == text


def read_log10(text: str) -> float:
    return -math.log10(float(text[2:])) if text.startswith("1/") else math.log10(float(text))


@pytest.mark.parametrize("side", [1, -1])
def test_band_of_the_ratio_that_is_read_never_lies_further_from_1(side):
    bands = [band for _, band in BANDS]
    middle = bands.index("neither")
    for thousandths in range(3001):
        log10_ratio = side * thousandths / 1000
        read = read_log10(ratio_text(log10_ratio))
        said, meant = (side * (middle - bands.index(band_of(ratio))) for ratio in (read, log10_ratio))
        assert 0 <= said <= meant and side * read <= abs(log10_ratio) + math.log10(1.012), (log10_ratio, read)


def test_sentence_to_quote_holds_band_ratio_and_counts():
    evidence = weight(1.3)
    assert str(finding_words(result_of(evidence), evidence)) == (
        "found moderate support for manipulation: a score like this is about 20 times as frequent among manipulated "
        "reference files as among real ones. Real reference clips, or frames of them, that score as high or higher: 3 of 412; "
        "manipulated ones that score as low or lower: 214 of 390"
    )


def test_support_for_no_manipulation_is_never_quoted_as_real():
    evidence = weight(-1.2)
    assert "which does not show that the material is real" in str(finding_words(result_of(evidence), evidence))


def test_several_faces_are_told_to_be_averaged():
    several = result_of(weight(1.0), weight(-0.5))
    assert str(frequency_words(several, weight(1.0))).startswith("scores like these")
    (note,) = evidence_notes(several, weight(1.0))
    assert "the mean over 2 faces" in str(note) and "by chance" in str(note)


def test_part_of_a_clip_is_told_to_be_one():
    evidence = weight(1.0, scale="span")
    assert "Real reference clips with a part that scores as high" in str(counts_words(evidence))
    (note,) = evidence_notes(result_of(evidence), evidence)
    assert str(note).startswith("This is about the most suspicious part of the clip.")


def test_whole_clip_that_was_averaged_with_its_part_says_so():
    scales = evidence_scales()
    alone = scales.clip.weigh(2.6)
    averaged = replace(alone, log10_likelihood_ratio=alone.log10_likelihood_ratio - 0.2)
    assert evidence_notes(result_of(alone), alone, scales) == []
    (note,) = evidence_notes(result_of(averaged), averaged, scales)
    assert "its most suspicious part, which is lower" in str(note)


@pytest.mark.parametrize("log10_ratio", [2.5, -1.3])
def test_ratio_at_its_end_says_that_more_cannot_be_claimed(log10_ratio):
    evidence = weight(log10_ratio)
    (note,) = evidence_notes(result_of(evidence), evidence)
    assert "more cannot be claimed from so few reference files" in str(note)


def test_weighed_parts_are_told_with_their_band():
    evidence = weight(0.5)
    span = SuspiciousSpan(1.0, 1.8, 0.95, weight(1.1, scale="span"))
    track = replace(result_of(evidence).faces[0], suspicious_spans=(span,))
    said = verdict_markdown(replace(result_of(evidence), faces=(track,)))
    assert "Parts of the clip by themselves, face 1: 1.0 to 1.8 s: moderate support for manipulation." in said
    assert "shows signs of manipulation" not in said


def test_without_evidence_the_verdict_is_told_by_score():
    result = replace(result_of(weight(1.0)), evidence=None)
    said = verdict_markdown(result)
    assert said.startswith("## Inconclusive (score 0.70)") and "likelihood ratio" not in said


@pytest.mark.parametrize(
    "ratio, sentence",
    [
        (1.2, "When whole sources were kept from the scale, 3 of their 100 real files had a ratio of 10 or more."),
        (-0.9, "When whole sources were kept from the scale, 7 of their 80 manipulated files had a ratio below 1/2."),
    ],
)
def test_note_tells_how_often_unknown_sources_were_misjudged_in_this_direction(ratio, sentence):
    unseen = UnseenSources(Count(3, 100), Count(7, 80))
    scales = evidence_scales()
    known = replace(scales, photo=replace(scales.photo, unseen_sources=unseen))
    assert str(evidence_notes(result_of(weight(ratio, "photo")), weight(ratio, "photo"), known)[-1]) == sentence
