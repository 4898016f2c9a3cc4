"""Nothing but the pixels tells a fake from its original: neither the place of the crop nor the JPEG file it came from."""

from pathlib import Path

import datasets
import numpy as np
import pytest
from PIL import Image
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from dataset_builder.builder import build
from tests.media_factory import face_frame

PAIRS = 40
GEOMETRY = ("box_px", "landmarks_px", "face_size_px", "detector_score", "picture_px", "inside_share")


def photos(root: Path, growth_px: int = 0, fake_quality: int = 0, has_table: bool = True) -> Path:
    """Writes real photos and fakes of them.

    Args:
        root: New folder.
        growth_px: How much higher the face of a fake is.
        fake_quality: JPEG quality of the fakes; 0 for that of the original.
        has_table: Whether the folder says which photo a fake was made from.
    """
    random = np.random.default_rng(0)
    for kind in ("real", "fake"):
        (root / kind).mkdir(parents=True)
    for number in range(PAIRS):
        height, quality = int(random.integers(70, 90)), int(random.integers(60, 95))
        x, y = (int(value) for value in random.integers(0, 40, 2))
        real = face_frame(240, 260, height, x, y, number)
        fake = face_frame(240, 260, height + growth_px, x, y, number)
        Image.fromarray(real).save(root / "real" / f"{number:03}.jpg", quality=quality)
        Image.fromarray(fake // 2 + 40).save(root / "fake" / f"{number:03}.jpg", quality=fake_quality or quality)
    if has_table:
        lines = "".join(f"{number:03}.jpg,{number:03}.jpg\n" for number in range(PAIRS))
        (root / "pairs.csv").write_text(f"real,fake\n{lines}")
    return root


def shortcut_auc(rows: datasets.Dataset, root: Path) -> float:
    """Measures how well geometry and JPEG tables alone tell the classes; .5 is chance."""
    features = []
    for row in rows:
        geometry = np.concatenate([np.ravel(row[column]) for column in GEOMETRY])
        with Image.open(root / f"{row['video_id']}.jpg") as file:
            tables = np.concatenate([file.quantization[key] for key in sorted(file.quantization)])
        features.append(np.concatenate([geometry, row["image"].size, tables]))
    labels = np.array(rows["label"])
    # all of a pair in one fold: else a tree learns that the twin of a known real one is fake
    groups = [Path(name).name for name in rows["video_id"]]
    forest = RandomForestClassifier(100, random_state=0)
    scores = cross_val_predict(forest, features, labels, groups=groups, cv=GroupKFold(5), method="predict_proba")[:, 1]
    return roc_auc_score(labels, scores)


def built(root: Path, cache: Path) -> datasets.Dataset:
    rows = build("labelled", root, cache, split="test-only")[0]["test"]
    assert sum(rows["label"]) == len(rows) / 2 > 0.9 * PAIRS
    return rows


def test_geometry_and_jpeg_tables_stay_at_chance(tmp_path):
    root = photos(tmp_path / "photos", growth_px=8)
    assert shortcut_auc(built(root, tmp_path / "cache"), root) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    "leak", [{"growth_px": 14, "has_table": False}, {"fake_quality": 50}], ids=["larger faces", "another quality"]
)
def test_the_same_classifier_finds_a_leak(tmp_path, leak):
    root = photos(tmp_path / "photos", **leak)
    assert shortcut_auc(built(root, tmp_path / "cache"), root) > 0.75
