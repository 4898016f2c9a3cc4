"""What is said where known-real files decide, against what the reference files alone would say."""

from pathlib import Path

from detector.batch.output import plain_text, rows
from detector.batch.runner import BatchItem
from detector.report.wording.verdicts import reference_title, verdict_markdown, weight_texts
from tests.detector.made_results import compared_result, weighed_result


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
