import numpy as np

from tests.media_factory import astronaut
from training.augmentation import augment, jpeg

CROP = astronaut()[40:200, 150:310]


def test_same_seed_gives_the_same_crop():
    first, second = (augment(CROP, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first, second)


def test_crops_stay_square_eight_bit_pictures():
    for seed in range(30):
        crop = augment(CROP, np.random.default_rng(seed))
        assert crop.dtype == np.uint8 and crop.shape[0] == crop.shape[1] and crop.shape[2] == 3
        assert 0.85 * 160 - 1 <= crop.shape[0] <= 160
        assert crop.std() > 10  # still a picture


def test_augmentation_leaves_its_input_alone():
    before = CROP.copy()
    for seed in range(10):
        augment(CROP, np.random.default_rng(seed))
    assert np.array_equal(CROP, before)


def test_jpeg_keeps_colours_and_loses_detail():
    errors = [np.abs(jpeg(CROP, quality).astype(int) - CROP).mean() for quality in (95, 40, 10)]
    assert 0 < errors[0] < errors[1] < errors[2] < 20
