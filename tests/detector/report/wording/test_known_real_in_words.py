"""What is said where known-real files decide, against what the reference files alone would say."""

from dataclasses import replace
from pathlib import Path

import pytest

from detector.batch.output import plain_text, rows
from detector.batch.runner import BatchItem
from detector.report.wording.evidence import BAND_TITLE
from detector.report.wording.known_real import known_real_texts
from detector.report.wording.not_shown import not_shown
from detector.report.wording.verdicts import face_table, reference_title, spans_text, verdict_markdown, weight_texts
from detector.results import KnownRealComparison, SuspiciousSpan
from tests.detector.made_results import compared_result, weighed_result, weight


def test_ratio_beside_the_band_is_that_of_the_comparison_wherever_both_are_said():
    item = BatchItem(Path("a.png"), "0" * 64, compared_result(1.3, -0.7))
    (row,) = rows([item])
    assert (row["evidence_band"], row["log10_likelihood_ratio"]) == ("Weak support for no manipulation", -0.7)
    assert row["verdict"] == "No manipulation found"
    assert plain_text(item).startswith("Weak support for no manipulation     LR   1/5  a.png")
    assert verdict_markdown(item.result).startswith("## Weak support for no manipulation (likelihood ratio about 1/5)")


def test_comparison_is_said_before_the_reference_files_which_are_said_to_leave_it_out():
    first, second = map(str, weight_texts(compared_result(1.3, -0.7))[:2])
    assert first == (
        "The verdict follows the comparison with 6 known-real files, which gives a likelihood ratio of about 1/5."
    )
    assert second.startswith("Without these files: a score like this is about 20 times as frequent among manipulated")
    assert "without the known-real" in str(reference_title(compared_result(1.3, -0.7)))


def test_without_known_real_files_nothing_is_said_of_them():
    (only,) = map(str, weight_texts(weighed_result(0.5, False)))
    assert only.startswith("a score like this is about 3 times") and "3 of 412" in only
    assert str(reference_title(weighed_result(0.5, False))) == "Among the reference files"


def compared_clip(compared: float):
    """A clip with a suspicious part whose verdict follows the known-real files."""
    result = replace(compared_result(1.3, compared), file=weighed_result(1.3, True).file)
    span = SuspiciousSpan(1.0, 1.8, 0.95, weight(1.1, "span"))
    return replace(result, faces=(replace(result.faces[0], suspicious_spans=(span,)),))


@pytest.mark.parametrize("make", [lambda ratio: compared_result(1.3, ratio), compared_clip])
@pytest.mark.parametrize("ratio", [2.4, 1.3, 0.5, 0.0, -0.7, -1.2])
def test_what_a_comparison_does_not_show_is_said_of_the_known_real_files(make, ratio):
    result = make(ratio)
    opening = str(not_shown(result)[0])
    assert opening.startswith(str(BAND_TITLE[result.known_real.evidence.band]))
    assert "easured against the known-real files" in opening
    assert "come from real" not in opening and "this low" not in opening and "this high" not in opening


def test_no_support_either_way_is_not_told_of_photos_in_general_where_known_real_files_decide():
    assert str(not_shown(compared_result(1.3, 0.0))[0]) == (
        "No support either way does not mean half fake. Measured against the known-real files, such a score speaks neither for "
        "manipulation nor against it, so the model adds nothing to what you know."
    )


def test_parts_of_a_clip_are_said_to_leave_the_known_real_files_out():
    result = compared_clip(-0.7)
    said = "arts of the clip by themselves, face 1: 1.0 to 1.8 s: moderate support for manipulation."
    assert str(spans_text(result, result.faces[0])) == f"Without the known-real files, p{said}"
    alone = replace(result, known_real=None)
    assert str(spans_text(alone, alone.faces[0])) == f"P{said}"


def test_table_of_faces_says_that_its_weights_leave_the_known_real_files_out():
    titles, rows = face_table(compared_clip(-0.7))
    left_out = [str(title) for title in titles if "without the known-real files" in str(title)]
    assert left_out == [
        f"{name}, without the known-real files"
        for name in ("Weight of evidence", "Likelihood ratio", "Suspicious parts")
    ]
    assert (str(rows[0][1]), rows[0][2]) == ("Moderate support for manipulation", "20") and len(titles) == len(rows[0])
    ranked_only = replace(
        compared_clip(0.0), known_real=KnownRealComparison((), compared_result(0, 0).known_real.higher_than)
    )
    assert "known-real" not in " ".join(map(str, face_table(ranked_only)[0]))


def test_bounds_of_the_comparison_are_those_of_the_files_and_of_the_scale():
    result = compared_result(1.3, 0.5)
    evidence = replace(result.known_real.evidence, bounds=(-0.79, 0.845))
    result = replace(result, known_real=replace(result.known_real, evidence=evidence))
    assert "these files and the scale support no more than 1/6.2 to 7. " in str(known_real_texts(result)[1])


def test_ratio_of_a_part_is_not_explained_by_the_rank_of_whole_clips():
    whole = compared_result(1.3, 0.9)
    comparison = replace(whole.known_real, evidence=weight(0.9, "span"))
    of_part = replace(whole, known_real=comparison)
    assert "the rank is that of the whole clip" in str(known_real_texts(of_part)[-1])
    assert all("whole clip" not in str(text) for text in known_real_texts(whole))
