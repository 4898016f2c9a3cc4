"""What a report takes from a model card."""

from detector.report.card_sections import CardSection, card_sections

CARD = """---
license: other
---
# Detector

## Training data

| data | fakes |
|------|------:|
| portraits | 12 |
| photos | |

**Not** trained on [X](https://example.org/x) `files`. ![plot](plots/a.png)

## Results

Very good.

## What it cannot see

- Voices.
- Faces under 48 px,
  or hidden.
"""


def test_only_training_and_blind_spots_are_taken_as_plain_sentences():
    assert card_sections(CARD) == (
        CardSection("Training data", ("data: portraits; fakes: 12", "data: photos", "Not trained on X files.")),
        CardSection("What it cannot see", ("Voices.", "Faces under 48 px, or hidden.")),
    )


def test_card_without_such_sections_gives_none():
    assert card_sections("") == card_sections("# Model\n\n## Usage\n\nLoad it.") == ()
