import json
import shutil

import datasets
import numpy as np
import pytest
from PIL import Image

from dataset_builder.__main__ import main
from dataset_builder.builder import build
from dataset_builder.faceforensics import find_videos
from dataset_builder.labelled_images import find_images, near_duplicate_groups
from detector.faces import FaceDetector, crop_face
from detector.media import Video
from tests.media_factory import face_frame, faceforensics_tree, texture, write_video

FRAMES = 4


@pytest.fixture(scope="module")
def splits(faceforensics_root, tmp_path_factory):
    return build("Deepfakes_c23", faceforensics_root, tmp_path_factory.mktemp("cache"), frames_per_video=FRAMES)


def test_no_pair_is_in_two_splits(splits):
    assert set(splits) == {"train", "test", "validation"}
    where = {}
    for split, rows in splits.items():
        for target, source in zip(rows["target"], rows["source"], strict=True):
            for sequence in filter(None, (target, source)):
                assert where.setdefault(sequence, split) == split
    assert len(where) == 12


def test_every_split_has_as_many_real_as_fake_crops(splits):
    for rows in splits.values():
        labels = list(rows["label"])
        assert labels.count(0) == labels.count(1) > 0
    assert sum(map(len, splits.values())) == 24 * FRAMES


def test_columns_say_what_a_crop_is(splits):
    rows = datasets.concatenate_datasets(list(splits.values()))
    fake = next(row for row in rows if row["video_id"] == "Deepfakes/001_000")
    assert (fake["label"], fake["manipulation"], fake["compression"]) == (1, "Deepfakes", "c23")
    assert (fake["target"], fake["source"], fake["group"]) == ("001", "000", "000")
    real = next(row for row in rows if row["video_id"] == "original/001")
    assert (real["label"], real["manipulation"], real["source"], real["group"]) == (0, "none", "", "000")


def test_frames_are_spread_over_the_video_and_never_repeated(splits):
    rows = datasets.concatenate_datasets(list(splits.values()))
    times = sorted(row["time_s"] for row in rows if row["video_id"] == "Deepfakes/001_000")
    assert times == pytest.approx([0.1, 0.3, 0.6, 0.8], abs=0.051)
    keys = list(zip(rows["video_id"], rows["time_s"], strict=True))
    assert len(set(keys)) == len(keys)


def test_crops_are_what_the_application_would_see(splits, faceforensics_root):
    row = splits["train"][0]
    folder = "original_sequences/youtube" if row["label"] == 0 else f"manipulated_sequences/{row['manipulation']}"
    clip = faceforensics_root / folder / "c23" / "videos" / (row["video_id"].split("/")[1] + ".mp4")
    with Video(clip) as video:
        frame = min(video.sample_frames(FRAMES), key=lambda frame: abs(frame.time_s - row["time_s"]))
    (face,) = FaceDetector().detect(frame.image, try_turned=False)
    assert np.array_equal(np.asarray(row["image"]), crop_face(frame.image, face))


def test_pairs_that_share_a_sequence_in_another_manipulation_stay_together(tmp_path):
    videos = tmp_path / "manipulated_sequences"
    for name in (
        "Deepfakes/c23/videos/000_001.mp4",
        "Deepfakes/c23/videos/002_003.mp4",
        "FaceSwap/c40/videos/001_002.mp4",
    ):
        (videos / name).parent.mkdir(parents=True, exist_ok=True)
        (videos / name).touch()
    original = tmp_path / "original_sequences" / "youtube" / "c23" / "videos"
    original.mkdir(parents=True)
    (original / "000.mp4").touch()
    assert {item.group for item in find_videos(tmp_path, "Deepfakes", "c23")} == {"000"}


def test_pair_is_in_the_same_split_for_every_manipulation(faceforensics_root, splits, tmp_path):
    shutil.copytree(faceforensics_root, tmp_path / "ff")
    # another manipulation, of which half is missing
    faceforensics_tree(tmp_path / "ff", [("000", "001"), ("004", "005"), ("010", "011")], manipulation="FaceSwap")
    other = build("FaceSwap_c23", tmp_path / "ff", tmp_path / "cache", frames_per_video=1)
    where = {group: split for split, rows in splits.items() for group in rows["group"]}
    assert {group: split for split, rows in other.items() for group in rows["group"]}.items() <= where.items()


def test_broken_video_is_named_and_skipped(tmp_path, caplog):
    faceforensics_tree(tmp_path / "ff", [("000", "001"), ("002", "003"), ("004", "005")])
    broken = tmp_path / "ff" / "manipulated_sequences" / "Deepfakes" / "c23" / "videos" / "000_001.mp4"
    broken.write_bytes(b"not a film")
    built = build("Deepfakes_c23", tmp_path / "ff", tmp_path / "cache", frames_per_video=2)
    assert any("000_001.mp4" in record.getMessage() for record in caplog.records)
    for rows in built.values():
        labels = list(rows["label"])
        assert labels.count(0) == labels.count(1)
    assert sum(map(len, built.values())) == 2 * (6 - 1) * 2


