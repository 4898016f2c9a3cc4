"""Celeb-DF v2 and DFDC by the same door."""

import json

import pytest

from dataset_builder.builder import build
from dataset_builder.layouts import celeb_df, dfdc
from tests.media_factory import clip


@pytest.fixture(scope="module")
def celeb_root(tmp_path_factory):
    root = tmp_path_factory.mktemp("celeb")
    for person in range(4):
        clip(root / "Celeb-real" / f"id{person}_0000.mp4", person)
        clip(root / "Celeb-synthesis" / f"id{person}_id{(person + 1) % 4}_0000.mp4", person, blur=1)
    clip(root / "YouTube-real" / "00170.mp4", 20)
    (root / "List_of_testing_videos.txt").write_text(
        "1 YouTube-real/00170.mp4\n1 Celeb-real/id0_0000.mp4\n0 Celeb-synthesis/id0_id1_0000.mp4\n"
    )
    return root


def test_celebrities_are_the_groups_and_a_fake_knows_its_original(celeb_root):
    found = celeb_df.find_videos(celeb_root)
    items = {item.video_id: item for item in found.items}
    fake = items["Celeb-synthesis/id0_id1_0000"]
    assert (fake.groups, fake.target_video) == (("id0", "id1"), "Celeb-real/id0_0000")
    assert items["YouTube-real/00170"].groups == ("YouTube-real/00170",)
    assert found.without_original == ()


def test_official_split_of_celeb_df_is_its_list(celeb_root, tmp_path):
    splits, summary = build("celeb_df", celeb_root, tmp_path, split="official", frames_per_video=2)
    assert set(splits) == {"test"}
    assert set(splits["test"]["video_id"]) <= {
        "YouTube-real/00170",
        "Celeb-real/id0_0000",
        "Celeb-synthesis/id0_id1_0000",
    }
    assert summary.files["Celeb-synthesis"]["left_out"] == 3


def test_evaluation_on_celeb_df_is_one_command(celeb_root, tmp_path):
    splits, summary = build("celeb_df", celeb_root, tmp_path, split="test-only", frames_per_video=2)
    assert summary.frames["test"]["real"] == summary.frames["test"]["Celeb-synthesis"]
    fake = next(row for row in splits["test"] if row["video_id"] == "Celeb-synthesis/id2_id3_0000")
    real = [row for row in splits["test"] if row["video_id"] == "Celeb-real/id2_0000"]
    assert fake["box_px"] in [row["box_px"] for row in real]


def part(folder, names, fakes):
    entries = {f"{name}.mp4": {"label": "REAL", "split": "train"} for name in names}
    entries |= {f"{name}.mp4": {"label": "FAKE", "split": "train", "original": f"{of}.mp4"} for name, of in fakes}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metadata.json").write_text(json.dumps(entries))
    for number, name in enumerate(names):
        clip(folder / f"{name}.mp4", number)
    for name, _ in fakes[:1]:
        clip(folder / f"{name}.mp4", 0, blur=1)


def test_dfdc_parts_are_the_groups(tmp_path):
    part(tmp_path / "dfdc_train_part_0", ["aaa"], [("xxx", "aaa"), ("lost", "aaa")])
    part(tmp_path / "dfdc_train_part_1", ["bbb"], [("yyy", "bbb")])
    found = dfdc.find_videos(tmp_path)
    items = {item.video_id: item for item in found.items}
    assert items["dfdc_train_part_0/xxx"].groups == ("dfdc_train_part_0",)
    assert items["dfdc_train_part_0/xxx"].target_video == "dfdc_train_part_0/aaa"
    assert found.published == {"real": 2, "DFDC": 3}  # one that is listed is not there


def test_single_part_of_dfdc_is_grouped_by_original(tmp_path):
    part(tmp_path / "part", ["aaa", "bbb"], [("xxx", "aaa")])
    found = dfdc.find_videos(tmp_path / "part")
    assert {item.video_id: item.group for item in found.items} == {
        "part/aaa": "aaa",
        "part/bbb": "bbb",
        "part/xxx": "aaa",
    }
    splits, _ = build("dfdc", tmp_path / "part", tmp_path / "cache", split="test-only", frames_per_video=2)
    assert splits["test"].features["manipulation"].names == ["real", "DFDC"]


@pytest.mark.parametrize("adapter", [celeb_df, dfdc])
def test_other_folder_is_refused(adapter, tmp_path):
    with pytest.raises(FileNotFoundError, match="does not hold"):
        adapter.find_videos(tmp_path)


def test_json_that_is_not_dfdc_is_refused(tmp_path):
    (tmp_path / "metadata.json").write_text('{"a.mp4": 3}')
    with pytest.raises(ValueError, match="is not a metadata.json of DFDC"):
        dfdc.find_videos(tmp_path)
