"""Warnings about faces that are judged worse than others."""

from dataclasses import replace

import pytest

from detector.evidence_scale import EvidenceScales, SmallFaces
from detector.facts import ModelInfo, Thresholds
from detector.report.wording.cautions import cautions
from detector.report.wording.models import model_name
from detector.results import Count, FrameScore
from tests.detector.made_results import scored_result, weighed_result
from tests.redness_model import evidence_scales

SCALES = replace(evidence_scales(), small_faces=SmallFaces(65.0, 52, Count(92, 449), Count(46, 449)))


def of_size(side_px: int, log10_ratio: float):
    result = weighed_result(log10_ratio, is_clip=False)
    track = replace(result.faces[0], frames=(FrameScore(0.0, 0.7, (0, 0, side_px, side_px + 9)),))
    return replace(result, faces=(track,))


def test_tiny_face_is_warned_of_with_the_measured_counts():
    (said,) = cautions(of_size(60, 1.3), SCALES)
    assert str(said) == (
        "Face 1 is only 60 pixels wide, and real faces that small score too high: of 449 real photos, reduced until the face had "
        "52 pixels, 92 got support for manipulation; as they were, 46 did."
    )


@pytest.mark.parametrize(
    ("result", "scales"),
    [
        (of_size(65, 1.3), SCALES),
        (of_size(60, -0.7), SCALES),
        (of_size(60, 1.3), evidence_scales()),
        (of_size(60, 1.3), None),
        (scored_result("no_face", is_clip=False), SCALES),
    ],
    ids=["large enough", "cleared", "not measured", "no scales", "no face"],
)
def test_nothing_is_warned_of_without_reason(result, scales):
    assert cautions(result, scales) == []


def test_measurement_survives_the_config():
    assert EvidenceScales.from_config(SCALES.to_config()) == SCALES


@pytest.mark.parametrize(
    ("id", "name", "shown"),
    [
        ("bundled", "VGG-16 face check 2.0", "VGG-16 face check 2.0"),
        ("news/desk-vgg", "", "desk-vgg"),
        ("m\n", "", "m�"),
    ],
)
def test_model_goes_by_its_name_else_by_its_short_id(id, name, shown):
    assert model_name(ModelInfo(id, "1", ("real", "fake"), Thresholds(0.1, 0.9), name=name)) == shown
