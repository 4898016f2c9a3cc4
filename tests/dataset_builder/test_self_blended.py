import numpy as np
import skimage.data

from dataset_builder.self_blended import self_blend
from detector.faces import FaceDetector, crop_face, crop_square


def astronaut_crop() -> tuple[np.ndarray, np.ndarray]:
    image = skimage.data.astronaut()
    face = FaceDetector().detect(image)[0]
    left, top, _ = crop_square(face.box_px)
    return crop_face(image, face), np.asarray(face.landmarks_px) - [left, top]


def test_same_seed_gives_the_same_image_and_mask():
    crop, landmarks = astronaut_crop()
    first, second = (self_blend(crop, landmarks, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1])


def test_mask_covers_a_part_of_the_face_and_never_the_corners():
    crop, landmarks = astronaut_crop()
    for seed in range(20):
        blended, mask = self_blend(crop, landmarks, np.random.default_rng(seed))
        assert blended.shape == crop.shape and blended.dtype == np.uint8
        assert mask.min() >= 0 and mask.max() <= 1
        assert 0.01 < mask.mean() < 0.7
        assert max(mask[0, 0], mask[0, -1]) < 0.05


def test_blending_changes_the_face():
    crop, landmarks = astronaut_crop()
    for seed in range(10):
        blended, _ = self_blend(crop, landmarks, np.random.default_rng(seed))
        assert np.abs(blended.astype(int) - crop).mean() > 0.5
