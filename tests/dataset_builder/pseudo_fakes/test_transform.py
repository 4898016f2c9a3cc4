import numpy as np
import pytest

from dataset_builder.pseudo_fakes.real_faces import PSEUDO_FAKES, real_faces
from dataset_builder.pseudo_fakes.transform import PseudoFakeTransform
from tests.training.test_data import rows_of_astronaut


@pytest.fixture(scope="module")
def rows():
    return rows_of_astronaut()


@pytest.fixture(scope="module")
def faces(rows, tmp_path_factory):
    return real_faces(rows, "train", tmp_path_factory.mktemp("landmarks"))


@pytest.mark.parametrize("kind", PSEUDO_FAKES)
def test_real_rows_become_fakes_with_their_masks_and_fake_rows_stay(rows, faces, kind):
    made = rows.with_transform(PseudoFakeTransform(faces, kind))[:]
    assert made["label"] == [1, 1, 1, 1]
    assert made["manipulation"][:3] == [kind] * 3 and made["manipulation"][3] == rows[3]["manipulation"]
    for before, after, mask in zip(rows["image"], made["image"], made["mask"], strict=True):
        if mask is None:
            assert before.tobytes() == after.tobytes()
        else:
            assert mask.size == after.size and 0 < np.asarray(mask).mean() < 200
            assert before.tobytes() != after.tobytes()
    assert [mask is None for mask in made["mask"]] == [False, False, False, True]


def test_same_seed_gives_the_same_fakes_and_another_gives_others(rows, faces):
    first, second, other = (
        [
            image.tobytes()
            for image in rows.with_transform(PseudoFakeTransform(faces, "self_blended", seed=seed))[:]["image"]
        ]
        for seed in (1, 1, 2)
    )
    assert first == second
    assert all(a != b for a, b in zip(first[:3], other[:3], strict=True))


def test_share_of_none_leaves_all_as_they_are(rows, faces):
    made = rows.with_transform(PseudoFakeTransform(faces, "self_blended", share=0.0))[:]
    assert made["label"] == rows["label"]


def test_unknown_kind_is_refused(faces):
    with pytest.raises(ValueError, match="kind must be one of"):
        PseudoFakeTransform(faces, "lip-sync")
