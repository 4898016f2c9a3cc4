import json

import pytest

from dataset_builder.layouts.faceforensics import MANIPULATIONS, find_videos
from tests.media_factory import faceforensics_video


def touch(root, *names: str):
    for name in names:
        folder, compression, stem = name.split("/")
        path = faceforensics_video(root, folder, stem, compression)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def groups_of(found):
    return {item.video_id: item.groups for item in found.items}


def test_pairs_that_share_a_sequence_in_another_manipulation_stay_together(tmp_path):
    touch(tmp_path, "Deepfakes/c23/000_001", "Deepfakes/c23/002_003", "FaceSwap/c40/001_002", "youtube/c23/000")
    found = find_videos(tmp_path, ("Deepfakes",), "c23")
    assert set(groups_of(found).values()) == {("000",)}


def test_sequences_of_one_youtube_video_stay_together(tmp_path):
    touch(tmp_path, "Deepfakes/c23/331_004", "Deepfakes/c23/332_007", "youtube/c23/331", "youtube/c23/332")
    (tmp_path / "dict.json").write_text(
        json.dumps({"004": "aaa 0", "007": "bbb 0", "331": "-x y 0", "332": "-x y 1", "335": "bbb 1"})
    )
    apart = groups_of(find_videos(tmp_path, ("Deepfakes",), "c23"))
    assert apart["Deepfakes/331_004"] != apart["Deepfakes/332_007"]
    together = groups_of(find_videos(tmp_path, ("Deepfakes",), "c23", tmp_path / "dict.json"))
    assert set(together.values()) == {("004",)}


def test_real_videos_are_the_targets_each_once(tmp_path):
    touch(tmp_path, "Deepfakes/c23/000_003", "FaceSwap/c23/000_003", "youtube/c23/000", "youtube/c23/003")
    found = find_videos(tmp_path, MANIPULATIONS, "c23")
    assert [item.video_id for item in found.items if not item.label] == ["youtube/000"]
    assert {item.target_video for item in found.items if item.label} == {"youtube/000"}


def test_deepfakedetection_names_actors_scene_and_original(tmp_path):
    touch(
        tmp_path, "DeepFakeDetection/c23/01_27__walk_down_hall_angry__AB12CD34", "actors/c23/01__walk_down_hall_angry"
    )
    touch(tmp_path, "actors/c23/27__walk_down_hall_angry", "youtube/c23/000")
    found = find_videos(tmp_path, ("DeepFakeDetection",), "c23")
    real, fake = found.items
    assert (real.video_id, real.groups) == ("actors/01__walk_down_hall_angry", ("actor_01",))
    assert (fake.target, fake.source, fake.groups) == ("01", "27", ("actor_01", "actor_27"))
    assert fake.target_video == real.video_id
    assert found.published == {"DeepFakeDetection": 3068, "real": 363}


def test_fake_without_its_original_is_named(tmp_path):
    touch(tmp_path, "Deepfakes/c23/000_003", "Deepfakes/c23/003_000", "youtube/c23/000")
    assert find_videos(tmp_path, ("Deepfakes",), "c23").without_original == ("Deepfakes/003_000",)


def test_reals_that_belong_to_no_fake_serve_where_there_are_no_others(tmp_path):
    touch(tmp_path, "Deepfakes/c23/000_003", "youtube/c23/500", "youtube/c23/501")
    found = find_videos(tmp_path, ("Deepfakes",), "c23")
    assert [item.video_id for item in found.items if not item.label] == ["youtube/500", "youtube/501"]


def test_mask_is_found_whatever_the_compression(tmp_path):
    touch(tmp_path, "FaceSwap/c40/000_003", "FaceSwap/masks/000_003", "youtube/c40/000")
    found = find_videos(tmp_path, ("FaceSwap",), "c40")
    assert found.items[1].mask_path == str(faceforensics_video(tmp_path, "FaceSwap", "000_003", "masks"))


def official_lists(folder):
    folder.mkdir()
    for name, pairs in (("train", [["000", "003"]]), ("val", [["004", "005"]]), ("test", [["006", "007"]])):
        (folder / f"{name}.json").write_text(json.dumps(pairs))
    return folder


def test_official_lists_give_the_split_of_both_directions(tmp_path):
    touch(tmp_path, "Deepfakes/c23/000_003", "Deepfakes/c23/003_000", "Deepfakes/c23/005_004", "youtube/c23/000")
    touch(tmp_path, "Deepfakes/c23/000_007", "Deepfakes/c23/888_889")
    found = find_videos(tmp_path, ("Deepfakes",), "c23", splits_dir=official_lists(tmp_path / "splits"))
    assert {item.video_id: item.official_split for item in found.items} == {
        "youtube/000": "train",
        "Deepfakes/000_003": "train",
        "Deepfakes/003_000": "train",
        "Deepfakes/005_004": "validation",
        "Deepfakes/000_007": "",  # a pair that the lists would tear apart
        "Deepfakes/888_889": "",
    }


def test_official_pairs_complete_the_groups_of_a_partial_folder(tmp_path):
    touch(tmp_path, "Deepfakes/c23/003_900", "youtube/c23/003")
    found = find_videos(tmp_path, ("Deepfakes",), "c23", splits_dir=official_lists(tmp_path / "splits"))
    assert found.items[0].groups == ("000",)


@pytest.mark.parametrize("text", ["[1, 2]", "{", '{"000": 3}'])
def test_file_that_is_no_conversion_dict_is_one_sentence(tmp_path, text):
    touch(tmp_path, "Deepfakes/c23/000_003", "youtube/c23/000")
    (tmp_path / "dict.json").write_text(text)
    with pytest.raises(ValueError, match="is not the conversion_dict.json"):
        find_videos(tmp_path, ("Deepfakes",), "c23", tmp_path / "dict.json")