def test_changed_source_is_built_anew(tmp_path):
    faceforensics_tree(tmp_path / "ff", [("000", "001"), ("002", "003"), ("004", "005")])
    first = build("Deepfakes_c23", tmp_path / "ff", tmp_path / "cache", frames_per_video=1)
    shutil.rmtree(tmp_path / "ff")
    faceforensics_tree(tmp_path / "ff", [("000", "001"), ("002", "003"), ("004", "005"), ("006", "007")])
    second = build("Deepfakes_c23", tmp_path / "ff", tmp_path / "cache", frames_per_video=1)
    assert sum(map(len, second.values())) == sum(map(len, first.values())) + 4


def test_command_writes_a_data_set_that_loads(faceforensics_root, tmp_path, capsys):
    arguments = [
        "--root",
        str(faceforensics_root),
        "--output",
        str(tmp_path / "out"),
        "--frames-per-video",
        "2",
        "--json",
    ]
    assert main(arguments) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    loaded = datasets.load_from_disk(str(tmp_path / "out"))
    assert {split: len(rows) for split, rows in loaded.items()} == {
        split: counts["real"] + counts["fake"] for split, counts in summary.items()
    }
    assert loaded["train"].features["label"].names == ["real", "fake"]


@pytest.mark.parametrize("flag", ["--root", "--images"])
def test_wrong_folder_is_one_sentence_and_exit_code_2(tmp_path, capsys, flag):
    assert main([flag, str(tmp_path), "--output", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.strip().count("\n") == 0


def labelled_photos(root):
    for label, seeds in (("real", range(6)), ("fake", range(6, 12))):
        (root / label).mkdir(parents=True)
        for seed in seeds:
            frame = face_frame(400, 300, 80, 20 + 15 * seed, 60 if seed % 2 else 20, seed)
            Image.fromarray(frame).save(root / label / f"{seed:02d}.png")


def test_near_duplicates_share_a_group_across_labels(tmp_path):
    labelled_photos(tmp_path)
    with Image.open(tmp_path / "real" / "00.png") as image:
        image.save(tmp_path / "fake" / "copy.jpg", quality=60)
    group_of = {item.video_id: item.group for item in find_images(tmp_path, "swap")}
    assert group_of["fake/copy"] == group_of["real/00"]
    assert len(set(group_of.values())) > 6


def test_unreadable_photo_is_a_group_of_its_own(tmp_path):
    (tmp_path / "a.jpg").write_text("no photo")
    assert near_duplicate_groups([tmp_path / "a.jpg"]) == {str(tmp_path / "a.jpg"): str(tmp_path / "a.jpg")}


def test_labelled_photos_go_the_same_way(tmp_path):
    labelled_photos(tmp_path / "photos")
    built = build("images", tmp_path / "photos", tmp_path / "cache", manipulation="swap")
    rows = datasets.concatenate_datasets(list(built.values()))
    assert {(row["label"], row["manipulation"]) for row in rows} == {(0, "none"), (1, "swap")}
    assert set(rows["compression"]) == {"unknown"}
    groups = [set(part["group"]) for part in built.values()]
    assert sum(map(len, groups)) == len(set.union(*groups))


def test_video_without_a_face_is_named_and_skipped(tmp_path, caplog):
    faceforensics_tree(tmp_path / "ff", [("000", "001"), ("002", "003"), ("004", "005")])
    wall = tmp_path / "ff" / "original_sequences" / "youtube" / "c23" / "videos" / "003.mp4"
    write_video(wall, [texture(320, 240)] * 5, fps=10)
    built = build("Deepfakes_c23", tmp_path / "ff", tmp_path / "cache", frames_per_video=2)
    assert any("003.mp4" in record.getMessage() and "no face" in record.getMessage() for record in caplog.records)
    assert "original/003" not in {video for rows in built.values() for video in rows["video_id"]}


def test_photos_of_one_name_and_two_suffixes_are_two_photos(tmp_path):
    labelled_photos(tmp_path / "photos")
    Image.fromarray(face_frame(400, 300, 80, 60, 50, 99)).save(tmp_path / "photos" / "real" / "00.jpg")
    names = [item.video_id for item in find_images(tmp_path / "photos", "swap")]
    assert len(set(names)) == len(names) == 13
    build("images", tmp_path / "photos", tmp_path / "cache", manipulation="swap")


def test_photo_beyond_the_size_limit_does_not_stop_the_build(tmp_path, caplog):
    labelled_photos(tmp_path / "photos")
    Image.new("1", (20000, 20000)).save(tmp_path / "photos" / "real" / "huge.png")
    built = build("images", tmp_path / "photos", tmp_path / "cache", manipulation="swap")
    assert any("huge.png" in record.getMessage() for record in caplog.records)
    assert sum(map(len, built.values())) > 0


def test_photo_saved_anew_upright_is_a_near_duplicate_of_the_turned_original(tmp_path):
    frame = face_frame(400, 300, 80, 60, 50, 3)
    exif = Image.Exif()
    exif[274] = 6  # stored on its side, as phones do
    Image.fromarray(np.ascontiguousarray(np.rot90(frame))).save(tmp_path / "phone.jpg", exif=exif, quality=90)
    Image.fromarray(frame).save(tmp_path / "upright.jpg", quality=90)
    groups = near_duplicate_groups([tmp_path / "phone.jpg", tmp_path / "upright.jpg"])
    assert len(set(groups.values())) == 1
