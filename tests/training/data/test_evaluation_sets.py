import numpy as np

from training.data.evaluation_sets import LabelledSet, pseudo_fake_set


def test_evaluation_crops_are_the_same_each_time(faces):
    data = pseudo_fake_set("set", faces, "landmark_swap", limit=2)
    assert data.name == "set, landmark swap"
    assert data.labels.tolist() == [0, 0, 1, 1] and len(data.video_ids) == len(set(data.video_ids)) == 4
    for number in range(4):
        assert np.array_equal(data.crop(number), data.crop(number))
    assert np.array_equal(data.crop(0), faces.crop(0)) and not np.array_equal(data.crop(2), faces.crop(0))


def test_as_posted_every_second_row_is_recompressed(rows):
    data = LabelledSet("set", rows)
    changed = [not np.array_equal(data.crop(number), data.crop(number, as_posted=True)) for number in range(4)]
    assert changed == [False, True, False, True]


def test_sets_tell_groups_and_manipulations(rows, faces):
    labelled, made = LabelledSet("set", rows), pseudo_fake_set("set", faces, "self_blended", 2)
    assert labelled.groups == [f"group{number}" for number in range(4)]
    assert labelled.manipulations == ["real", "real", "real", "Deepfakes"]
    assert made.manipulations == ["real", "real", "self_blended", "self_blended"]
    assert (
        made.groups[:2] == made.groups[2:] and len(set(made.groups)) == 2
    )  # a fake is not independent of its original


def test_thresholds_are_not_fitted_on_fakes_that_nobody_would_report(rows, faces):
    stands = {kind: pseudo_fake_set("set", faces, kind, 2).stands_for_use for kind in ("self_blended", "landmark_swap")}
    assert stands == {"self_blended": False, "landmark_swap": True}
    assert LabelledSet("set", rows).stands_for_use
