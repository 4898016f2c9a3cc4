import numpy as np
import pytest

from dataset_builder.pseudo_fakes.self_blended import self_blend


def test_same_seed_gives_the_same_image_and_mask(portrait):
    first, second = (self_blend(*portrait, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1])
    assert not np.array_equal(first[0], self_blend(*portrait, np.random.default_rng(6))[0])


def test_mask_lies_inside_the_face(portrait):
    image, landmarks = portrait
    (left, top), (right, bottom) = landmarks.min(axis=0), landmarks.max(axis=0)
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    outside = (columns < left - 1) | (columns > right + 1) | (rows < top - 1) | (rows > bottom + 1)
    for seed in range(20):
        blended, mask, _ = self_blend(image, landmarks, np.random.default_rng(seed))
        assert blended.shape == image.shape and blended.dtype == np.uint8
        assert mask.min() >= 0 and 0.2 < mask.max() <= 1
        assert mask[outside].max() == 0
        assert (mask > 0).mean() > 0.005


def test_with_an_altered_face_the_rest_is_untouched(portrait):
    for seed in range(10):
        blended, mask, _ = self_blend(*portrait, np.random.default_rng(seed), altered="source")
        assert np.array_equal(blended[mask == 0], portrait[0][mask == 0])
        assert np.abs(blended[mask > 0].astype(int) - portrait[0][mask > 0]).mean() > 0.3


def test_with_an_altered_rest_the_face_keeps_its_colours(portrait):
    for seed in range(10):
        blended, mask, _ = self_blend(*portrait, np.random.default_rng(seed), altered="target")
        outside = np.abs(blended[mask == 0].astype(int) - portrait[0][mask == 0]).mean()
        assert outside > 0.5
        if (mask > 0.95).sum() > 100:  # moved by a few pixels only
            inside = blended[mask > 0.95].mean(axis=0) - portrait[0][mask > 0.95].mean(axis=0)
            assert np.abs(inside).max() < 12


def test_edge_of_the_mask_is_soft(portrait):
    for seed in range(20):
        _, mask, _ = self_blend(*portrait, np.random.default_rng(seed))
        assert np.abs(np.diff(mask, axis=0)).max() < 0.7


@pytest.mark.parametrize("altered", ["source", "target"])
def test_shown_as_real_is_what_differs_in_the_mask_alone(portrait, altered):
    for seed in range(10):
        blended, mask, target = self_blend(*portrait, np.random.default_rng(seed), altered=altered)
        assert np.array_equal(blended[mask == 0], target[mask == 0])
        assert np.array_equal(target, portrait[0]) == (altered == "source")


def test_face_outside_the_picture_leaves_it_as_it_is(portrait):
    image, landmarks = portrait
    for seed in range(10):
        blended, mask, _ = self_blend(image, landmarks + 2000, np.random.default_rng(seed), altered="source")
        assert not mask.any() and np.array_equal(blended, image)
