"""Defines the columns of the data set."""

from __future__ import annotations

from typing import Any

import datasets

from dataset_builder.extraction.face_crops import FaceCrop
from dataset_builder.sources import REAL, SourceItem


def features(manipulations: tuple[str, ...]) -> datasets.Features:
    """Defines the columns of a data set with these manipulations.

    Two label columns serve the two tasks: ``label`` is real/fake, ``manipulation`` is real or which
    manipulation; 0 is real in both. Box, landmarks and detector score of a fake are those of the real
    frame it was made from, so that they cannot tell the classes apart; ``original_id`` and ``time_s`` name the row
    of that frame.
    """
    text, number = datasets.Value("string"), datasets.Value("float32")
    return datasets.Features(
        {
            "image": datasets.Image(),
            "label": datasets.ClassLabel(names=["real", "fake"]),
            "manipulation": datasets.ClassLabel(names=[REAL, *manipulations]),
            "compression": text,
            "video_id": text,
            "target": text,
            "source": text,
            "group": text,
            "collection": text,
            "original_id": text,
            "time_s": number,
            "box_px": datasets.List(number, length=4),
            "landmarks_px": datasets.List(datasets.List(number, length=2), length=5),
            "face_size_px": number,
            "detector_score": number,
            "picture_px": datasets.List(datasets.Value("int32"), length=2),
            "inside_share": number,
            "mask": datasets.Image(),
            "source_sha256": text,
        }
    )


def crop_row(item: SourceItem, sha256: str, crop: FaceCrop, columns: datasets.Features) -> dict[str, Any]:
    """Writes the row of a face crop as it is encoded in the Arrow and Parquet files."""
    return {
        "image": {"bytes": crop.png, "path": None},
        "label": item.label,
        "manipulation": columns["manipulation"].str2int(item.manipulation),
        "compression": item.compression,
        "video_id": item.video_id,
        "target": item.target,
        "source": item.source,
        "group": item.group,
        "collection": item.collection,
        "original_id": item.target_video if item.label and crop.is_paired else "",
        "time_s": crop.time_s,
        "box_px": list(crop.face.box_px),
        "landmarks_px": [list(point) for point in crop.face.landmarks_px],
        "face_size_px": crop.face.size_px,
        "detector_score": crop.face.detector_score,
        "picture_px": list(crop.picture_px),
        "inside_share": crop.inside_share,
        "mask": None if crop.mask_png is None else {"bytes": crop.mask_png, "path": None},
        "source_sha256": sha256,
    }
