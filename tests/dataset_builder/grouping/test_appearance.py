import numpy as np
from PIL import Image

from dataset_builder.grouping.appearance import appearance_groups
from tests.media_factory import face_frame


def save(path, image):
    Image.fromarray(image).save(path)
    return path


def test_one_scene_is_one_group_named_by_its_first_picture(tmp_path):
    first = save(tmp_path / "b.png", face_frame(224, 224, 90, 40, 20, 1))
    later = save(tmp_path / "a.png", face_frame(224, 224, 90, 44, 22, 1))
    other = save(tmp_path / "c.png", face_frame(224, 224, 90, 40, 20, 5))
    assert appearance_groups([first, other, later]) == ["a", "c", "a"]


def test_likeness_is_passed_on(tmp_path):
    levels = {"a": 100, "b": 110, "c": 120}
    paths = [save(tmp_path / f"{name}.png", np.full((224, 224, 3), level, np.uint8)) for name, level in levels.items()]
    assert len(set(appearance_groups([paths[0], paths[2]]))) == 2
    assert appearance_groups(paths) == ["a", "a", "a"]


def test_picture_that_cannot_be_read_is_a_group_of_its_own(tmp_path):
    (tmp_path / "a.jpg").write_text("no photo")
    assert appearance_groups([tmp_path / "a.jpg", save(tmp_path / "b.png", face_frame(64, 64, 20, 5, 5))]) == ["a", "b"]
