"""What people read of a result."""

import pytest

from detector.report.wording.verdicts import card_markdown, score_text


@pytest.mark.parametrize(
    ("score", "text"),
    [(0.0004, "0.0004"), (0.42668, "0.43"), (0.989, "0.99"), (0.9991, "0.9991"), (0.99984, "0.9998"), (1.0, "1.0000")],
)
def test_score_just_under_a_threshold_does_not_read_as_one_that_reached_it(score, text):
    assert score_text(score) == text


def test_card_on_the_page_carries_its_plots_and_no_front_matter(tmp_path):
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "roc.png").write_bytes(b"picture")
    card = "---\nlicense: other\n---\n# Card\n![ROC](plots/roc.png) ![Other](plots/other.png) ![Far](https://example.org/x.png)"
    shown = card_markdown(card, tmp_path)
    assert shown == "# Card\n![ROC](data:image/png;base64,cGljdHVyZQ==)  ![Far](https://example.org/x.png)"
