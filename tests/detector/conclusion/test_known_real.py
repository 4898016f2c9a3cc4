import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.conclusion.known_real import KnownFile, shift_of, with_known_real
from detector.conclusion.weighing import weigh_track
from detector.evidence_scale import band_of, verdict_of
from detector.facts import MediaFile
from detector.messages import Message
from detector.results import SCHEMA_VERSION, Analysis, Count, FaceTrack, FrameScore, Result, ShownFrame
from tests.redness_model import evidence_scales, redness_model

SCALES = evidence_scales()
BOX = (0, 0, 9, 9)
log_odds = st.floats(-6, 6)


def score_of(statistic: float) -> float:
    return 1 / (1 + math.exp(-statistic))


def analysis_of(*faces: list[float], sha256: str = "00", is_clip: bool = False, scales=SCALES) -> Analysis:
    """A file with such frame scores of each of its faces."""
    tracks = []
    for number, scores in enumerate(faces, start=1):
        frames = tuple(FrameScore(float(time_s), score, BOX) for time_s, score in enumerate(scores))
        evidence, spans = weigh_track(scales, frames, range(len(frames)), is_clip) if scales else (None, ())
        verdict = verdict_of(evidence) if evidence else "inconclusive"
        tracks.append(FaceTrack(number, BOX, float(np.mean(scores)), verdict, frames, None, spans, evidence))
    worst = max(tracks, key=lambda track: track.score, default=None)
    result = Result(
        schema_version=SCHEMA_VERSION,
        file=MediaFile(f"{sha256}.png", sha256, 1, "image/png", 9, 9, 4.0 if is_clip else None),
        model=redness_model(scales=scales).info,
        verdict=worst.verdict if worst else "no_face",
        score=worst.score if worst else None,
        faces=tuple(tracks),
        warnings=(),
        decided_by=worst.track_id if worst else None,
        evidence=worst.evidence if worst else None,
    )
    longest = max(map(len, faces), default=1)
    return Analysis(
        result, tuple(ShownFrame(float(time_s), np.zeros((1, 1, 3), np.uint8), ()) for time_s in range(longest))
    )


def photo(statistic: float, **options) -> Analysis:
    return analysis_of([score_of(statistic)], **options)


def known(*statistics: float, is_clip: bool = False) -> list[KnownFile]:
    files = []
    for number, statistic in enumerate(statistics):
        scores = [score_of(statistic)] * (4 if is_clip else 1)
        files.append(KnownFile(f"{number}.jpg", f"k{number}", analysis_of(scores, is_clip=is_clip).result))
    return files


def compared(questioned: Analysis, files: list[KnownFile], scales=SCALES):
    return with_known_real(questioned, files, scales).result.known_real


@given(log_odds, log_odds, st.lists(log_odds, min_size=5, max_size=20))
def test_ratio_never_falls_with_the_questioned_score_and_keeps_its_bounds(one, other, statistics):
    files = known(*statistics)
    low, high = (compared(photo(statistic), files).evidence for statistic in sorted((one, other)))
    assert low.log10_likelihood_ratio <= high.log10_likelihood_ratio
    most = round(math.log10(len(files) + 1), 3)
    for evidence in (low, high):
        assert math.isfinite(evidence.statistic)
        assert evidence.bounds[0] == -min(1.3, most) and evidence.bounds[1] <= min(2.0, most)
        assert evidence.bounds[0] <= evidence.log10_likelihood_ratio <= evidence.bounds[1]
        assert evidence.band == band_of(evidence.log10_likelihood_ratio)


@given(log_odds, st.lists(log_odds, min_size=5, max_size=20), st.floats(-3, 3))
def test_what_all_files_share_is_no_evidence_up_to_shrinkage(statistic, statistics, share):
    before = compared(photo(statistic), known(*statistics)).evidence
    after = compared(photo(statistic + share), known(*(value + share for value in statistics))).evidence
    left = share * 2 / (len(statistics) + 2)
    assert after.statistic - before.statistic == pytest.approx(left, abs=0.003)


@given(log_odds, st.lists(log_odds, min_size=1, max_size=20))
def test_rank_counts_the_files_that_score_lower(statistic, statistics):
    higher_than = compared(photo(statistic), known(*statistics)).higher_than
    assert higher_than.of == len(statistics)
    lower = sum(value < statistic - 0.002 for value in statistics)
    assert lower <= higher_than.count <= sum(value < statistic + 0.002 for value in statistics)


@given(log_odds, st.lists(log_odds, min_size=5, max_size=20))
def test_file_that_is_not_unusual_among_them_is_no_evidence_wherever_they_lie(statistic, statistics):
    comparison = compared(photo(statistic), known(*statistics))
    as_high = comparison.higher_than.of - comparison.higher_than.count
    by_rank = (len(statistics) + 1) / (as_high + 1)
    assert 10**comparison.evidence.log10_likelihood_ratio <= max(by_rank, 10 ** comparison.evidence.bounds[0]) * 1.002


def test_files_like_the_reference_files_leave_the_ratio_as_it_is():
    middle = float(np.mean(SCALES.photo.real))
    comparison = compared(photo(1.0), known(*[middle] * 6))
    assert comparison.shift == pytest.approx(0.0, abs=0.001)
    expected = SCALES.photo.weigh(1.0).log10_likelihood_ratio
    assert comparison.evidence.log10_likelihood_ratio == pytest.approx(expected, abs=0.002)


