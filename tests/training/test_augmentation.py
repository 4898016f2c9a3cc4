import numpy as np

from dataset_builder.pseudo_fakes.blending import jpeg
from tests.media_factory import astronaut
from training.augmentation import augment, h264

CROP = astronaut()[40:200, 150:310]


def test_same_seed_gives_the_same_crop():
    (first, _), (second, _) = (augment(CROP, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first, second)


def test_crops_stay_square_eight_bit_pictures():
    for seed in range(30):
        crop, _ = augment(CROP, np.random.default_rng(seed))
        assert crop.dtype == np.uint8 and crop.shape[0] == crop.shape[1] and crop.shape[2] == 3
        assert 0.85 * 160 - 1 <= crop.shape[0] <= 160
        assert crop.std() > 10  # still a picture


def test_mask_goes_where_its_crop_goes():
    for seed in range(10):
        crop, mask = augment(CROP, np.random.default_rng(seed), mask=CROP[:, :, 0], strength=0.0)
        assert mask.shape == crop.shape[:2]
        assert np.corrcoef(mask.ravel(), crop[:, :, 0].ravel())[0, 1] > 0.95  # colours may have changed


def test_without_strength_no_detail_is_taken_away():
    crops = [augment(CROP, np.random.default_rng(seed), strength=0.0)[0] for seed in range(10)]
    parts = {
        CROP[top : top + len(crop), left : left + len(crop)].tobytes()
        for crop in crops
        for top in range(25)
        for left in range(25)
    }
    kept = [crop for crop in crops if crop.tobytes() in parts or crop[:, ::-1].tobytes() in parts]
    assert 2 <= len(kept) < 10  # the others have other colours


def test_augmentation_leaves_its_input_alone():
    before = CROP.copy()
    for seed in range(10):
        augment(CROP, np.random.default_rng(seed))
    assert np.array_equal(CROP, before)


def test_jpeg_keeps_colours_and_loses_detail():
    errors = [np.abs(jpeg(CROP, quality).astype(int) - CROP).mean() for quality in (95, 40, 10)]
    assert 0 < errors[0] < errors[1] < errors[2] < 20


def test_h264_keeps_size_and_colours_and_loses_detail():
    errors = [np.abs(h264(CROP, crf).astype(int) - CROP).mean() for crf in (18, 28, 40)]
    assert 0 < errors[0] < errors[1] < errors[2] < 20
    odd = h264(CROP[:151, :143], 23, frames=2)
    assert odd.shape == (151, 143, 3) and odd.dtype == np.uint8
    assert np.abs(odd.mean(axis=(0, 1)) - CROP[:151, :143].mean(axis=(0, 1))).max() < 4
