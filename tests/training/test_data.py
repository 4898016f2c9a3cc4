import io

import datasets
import numpy as np
import pytest
import torch
from PIL import Image

from dataset_builder.real_faces import joined, real_faces
from dataset_builder.records import features
from detector.faces import FaceDetector, crop_face
from tests.media_factory import astronaut
from training.data import EvaluationSet, TrainingPairs, collate_pairs, pseudo_fake_set


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
                "time_s": 0.0,
                "box_px": list(face.box_px),
                "landmarks_px": [list(point) for point in face.landmarks_px],
                "face_size_px": face.size_px,
                "detector_score": face.detector_score,
                "mask": None,
                "source_sha256": "",
            }
        )
    columns = features(("Deepfakes",)) | {"manipulation": datasets.Value("string")}  # as `load_splits` gives it
    return datasets.Dataset.from_list(rows, features=datasets.Features(columns))


@pytest.fixture(scope="module")
def rows():
    return rows_of_astronaut()


@pytest.fixture(scope="module")
def faces(rows, tmp_path_factory):
    return real_faces(rows, "set, train", tmp_path_factory.mktemp("landmarks"))


def test_landmarks_are_located_once(rows, tmp_path, monkeypatch):
    first = real_faces(rows, "a", tmp_path)
    monkeypatch.setattr("dataset_builder.real_faces.FaceLandmarker", None)
    again = real_faces(rows, "b", tmp_path)
    assert len(first.rows) == 3
    assert np.array_equal(first.landmarks, again.landmarks)
    assert len(joined([first, again]).rows) == 6


@pytest.mark.parametrize("kind", ["self_blended", "landmark_swap"])
def test_pseudo_fake_stands_beside_the_crop_it_was_made_of(rows, faces, kind):
    pairs = TrainingPairs(rows, faces, {kind: 1.0}, seed=0)
    assert len(pairs) == 3
    for index in range(3):
        real, fake, mask = pairs.crops(index, np.random.default_rng(index))
        assert real.shape == fake.shape and not np.array_equal(real, fake)
        assert mask.shape == fake.shape[:2] and 0 <= mask.min() < mask.max() <= 1
        assert np.abs(real[:5].astype(int) - fake[:5]).mean() < 40  # the same scene


def test_shares_are_of_the_fakes(rows, faces):
    many = datasets.concatenate_datasets([rows.select([0, 3])] * 10)
    pairs = TrainingPairs(many, faces, {"self_blended": 0.3, "landmark_swap": 0.2}, seed=0)
    kinds = [kind for kind, _, _ in pairs._pairs]
    assert [kinds.count(kind) for kind in ("labelled", "self_blended", "landmark_swap")] == [10, 6, 4]


def test_batches_hold_as_many_real_as_fake_crops(rows, faces):
    torch.manual_seed(0)
    pairs = TrainingPairs(rows, faces, {"self_blended": 0.5}, seed=0)
    batch = collate_pairs([pairs[0], pairs[1]])
    assert batch["pixel_values"].shape == (4, 3, 224, 224)
    assert batch["labels"].tolist() == [0, 1, 0, 1]


def test_masks_are_known_of_pseudo_fakes_and_empty_for_real_crops(rows, faces):
    pairs = TrainingPairs(rows, faces, {"self_blended": 0.5}, seed=0)
    masks = {kind: pairs[index]["masks"] for index, (kind, _, _) in enumerate(pairs._pairs)}
    assert all(mask.shape == (2, 14, 14) and mask[0].max() == 0 for mask in masks.values())
    assert masks["labelled"][1].isnan().all()
    assert 0.9 < masks["self_blended"][1].max() <= 1 and masks["self_blended"][1].min() == 0


def test_evaluation_crops_are_the_same_each_time(faces):
    data = pseudo_fake_set("set", faces, "landmark_swap", limit=2)
    assert data.name == "set, landmark swap"
    assert data.labels.tolist() == [0, 0, 1, 1] and len(data.video_ids) == len(set(data.video_ids)) == 4
    for number in range(4):
        assert np.array_equal(data.crop(number), data.crop(number))
    assert np.array_equal(data.crop(0), faces.crop(0)) and not np.array_equal(data.crop(2), faces.crop(0))


def test_as_posted_every_second_row_is_recompressed(rows):
    data = EvaluationSet("set", rows)
    changed = [not np.array_equal(data.crop(number), data.crop(number, as_posted=True)) for number in range(4)]
    assert changed == [False, True, False, True]