def test_fewer_than_five_files_give_the_rank_only():
    questioned = photo(3.0)
    result = with_known_real(questioned, known(0, 1, 2, 5), SCALES).result
    assert (result.known_real.higher_than.count, result.known_real.higher_than.of) == (3, 4)
    assert result.known_real.evidence is None and result.known_real.shift is None
    assert (result.verdict, result.deciding_evidence) == ("manipulated", questioned.result.evidence)


def test_shift_of_a_channel_stops_being_evidence():
    questioned = photo(3.0)
    assert questioned.result.verdict == "manipulated"
    result = with_known_real(questioned, known(2.5, 3.5, 3.0, 2.0, 4.0, 3.2), SCALES).result
    assert result.verdict == verdict_of(result.known_real.evidence) == "inconclusive"
    assert result.evidence == questioned.result.evidence and result.deciding_evidence == result.known_real.evidence


def test_few_files_move_the_shift_less_than_many():
    gap = 3.0 - float(np.mean(SCALES.photo.real))
    assert shift_of([3.0] * 5, SCALES.photo) == pytest.approx(gap * 5 / 7)
    assert shift_of([3.0] * 18, SCALES.photo) == pytest.approx(gap * 18 / 20)


def test_manipulated_part_of_a_clip_still_counts():
    middle = float(np.mean(SCALES.clip.real))
    calm, part = [0.1] * 20, [0.1] * 20
    part[8:13] = [0.999] * 5
    files = known(*[middle] * 20, is_clip=True)
    low, high = (compared(analysis_of(scores, is_clip=True), files).evidence for scores in (calm, part))
    assert high.log10_likelihood_ratio > low.log10_likelihood_ratio + 0.9 and high.scale == "span"


def test_part_that_no_known_real_clip_has_counts_though_all_of_them_score_higher_as_a_whole():
    scores = [0.1] * 20
    scores[8:13] = [0.999] * 5
    questioned = analysis_of(scores, is_clip=True)
    files = known(*[float(np.log(0.4 / 0.6))] * 20, is_clip=True)
    comparison = compared(questioned, files)
    assert comparison.higher_than == Count(0, 20)
    assert comparison.evidence.scale == "span" and comparison.evidence.log10_likelihood_ratio > 0.3
    assert 10 ** comparison.evidence.bounds[1] == pytest.approx((21 / 21 + 21) / 2, rel=2e-3)
    alike = [replace(file, result=questioned.result) for file in files]
    assert compared(questioned, alike).evidence.log10_likelihood_ratio <= 0


def test_among_more_faces_one_high_score_says_less():
    files = known(*[float(np.mean(SCALES.photo.real))] * 20)
    alone, together = (
        compared(analysis_of(*([score_of(value)] for value in faces)), files).evidence
        for faces in ((2.0,), (2.0, -3.0, -3.0))
    )
    assert together.log10_likelihood_ratio < alone.log10_likelihood_ratio - 0.3


def test_files_that_cannot_be_compared_are_named_with_their_reason():
    questioned = photo(1.0, sha256="q")
    fine = known(0.0)[0]
    files = [
        fine,
        KnownFile("broken.jpg", "", None, Message("The file is empty.")),
        KnownFile("landscape.jpg", "k7", analysis_of(sha256="k7").result),
        KnownFile("clip.mp4", "k8", analysis_of([0.5] * 4, is_clip=True).result),
        KnownFile("copy.jpg", "k0", fine.result, duplicate_of="0.jpg"),
        KnownFile("same.jpg", "q", questioned.result),
        KnownFile("brief.jpg", "k9", without_evidence(photo(1.0).result)),
    ]
    comparison = compared(questioned, files)
    assert comparison.higher_than.of == 1
    assert [(file.name, file.used, str(file.error or "")) for file in comparison.files] == [
        ("0.jpg", True, ""),
        ("broken.jpg", False, "The file is empty."),
        ("landscape.jpg", False, "No face in it could be assessed."),
        ("clip.mp4", False, "This is a clip; a photo is compared with photos only."),
        ("copy.jpg", False, "The same file as 0.jpg."),
        ("same.jpg", False, "This is the questioned file itself."),
        ("brief.jpg", False, "Its face was seen too briefly to be compared."),
    ]
    assert [file.sha256 for file in comparison.files[:2]] == ["k0", None]


def without_evidence(result: Result) -> Result:
    return replace(result, faces=tuple(replace(track, evidence=None) for track in result.faces), evidence=None)


def test_questioned_file_without_a_face_is_compared_with_nothing():
    result = with_known_real(analysis_of(), known(*[0.0] * 6), SCALES).result
    assert result.verdict == "no_face" and result.known_real.evidence is None
    assert result.known_real.higher_than.of == 0
    assert {str(file.error) for file in result.known_real.files} == {
        "The questioned file has no assessed face to compare."
    }


def test_model_without_scales_ranks_by_its_scores():
    questioned = photo(1.0, scales=None)
    result = with_known_real(questioned, known(*range(-3, 4)), None).result
    assert (result.known_real.higher_than.count, result.known_real.higher_than.of) == (4, 7)
    assert result.known_real.evidence is None and result.verdict == questioned.result.verdict
    assert {file.statistic for file in result.known_real.files} == {None}


def test_without_known_real_files_nothing_changes():
    questioned = photo(1.0)
    assert with_known_real(questioned, [], SCALES) is questioned
