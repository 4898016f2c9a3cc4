import pytest
from PIL import Image

from dataset_builder.builder import build
from dataset_builder.layouts.real_faces import find_photos
from tests.media_factory import face_frame


@pytest.fixture
def faces(tmp_path):
    """Five photos in two collections and one without; ``press/c`` is a copy of ``talks/a``."""
    root = tmp_path / "faces"
    for seed, name in enumerate(("talks/a", "talks/b", "press/d", "press/e", "alone")):
        path = root / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(face_frame(320, 240, 80, 20 + 30 * seed, 60 if seed % 2 else 20, seed)).save(path)
    with Image.open(root / "talks" / "a.png") as image:
        image.save(root / "press" / "c.jpg", quality=70)
    return root


def test_sub_folder_is_the_collection(faces):
    collections = {item.video_id: item.collection for item in find_photos(faces).items}
    assert collections == {
        "talks/a": "talks",
        "talks/b": "talks",
        "press/c": "press",
        "press/d": "press",
        "press/e": "press",
        "alone": "faces",
    }


def test_near_duplicates_and_named_groups_share_a_group(faces):
    (faces / "faces.csv").write_text("file,source,group\ntalks/b.png,talks,Ann\npress/d.png,press,Ann\nalone.png,,\n")
    group_of = {item.video_id: item.group for item in find_photos(faces).items}
    assert group_of["talks/a"] == group_of["press/c"] == "press/c"
    assert group_of["talks/b"] == group_of["press/d"] == "press/d"
    assert len(set(group_of.values())) == 4


def test_real_faces_become_a_data_set_of_real_crops(faces, tmp_path):
    built, summary = build("real_faces", faces, tmp_path / "cache", split="test-only")
    assert built["test"].features["manipulation"].names == ["real"]
    assert summary.frames["test"] == {"real": 6}
    assert set(built["test"]["collection"]) == {"talks", "press", "faces"}
    assert set(built["test"]["original_id"]) == {""}


def test_folder_without_photos_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="No photo lies in"):
        find_photos(tmp_path)
