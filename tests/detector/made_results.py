"""Results that no file stands behind, for tests of what is said about them."""

from dataclasses import replace

from detector.evidence_scale import band_of, verdict_at
from detector.facts import MediaFile, ModelInfo, Thresholds
from detector.results import (
    SCHEMA_VERSION,
    Count,
    Evidence,
    FaceTrack,
    FrameScore,
    KnownRealComparison,
    NotAssessed,
    Result,
    Verdict,
)

BOX = (0, 0, 9, 9)


def weight(log10_ratio: float, scale="clip", bounds=(-1.3, 2.5)) -> Evidence:
    """Evidence with made counts."""
    band = band_of(log10_ratio)
    return Evidence(log10_ratio, bounds, band, Count(3, 412), Count(214, 390), scale, 1.0)


def result_of(*evidences: Evidence, duration_s: float | None = 4.0) -> Result:
    """A result with a face for each weight, of which the first counts for the file."""
    tracks = tuple(
        FaceTrack(number, BOX, 0.7, "inconclusive", (FrameScore(0.0, 0.7, BOX),), evidence=evidence)
        for number, evidence in enumerate(evidences, start=1)
    )
    file = MediaFile("a.mp4", "0" * 64, 1, "video/mp4", 99, 99, duration_s)
    model = ModelInfo("m", "1", ("real", "fake"), Thresholds(0.3, 0.9))
    return Result(SCHEMA_VERSION, file, model, "inconclusive", 0.7, tracks, (), 1, evidence=evidences[0])


def weighed_result(log10_ratio: float, is_clip: bool) -> Result:
    """A photo or a clip with one face and the verdict that its evidence stands for."""
    result = result_of(weight(log10_ratio, "clip" if is_clip else "photo"), duration_s=4.0 if is_clip else None)
    return replace(result, verdict=verdict_at(log10_ratio))


def compared_result(log10_ratio: float, compared: float) -> Result:
    """A photo whose verdict follows a comparison with six known-real files, and not the ratio on the general scale."""
    comparison = KnownRealComparison((), Count(4, 6), 1.0, weight(compared, "photo"), 0.1)
    return replace(weighed_result(log10_ratio, False), verdict=verdict_at(compared), known_real=comparison)


def scored_result(verdict: Verdict, is_clip: bool) -> Result:
    """The same of a model without evidence scales; without a face where none was found."""
    result = replace(weighed_result(0.0, is_clip), verdict=verdict, evidence=None)
    faces = () if verdict == "no_face" else tuple(replace(track, evidence=None) for track in result.faces)
    return replace(result, faces=faces, decided_by=1 if faces else None)


def not_assessed_result(is_clip: bool) -> Result:
    """A file whose only face cannot be judged."""
    result = scored_result("no_face", is_clip)
    return replace(result, verdict="inconclusive", not_assessed=(NotAssessed(0.0, BOX, "too_small"),))
