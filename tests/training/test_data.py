import io

import datasets
import numpy as np
import pytest
import torch
from PIL import Image

from dataset_builder.pseudo_fakes.real_faces import PSEUDO_FAKES, joined, real_faces
from dataset_builder.records import features
from detector.faces.detection import FaceDetector, crop_face
from tests.media_factory import astronaut
from training.data import (
    EvaluationSet,
    SelectionCrops,
    TrainingPairs,
    collate,
    crop_transform,
    pseudo_fake_set,
)
from training.networks.losses import SOME_FAKE
from training.networks.vgg16 import DATA_CONFIG


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
    monkeypatch.setattr("dataset_builder.pseudo_fakes.real_faces.FaceLandmarker", None)
    again = real_faces(rows, "b", tmp_path)
    assert len(first.rows) == 3
    assert np.array_equal(first.landmarks, again.landmarks)
    assert len(joined([first, again]).rows) == 6


@pytest.mark.parametrize("kind", PSEUDO_FAKES)
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
    pairs = TrainingPairs(rows, faces, {"self_blended": 0.5}, seed=0)
    batch = collate([pairs[0], pairs[1]])
    assert batch["pixel_values"].shape == (4, 3, 224, 224)
    assert batch["labels"].tolist() == [0, 1, 0, 1]


def test_masks_are_known_of_pseudo_fakes_and_empty_for_real_crops(rows, faces):
    pairs = TrainingPairs(rows, faces, {"self_blended": 0.5}, seed=0)
    masks = {kind: pairs[index]["masks"] for index, (kind, _, _) in enumerate(pairs._pairs)}
    assert all(mask.shape == (2, 2, 56, 56) and mask[0].max() == 0 for mask in masks.values())
    assert masks["labelled"][1].isnan().all()
    inside, edge = masks["self_blended"][1]
    assert 0.9 < inside.max() <= 1 and inside.min() == 0
    assert 0.5 < edge.max() <= 1 and edge[inside == inside.max()].max() < 0.2  # the edge runs around the inside


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


def test_everything_random_about_a_pair_depends_on_seed_and_number_alone(rows, faces):
    first, again, other = (TrainingPairs(rows, faces, {"self_blended": 0.5}, seed=seed) for seed in (0, 0, 1))
    torch.manual_seed(1)
    assert torch.equal(first[1]["pixel_values"], again[1]["pixel_values"])
    assert not torch.equal(first[1]["pixel_values"], other[1]["pixel_values"])


def test_passes_lie_one_after_the_other_and_the_last_may_be_a_part(rows, faces):
    many = datasets.concatenate_datasets([rows.select([0, 3])] * 10)
    pairs = TrainingPairs(many, faces, {"self_blended": 0.5}, seed=0, passes=1.5)
    assert len(pairs) == 30
    assert [kind for kind, _, _ in pairs._pairs[:20]].count("labelled") == 10


def test_gentle_start_leaves_detail_in(rows, faces, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "training.data.augment",
        lambda crop, random, mask=None, strength=1.0: (seen.append(strength), (crop, mask))[1],
    )
    many = datasets.concatenate_datasets([rows.select([0, 3])] * 10)
    pairs = TrainingPairs(many, None, {}, seed=0, gentle_share=0.5)
    for index in range(10):
        pairs[index]
    assert seen[::2] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1, 1])


def test_labels_name_the_manipulation_and_pseudo_fakes_are_some_fake(rows, faces):
    pairs = TrainingPairs(rows, faces, {"self_blended": 0.5}, seed=0, classes=("real", "FaceSwap", "Deepfakes"))
    labels = {kind: pairs[index]["labels"].tolist() for index, (kind, _, _) in enumerate(pairs._pairs)}
    assert labels == {"labelled": [0, 2], "self_blended": [0, SOME_FAKE]}


def test_selection_takes_as_many_of_both_classes(rows, faces):
    sets = [EvaluationSet("set", rows), pseudo_fake_set("set", faces, "self_blended", 3)]
    selection = SelectionCrops(sets, 2, crop_transform(DATA_CONFIG))
    labels = [int(selection[number]["labels"]) for number in range(len(selection))]
    assert labels == [0, 0, 1, 0, 0, 1, 1]
    assert collate([selection[0], selection[2]])["pixel_values"].shape == (2, 3, 224, 224)


def test_sets_tell_groups_and_manipulations(rows, faces):
    labelled, made = EvaluationSet("set", rows), pseudo_fake_set("set", faces, "self_blended", 2)
    assert labelled.groups == [f"group{number}" for number in range(4)]
    assert labelled.manipulations == ["real", "real", "real", "Deepfakes"]
    assert made.manipulations == ["real", "real", "self_blended", "self_blended"]
    assert (
        made.groups[:2] == made.groups[2:] and len(set(made.groups)) == 2
    )  # a fake is not independent of its original
