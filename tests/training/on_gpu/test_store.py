"""A pack, decoded again."""

import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.faces.detection import crop_face
from detector.facts import DetectedFace
from training.on_gpu.geometry import WIDE_SCALE
from training.on_gpu.pack_sets import load_sets
from training.on_gpu.store import OUTLINE_SIDE, WIDE_SIDE, load

PARTS = {"face": [0, 1, 2, 3]}
BOX = (40.0, 30.0, 80.0, 70.0)


@pytest.fixture
def picture() -> np.ndarray:
    """``(100, 120, 3)`` uint8 RGB, smooth."""
    coarse = np.random.default_rng(0).integers(0, 255, (5, 6, 3)).astype(np.uint8)
    return cv2.resize(coarse, (120, 100), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def pack(tmp_path: Path, picture: np.ndarray) -> Path:
    """A real photo and a fake made from it, with a lighter square in the face."""
    fake = picture.copy()
    fake[40:60, 50:70] = fake[40:60, 50:70] // 2 + 120
    square = np.array([[50, 40], [70, 40], [70, 60], [50, 60]], np.float32)
    columns = {
        "source": ["dfdc", "dfdc"],
        "manipulation": ["real", "DFDC"],
        "split": ["test", "test"],
        "group": ["a", "a"],
        "file": ["real.png", "fake.png"],
        "frame": [-1, -1],
        "original": [-1, 0],
        "box": [BOX, BOX],
        "point": [square, np.full((4, 2), np.nan, np.float32)],
    }
    np.savez_compressed(tmp_path / "index.npz", **{f"{name}s": np.asarray(values) for name, values in columns.items()})
    (tmp_path / "parts.json").write_text(json.dumps(PARTS))
    with zipfile.ZipFile(tmp_path / "part_00.zip", "w") as part:
        for name, image in (("real.png", picture), ("fake.png", fake)):
            part.writestr(name, cv2.imencode(".png", image[:, :, ::-1])[1].tobytes())
    return tmp_path


def test_a_wide_crop_is_the_crop_of_the_application_at_twice_the_box(pack, picture):
    store = load(pack, PARTS, "cpu", workers=2)
    crop = crop_face(picture, DetectedFace(BOX, (), 1.0), WIDE_SCALE)
    expected = cv2.resize(crop, (WIDE_SIDE, WIDE_SIDE), interpolation=cv2.INTER_CUBIC)
    assert np.array_equal(store.wide[0].movedim(0, -1).numpy(), expected)


def test_the_outline_lies_where_the_landmarks_are(pack):
    store = load(pack, PARTS, "cpu", workers=1)
    # the square reaches from a quarter to three quarters of the box, so from 3/8 to 5/8 of twice the box
    inside = store.outlines[0, 0] == 255
    assert inside[OUTLINE_SIDE // 2, OUTLINE_SIDE // 2] and not inside[:40].any()
    assert float(inside.float().mean()) == pytest.approx(1 / 16, rel=0.1)
    assert store.size.tolist() == pytest.approx([0.25, 0.0])


def test_a_pack_without_all_of_its_parts_is_refused_but_for_a_trial(pack, picture):
    with zipfile.ZipFile(pack / "part_00.zip", "w") as part:
        part.writestr("fake.png", cv2.imencode(".png", picture)[1].tobytes())
    with pytest.raises(FileNotFoundError, match="1 faces"):
        load(pack, PARTS, "cpu", workers=1)
    store = load(pack, PARTS, "cpu", workers=1, is_trial=True)
    assert store.columns["original"].tolist() == [-1]


def test_evaluation_sees_the_crop_of_the_application(pack, picture):
    (data,) = load_sets(pack, "test", limit=10)
    assert data.labels.tolist() == [0, 1] and data.manipulations == ["real", "DFDC"]
    assert np.array_equal(data.crop(0), crop_face(picture, DetectedFace(BOX, (), 1.0)))


def test_the_mask_of_a_fake_is_where_it_differs_from_its_original(pack):
    (data,) = load_sets(pack, "test", limit=10)
    ((fake, mask),) = data.masked_fakes(limit=5)
    side = len(mask)
    assert mask[side // 2, side // 2] == 1 and mask[:5].sum() == 0 and fake.shape[:2] == mask.shape


def test_other_splits_are_not_read(pack):
    assert load_sets(pack, "validation", limit=10) == []
