"""Face manipulation detection: media in, answer out.

    from detector import Analyzer, load_model
    result = Analyzer(load_model()).analyze("clip.mp4").result

Imports point downwards only: batch, analyzer; report; network; faces; sandbox; media; results, facts, limits, errors.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from detector.version import __version__

if TYPE_CHECKING:
    from detector.analyzer import Analyzer
    from detector.errors import MediaError
    from detector.evidence_scale import EvidenceScale, EvidenceScales
    from detector.faces.detection import FaceDetector, crop_face
    from detector.facts import DetectedFace, MediaFile, ModelInfo, Thresholds
    from detector.network.loading import LoadedModel, ModelError, load_folder, load_model
    from detector.results import (
        Analysis,
        Count,
        Cut,
        Evidence,
        FaceTrack,
        FrameScore,
        KnownRealComparison,
        KnownRealFile,
        LikelyManipulation,
        NotAssessed,
        Result,
        SuspiciousSpan,
        result_to_dict,
    )


__all__ = [
    "__version__",
    "Analysis",
    "Analyzer",
    "Count",
    "Cut",
    "DetectedFace",
    "Evidence",
    "EvidenceScale",
    "EvidenceScales",
    "FaceDetector",
    "FaceTrack",
    "FrameScore",
    "KnownRealComparison",
    "KnownRealFile",
    "LikelyManipulation",
    "LoadedModel",
    "MediaError",
    "MediaFile",
    "ModelError",
    "ModelInfo",
    "NotAssessed",
    "Result",
    "SuspiciousSpan",
    "Thresholds",
    "crop_face",
    "load_folder",
    "load_model",
    "result_to_dict",
]
# Imported when they are first asked for: the decoding process and the command's --help start without them.
_PLACES = {
    "detector.analyzer": ("Analyzer",),
    "detector.errors": ("MediaError",),
    "detector.evidence_scale": ("EvidenceScale", "EvidenceScales"),
    "detector.faces.detection": ("FaceDetector", "crop_face"),
    "detector.facts": ("DetectedFace", "MediaFile", "ModelInfo", "Thresholds"),
    "detector.network.loading": ("LoadedModel", "ModelError", "load_folder", "load_model"),
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    place = next((module for module, names in _PLACES.items() if name in names), "detector.results")
    return getattr(import_module(place), name)
