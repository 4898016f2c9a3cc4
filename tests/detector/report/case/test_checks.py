"""What is said in a saved case agrees with itself: genuine ones of all kinds open, and contradictions are refused."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from detector.analyzer import Analyzer
from detector.conclusion.known_real import KnownFile, with_known_real
from detector.conclusion.weighing import weigh_track
from detector.errors import MediaError
from detector.evidence_scale import any_of, score_of, verdict_of
from detector.report.case.checks import checked_case
from detector.report.case.stored import store, to_json
from detector.report.evidence import background_of
from tests.media_factory import texture
from tests.redness_model import evidence_scales, portrait, redness_model

SCALES = evidence_scales()


def case_of(analysis, model) -> bytes:
    return to_json(store(analysis, background_of(model), "2026-01-02T03:04:05Z", None, None))


def scored(analysis, statistic: float):
    """The same photo or clip, as if all its frames had such a score."""
    result = analysis.result
    (track,) = result.faces
    frames = tuple(replace(frame, score=score_of(statistic)) for frame in track.frames)
    evidence, spans = weigh_track(SCALES, frames, range(len(frames)), result.file.duration_s is not None)
    track = replace(
        track,
        frames=frames,
        evidence=evidence,
        suspicious_spans=spans,
        verdict=verdict_of(evidence),
        score=frames[0].score,
    )
    return replace(
        analysis,
        result=replace(result, faces=(track,), evidence=evidence, verdict=verdict_of(evidence), score=track.score),
    )


def compared(analysis, statistics, scales=SCALES):
    """The same, compared with known-real files of these statistics."""
    known = [
        KnownFile(f"{number}.jpg", f"{number:064x}", scored(analysis, statistic).result if scales else analysis.result)
        for number, statistic in enumerate(statistics)
    ]
    return with_known_real(analysis, known, scales)


@pytest.fixture(scope="module")
def analyses(tmp_path_factory, photo, photo_file, clip, clip_file, model):
    """Genuine ones by name, each with its model."""
    folder, without_scales = tmp_path_factory.mktemp("in"), redness_model()
    pictures = {"empty": texture(200, 200), "several": np.hstack([portrait(tint=0.6), portrait(tint=0.1)])}
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(folder / f"{name}.png")
    old_photo, old_clip = (Analyzer(without_scales).analyze(file) for file in (photo_file, clip_file))
    return {
        "photo": (photo, model),
        "clip": (clip, model),
        "clip with suspicious parts": (scored(clip, 6.0), model),
        "known-real clips decide": (compared(scored(clip, 6.0), [3.0, 2.0, 4.0, 2.5, 3.5]), model),
        "no face": (Analyzer(model).analyze(folder / "empty.png"), model),
        "several faces": (Analyzer(model).analyze(folder / "several.png"), model),
        "known-real photos decide": (compared(photo, [3.0, 2.0, 4.0, 2.5, 3.5, 9.0]), model),
        "known-real photos only rank": (compared(photo, [3.0, 2.0]), model),
        "photo without scales": (old_photo, without_scales),
        "clip without scales": (old_clip, without_scales),
        "known-real photos without scales": (compared(old_photo, [0.0] * 6, None), without_scales),
    }


NAMES = """photo; clip; clip with suspicious parts; no face; several faces; known-real photos decide; known-real clips decide;
known-real photos only rank; photo without scales; clip without scales; known-real photos without scales"""


@pytest.mark.parametrize("name", re.split(r";\s", NAMES))
def test_genuine_case_of_any_kind_is_taken(analyses, name):
    analysis, model = analyses[name]
    assert checked_case(case_of(analysis, model)).result == analysis.result


def test_genuine_cases_are_of_the_kinds_that_they_are_named_for(analyses):
    results = {name: analysis.result for name, (analysis, _) in analyses.items()}
    assert len(results["several faces"].faces) == 2 and results["no face"].verdict == "no_face"
    assert (
        results["clip with suspicious parts"].faces[0].suspicious_spans
        and results["photo without scales"].evidence is None
    )
    decided = results["known-real photos decide"]
    assert decided.known_real.evidence.band != decided.evidence.band and decided.verdict != results["photo"].verdict
    assert results["known-real photos only rank"].known_real.evidence is None


def test_rounding_of_ratio_and_bounds_is_never_taken_for_a_contradiction(photo, model):
    values = np.random.default_rng(7).uniform(-6, 6, (60, 4))
    for questioned, *others in values:
        analysis = compared(scored(photo, questioned), [*others, *(value / 2 for value in others)])
        mean = any_of([SCALES.photo.weigh(value) for value in (questioned, *others)])
        result = replace(analysis.result, evidence=mean)
        assert checked_case(case_of(replace(analysis, result=result), model)).result == result


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("band", "neither"),
        ("log10_likelihood_ratio", 0.99),
        ("bounds", [1.21, 3.0]),
        ("fake_as_low", {"count": 81, "of": 80}),
    ],
)
def test_part_of_a_clip_that_contradicts_itself_is_refused(analyses, place, value):
    content = json.loads(case_of(*analyses["clip with suspicious parts"]))
    content["result"]["faces"][0]["suspicious_spans"][0]["evidence"][place] = value
    with pytest.raises(MediaError, match="damaged or is none"):
        checked_case(json.dumps(content).encode())


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("higher_than.count", 7),
        ("evidence.band", "strong_support_for_manipulation"),
        ("evidence.log10_likelihood_ratio", 1.3),
        ("evidence.bounds", [-3.0, -2.0]),
        ("evidence.real_as_high.count", 1_000),
        ("evidence", None),
    ],
)
def test_comparison_that_contradicts_itself_or_its_verdict_is_refused(analyses, place, value):
    content = json.loads(case_of(*analyses["known-real photos decide"]))
    *parents, last = place.split(".")
    part = content["result"]["known_real"]
    for name in parents:
        part = part[name]
    part[last] = value
    with pytest.raises(MediaError, match="damaged or is none"):
        checked_case(json.dumps(content).encode())


@pytest.mark.parametrize("name", ["no face", "photo without scales", "clip without scales"])
def test_verdict_that_nothing_in_the_case_stands_for_is_refused(analyses, name):
    content = json.loads(case_of(*analyses[name]))
    for verdict in {"manipulated", "inconclusive", "no_manipulation_found", "no_face"} - {content["result"]["verdict"]}:
        content["result"]["verdict"] = verdict
        with pytest.raises(MediaError, match="damaged or is none"):
            checked_case(json.dumps(content).encode())
