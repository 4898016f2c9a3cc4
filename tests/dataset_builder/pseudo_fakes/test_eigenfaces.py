import cv2
import numpy as np
import pytest

from dataset_builder.pseudo_fakes.eigenfaces import Eigenfaces, rebuild_face


@pytest.fixture(scope="module")
def faces(portrait):
    """Twelve people: the portrait in other colours and sharpness, each at another place, size and tilt."""
    image, landmarks = portrait
    random = np.random.default_rng(0)
    made = []
    for _ in range(12):
        colours = cv2.GaussianBlur(image, (0, 0), random.uniform(0.3, 3)) * random.uniform(0.4, 1, 3)
        matrix = cv2.getRotationMatrix2D((100, 120), random.uniform(-8, 8), random.uniform(0.85, 1.1))
        matrix[:, 2] += random.uniform(-6, 6, 2)
        moved = cv2.warpAffine(colours.astype(np.uint8), matrix, (200, 240), borderMode=cv2.BORDER_REFLECT_101)
        made.append((moved, (landmarks @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)))
    return made


@pytest.fixture(scope="module")
def eigenfaces(faces):
    return learned(faces)


def learned(faces) -> Eigenfaces:
    return Eigenfaces.learn([image for image, _ in faces], [landmarks for _, landmarks in faces])


def inside(face) -> np.ndarray:
    """The middle of a face."""
    image, landmarks = face
    mask = np.zeros(image.shape[:2], np.uint8)
    centre = landmarks.mean(axis=0).astype(int)
    return cv2.circle(mask, tuple(map(int, centre)), 30, 1, -1) > 0


def test_all_eigenfaces_give_a_face_back_and_few_do_not(faces, eigenfaces):
    face = faces[3]
    errors = [
        np.abs(eigenfaces.rebuild(*face, kept)[0][inside(face)].astype(int) - face[0][inside(face)]).mean()
        for kept in (11, 4, 1)
    ]
    assert errors[0] < 3 and errors[0] < errors[1] < errors[2]


def test_a_face_that_was_not_learned_comes_back_at_its_place_without_its_own_detail(faces):
    # lines across the last face alone
    image = faces[-1][0].copy()
    image[::6] = 255
    rebuilt, covered = learned(faces[:-1]).rebuild(image, faces[-1][1], 10)
    place = inside(faces[-1])
    assert covered[place].min() == 1 and covered[0, 0] == 0
    rough, smooth = (np.abs(np.diff(picture.astype(int), axis=0))[place[1:]].mean() for picture in (image, rebuilt))
    assert smooth < 0.3 * rough
    # but in the light of the face: brightness follows that of the image
    assert abs(rebuilt[place].mean() - image[place].mean()) < 25


def test_fake_is_the_image_outside_its_mask_and_another_inside(faces, eigenfaces):
    image, landmarks = faces[0][0].copy(), faces[0][1]
    image[::6] = 255  # what no eigenface has
    for seed in range(8):
        fake, mask = rebuild_face(image, landmarks, eigenfaces, np.random.default_rng(seed))
        assert fake.dtype == np.uint8 and mask.min() >= 0 and 0.5 < mask.max() <= 1
        assert np.array_equal(fake[mask == 0], image[mask == 0])
        assert 5 < np.abs(fake[mask > 0.5].astype(int) - image[mask > 0.5]).mean() < 90


def test_same_seed_gives_the_same_fake(faces, eigenfaces):
    first, second, other = (rebuild_face(*faces[1], eigenfaces, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1])
    assert not np.array_equal(first[1], other[1])
