import datasets
import numpy as np
import pytest
from PIL import Image

from dataset_builder.builder import build
from dataset_builder.grouping.near_duplicates import near_duplicate_groups
from dataset_builder.layouts.labelled import find_labelled
from tests.media_factory import clip, face_frame


def labelled_photos(root):
    for label, seeds in (("real", range(6)), ("fake", range(6, 12))):
        (root / label).mkdir(parents=True)
        for seed in seeds:
            frame = face_frame(400, 300, 80, 20 + 15 * seed, 60 if seed % 2 else 20, seed)
            Image.fromarray(frame).save(root / label / f"{seed:02d}.png")
    return root


def names(root):
    return {item.video_id: item.group for item in find_labelled(root, "swap").items}


def test_near_duplicates_share_a_group_across_labels(tmp_path):
    labelled_photos(tmp_path)
    with Image.open(tmp_path / "real" / "00.png") as image:
        image.save(tmp_path / "fake" / "copy.jpg", quality=60)
    group_of = names(tmp_path)
    assert group_of["fake/copy"] == group_of["real/00"]
    assert len(set(group_of.values())) > 6


def test_unreadable_photo_is_a_group_of_its_own(tmp_path):
    (tmp_path / "a.jpg").write_text("no photo")
    assert near_duplicate_groups([tmp_path / "a.jpg"]) == {str(tmp_path / "a.jpg"): str(tmp_path / "a.jpg")}


def test_photo_saved_anew_upright_is_a_near_duplicate_of_the_turned_original(tmp_path):
    frame = face_frame(400, 300, 80, 60, 50, 3)
    exif = Image.Exif()
    exif[274] = 6  # stored on its side, as phones do
    Image.fromarray(np.ascontiguousarray(np.rot90(frame))).save(tmp_path / "phone.jpg", exif=exif, quality=90)
    Image.fromarray(frame).save(tmp_path / "upright.jpg", quality=90)
    groups = near_duplicate_groups([tmp_path / "phone.jpg", tmp_path / "upright.jpg"])
    assert len(set(groups.values())) == 1


def test_photos_of_one_name_and_two_suffixes_are_two_photos(tmp_path):
    labelled_photos(tmp_path)
    Image.fromarray(face_frame(400, 300, 80, 60, 50, 99)).save(tmp_path / "real" / "00.jpg")
    assert len(names(tmp_path)) == 13


def test_labelled_photos_go_the_same_way(tmp_path):
    labelled_photos(tmp_path / "photos")
    Image.new("1", (20000, 20000)).save(tmp_path / "photos" / "real" / "huge.png")
    built, summary = build("labelled", tmp_path / "photos", tmp_path / "cache", manipulations=("swap",))
    rows = datasets.concatenate_datasets(list(built.values()))
    assert rows.features["manipulation"].names == ["real", "swap"]
    assert {(row["label"], row["manipulation"], row["compression"]) for row in rows} == {
        (0, 0, "unknown"),
        (1, 1, "unknown"),
    }
    groups = [set(part["group"]) for part in built.values()]
    assert sum(map(len, groups)) == len(set.union(*groups))
    assert list(summary.problems) == ["real/huge"]
    assert "more than 120 megapixels" in summary.problems["real/huge"]


def test_clip_and_its_manipulated_copy_share_a_group(tmp_path):
    clip(tmp_path / "real" / "a.mp4", 1)
    clip(tmp_path / "real" / "b.mp4", 2)
    clip(tmp_path / "fake" / "a_made.mp4", 1, blur=1.5)
    group_of = names(tmp_path)
    assert group_of["fake/a_made"] == group_of["real/a"] != group_of["real/b"]


def test_labelled_clips_go_the_same_way(tmp_path):
    for seed in range(3):
        clip(tmp_path / "clips" / "real" / f"{seed}.mp4", 10 * seed)
        clip(tmp_path / "clips" / "fake" / f"{seed}.mp4", 10 * seed + 5, blur=1)
    built, _ = build("labelled", tmp_path / "clips", tmp_path / "cache", split="test-only", frames_per_video=3)
    assert set(built) == {"test"}
    assert (built["test"]["label"].count(0), built["test"]["label"].count(1)) == (9, 9)


def test_folder_without_photos_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="must hold these two"):
        find_labelled(tmp_path, "swap")


def test_table_of_pairs_links_a_fake_to_its_original(tmp_path):
    labelled_photos(tmp_path)
    (tmp_path / "pairs.csv").write_text("real,fake\n00.png,11.png\n")
    items = {item.video_id: item for item in find_labelled(tmp_path, "swap").items}
    assert items["fake/11"].target_video == "real/00"
    assert items["fake/11"].group == items["real/00"].group
    assert items["fake/10"].target_video == ""


def test_table_of_pairs_that_names_a_missing_file_is_one_sentence(tmp_path):
    labelled_photos(tmp_path)
    (tmp_path / "pairs.csv").write_text("real,fake\n00.png,gone.png\n")
    with pytest.raises(ValueError, match="names fake/gone.png, which is not in the folder"):
        find_labelled(tmp_path, "swap")


def test_sub_folder_names_the_collection(tmp_path):
    for name in ("real/lfw/a.png", "real/b.png"):
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(face_frame(320, 240, 80, 60, 50, 3)).save(path)
    collections = {item.video_id: item.collection for item in find_labelled(tmp_path / "set", "swap").items}
    assert collections == {"real/b": "set", "real/lfw/a": "lfw"}
