"""A tiny data set of the builder, made of the one face of the tests."""

import io

import datasets
import numpy as np
from PIL import Image

from dataset_builder.records import features
from detector.faces.detection import FaceDetector, crop_face
from tests.media_factory import astronaut


def rows_of_astronaut() -> datasets.Dataset:
    """Three real crops in natural, green and blue light, and one row that is labelled fake."""
    face = FaceDetector().detect(astronaut())[0]
    rows = []
    for number, tint in enumerate(([1, 1, 1], [0.5, 1, 0.5], [0.5, 0.5, 1], [1, 0.4, 0.4])):
        stream = io.BytesIO()
        Image.fromarray((crop_face(astronaut(), face) * np.array(tint)).astype(np.uint8)).save(stream, "PNG")
        rows.append(
            {
                "image": {"bytes": stream.getvalue(), "path": None},
                "label": int(number == 3),
                "manipulation": "Deepfakes" if number == 3 else "real",
                "compression": "c23",
                "video_id": f"video{number}",
                "target": "",
                "source": "",
                "group": f"group{number}",
                "collection": "portraits",
                "original_id": "",
                "time_s": 0.0,
                "box_px": list(face.box_px),
                "landmarks_px": [list(point) for point in face.landmarks_px],
                "face_size_px": face.size_px,
                "detector_score": face.detector_score,
                "picture_px": [512, 512],
                "inside_share": 1.0,
                "mask": None,
                "source_sha256": "",
            }
        )
    columns = features(("Deepfakes",)) | {"manipulation": datasets.Value("string")}  # as `load_splits` gives it
    return datasets.Dataset.from_list(rows, features=datasets.Features(columns))
