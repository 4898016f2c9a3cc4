import numpy as np
import pytest

from dataset_builder.pseudo_fakes.landmark_swap import Partners, face_light, swap_face, warp_face


def test_same_seed_gives_the_same_swap(portrait, other_person):
    first, second = (swap_face(*other_person, *portrait, np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1])


def test_target_is_untouched_outside_the_mask_and_replaced_inside(portrait, other_person):
    for seed in range(12):
        swapped, mask = swap_face(*other_person, *portrait, np.random.default_rng(seed))
        assert swapped.dtype == np.uint8 and mask.min() >= 0 and mask.max() <= 1
        assert 0.02 < (mask > 0.5).mean() < 0.5
        assert np.array_equal(swapped[mask == 0], portrait[0][mask == 0])
        assert np.abs(swapped[mask > 0.9].astype(int) - portrait[0][mask > 0.9]).mean() > 1


def test_colours_of_the_swap_come_close_to_those_of_the_target(portrait, other_person):
    for seed in range(12):
        swapped, mask = swap_face(*other_person, *portrait, np.random.default_rng(seed))
        own = portrait[0][mask > 0.9].mean(axis=0)
        source = other_person[0].mean(axis=(0, 1))
        result = swapped[mask > 0.9].mean(axis=0)
        assert np.abs(result - own).mean() < 60
        assert result[0] > source[0]  # the green source had lost its red


def test_warp_to_its_own_landmarks_changes_nothing(portrait):
    image, landmarks = portrait
    warped, covered = warp_face(image, landmarks, landmarks, image.shape[:2])
    inside = covered > 0
    assert 0.1 < inside.mean() < 0.6
    assert np.abs(warped[inside].astype(int) - image[inside]).mean() < 1


def test_warp_carries_the_face_to_the_landmarks_of_the_target(portrait):
    image, landmarks = portrait
    moved = landmarks + np.float32([7, -3])
    warped, covered = warp_face(image, landmarks, moved, image.shape[:2])
    inside = covered > 0
    expected = np.roll(image, (-3, 7), axis=(0, 1))
    assert np.abs(warped[inside].astype(int) - expected[inside]).mean() < 1


def test_partners_have_the_same_pose_and_light_and_another_group(portrait):
    image, landmarks = portrait
    turned = landmarks @ np.float32([[0, 1], [-1, 0]]) * 3 + 40
    squeezed = landmarks * np.float32([0.5, 1])
    missing = np.full_like(landmarks, np.nan)
    light = face_light(image, landmarks)
    # groups: a itself, b turned, c of another shape, d without landmarks, a again, e in another light
    partners = Partners(
        np.stack([landmarks, turned, squeezed, missing, landmarks, landmarks]),
        np.stack([light, light, light, np.zeros_like(light), light, -light]),
        ["a", "b", "c", "d", "a", "e"],
    )
    assert partners.distances(0)[[1, 4]] == pytest.approx([0, 0], abs=1e-5)
    assert partners.distances(0)[2] > 0.01
    assert {partners.choose(0, np.random.default_rng(seed)) for seed in range(10)} == {1}
    assert partners.choose(2, np.random.default_rng(0)) is None
    assert partners.choose(3, np.random.default_rng(0)) is None


def test_closed_mouth_is_not_stretched_over_an_open_one(portrait):
    image, landmarks = portrait
    height = landmarks[152, 1] - landmarks[10, 1]
    laughing, closed = landmarks.copy(), landmarks.copy()
    laughing[14, 1] = laughing[13, 1] + 0.08 * height
    closed[14, 1] = closed[13, 1] + 0.02 * height
    partners = Partners(np.stack([laughing, closed]), np.stack([face_light(image, landmarks)] * 2), ["a", "b"])
    assert partners.choose(0, np.random.default_rng(0)) is None
    assert partners.choose(1, np.random.default_rng(0)) == 0


def test_faces_that_look_aside_have_no_partner(portrait):
    image, landmarks = portrait
    aside = landmarks.copy()
    aside[:, 0] = np.where(aside[:, 0] > aside[4, 0], aside[4, 0] + 0.1 * (aside[:, 0] - aside[4, 0]), aside[:, 0])
    partners = Partners(np.stack([aside, aside]), np.stack([face_light(image, landmarks)] * 2), ["a", "b"])
    assert partners.choose(0, np.random.default_rng(0)) is None


def test_light_does_not_depend_on_exposure_but_on_sunglasses(portrait):
    image, landmarks = portrait
    light = face_light(image, landmarks)
    darker = face_light((image * 0.6).astype(np.uint8), landmarks)
    assert (light @ darker) / len(light) > 0.99
    covered = image.copy()
    top, bottom = landmarks[[159, 145], 1] + [-8, 8]
    covered[int(top) : int(bottom)] = 10
    assert (light @ face_light(covered, landmarks)) / len(light) < 0.6
