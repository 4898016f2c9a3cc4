"""The whole builder on a made FaceForensics++ folder: every manipulation, actors, masks, and what can be wrong."""

import json
from collections import Counter, defaultdict

import datasets
import numpy as np
import pytest

from dataset_builder.builder import FaceCrops, build, choose_pool
from dataset_builder.layouts.faceforensics import MANIPULATIONS
from dataset_builder.splits import assign_groups
from tests.media_factory import (
    clip,
    deepfakedetection_tree,
    faceforensics_tree,
    faceforensics_video,
    mask_clip,
    texture,
    write_video,
)

FRAMES = 2
PAIRS = [(f"{2 * number:03d}", f"{2 * number + 1:03d}") for number in range(4)]
BROKEN, FACELESS = "Face2Face/002_003", "youtube/007"
# two pairs of actors in one split, one pair across
_TRAIN = [name for name, split in assign_groups(f"actor_{n:02d}" for n in range(1, 29)).items() if split == "train"]
_TEST = [name for name, split in assign_groups(f"actor_{n:02d}" for n in range(1, 29)).items() if split == "test"]
ACTORS = [(_TRAIN[0][-2:], _TRAIN[1][-2:]), (_TEST[0][-2:], _TEST[1][-2:]), (_TRAIN[0][-2:], _TEST[0][-2:])]


@pytest.fixture(scope="module")
def whole_tree(tmp_path_factory):
    """Four pairs for each manipulation, of which 000 and 006 come from one YouTube video; actors; masks of Deepfakes."""
    root = tmp_path_factory.mktemp("whole")
    for manipulation in MANIPULATIONS:
        if manipulation != "DeepFakeDetection":
            faceforensics_tree(root, PAIRS, manipulation)
    deepfakedetection_tree(root, ACTORS)
    for pair in PAIRS:
        for name in ("_".join(pair), "_".join(pair[::-1])):
            mask_clip(faceforensics_video(root, "Deepfakes", name, "masks"), (150, 40, 280, 190))
    faceforensics_video(root, *BROKEN.split("/")).write_bytes(b"not a film")
    write_video(faceforensics_video(root, *FACELESS.split("/")), [texture(320, 240)] * 10, fps=10)
    (root / "conversion_dict.json").write_text(json.dumps({"000": "abc 0", "006": "abc 1", "002": "def 0"}))
    return root


@pytest.fixture(scope="module")
def built(whole_tree, tmp_path_factory):
    """All manipulations at c23."""
    return build(
        "all_c23",
        whole_tree,
        tmp_path_factory.mktemp("cache"),
        pool=choose_pool(2),
        frames_per_video=FRAMES,
        conversion_dict=str(whole_tree / "conversion_dict.json"),
    )


@pytest.fixture(scope="module")
def rows(built):
    """Every row, with its split, by video."""
    by_video = defaultdict(list)
    for split, part in built[0].items():
        for row in part.remove_columns(["image", "mask"]):
            by_video[row["video_id"]].append(row | {"split": split})
    return by_video


def test_no_sequence_youtube_video_or_actor_is_in_two_splits(rows):
    where = defaultdict(set)
    for members in rows.values():
        for row in members:
            for name in filter(None, (row["target"], row["source"])):
                where["abc" if name in ("000", "006") else name].add(row["split"])
    assert len(where) == 7 + 4
    assert all(len(splits) == 1 for splits in where.values())


def test_fakes_of_actors_in_different_splits_are_dropped_and_counted(built, rows):
    kept = {video[:25] for video in rows if video.startswith("DeepFakeDetection")}
    assert kept == {f"DeepFakeDetection/{a}_{b}__" for a, b in ACTORS[:2]}
    assert built[1].files["DeepFakeDetection"]["crossing"] == 1


def test_every_split_has_as_many_real_as_fake_crops(built):
    for split, part in built[0].items():
        labels = Counter(part["label"])
        assert labels[0] == labels[1] > 0
        assert sum(built[1].frames[split].values()) == len(part)


def test_no_crop_is_there_twice(rows):
    for members in rows.values():
        times = [row["time_s"] for row in members]
        assert len(set(times)) == len(times)


def test_real_videos_give_more_frames_where_they_are_scarcer(rows):
    assert len(rows["youtube/000"]) > len(rows["Deepfakes/000_001"]) == FRAMES


def test_fakes_share_instants_and_boxes_with_their_original(rows):
    original = {round(row["time_s"], 3): row for row in rows["youtube/001"]}
    for manipulation in ("Deepfakes", "FaceSwap", "NeuralTextures"):
        for row in rows[f"{manipulation}/001_000"]:
            twin = original[round(row["time_s"], 3)]
            for column in ("box_px", "landmarks_px", "detector_score", "face_size_px"):
                assert row[column] == twin[column]


def test_every_fake_with_an_original_finds_its_row_at_the_same_time(built, rows):
    times = {video: {row["time_s"] for row in members} for video, members in rows.items()}
    alone = set()
    for video, members in rows.items():
        for row in members:
            if row["original_id"]:
                assert row["time_s"] in times[row["original_id"]]
                assert row["original_id"].rsplit("/", 1)[1].startswith(row["target"])
            elif row["label"]:
                alone.add(video)
    assert alone == set(built[1].own_boxes)
    pairs = sum(bool(row["original_id"]) for members in rows.values() for row in members)
    assert sum(built[1].paired.values()) == pairs > 0


def test_pairs_survive_the_balance_where_fakes_of_one_original_differ_in_length(tmp_path):
    for number in range(6):
        for length, manipulation in ((10, "Deepfakes"), (7, "FaceSwap"), (4, "Face2Face")):
            if length < 10 and number:
                continue  # only the first original has three fakes
            name = f"{number:03d}_{number + 100:03d}"
            clip(faceforensics_video(tmp_path / "ff", manipulation, name), number, blur=1, length=length)
        clip(faceforensics_video(tmp_path / "ff", "youtube", f"{number:03d}"), number)
    built, _ = build("all_c23", tmp_path / "ff", tmp_path / "cache", frames_per_video=3, split="test-only")
    rows = [(row["video_id"], row["time_s"], row["original_id"]) for row in built["test"]]
    known = {row[:2] for row in rows}
    fakes = [row for row in rows if row[2]]
    assert len(fakes) == 3 * 8 == len(rows) / 2
    assert all((original, time_s) in known for _, time_s, original in fakes)


def test_either_label_column_says_what_a_crop_is(built):
    features = built[0]["train"].features
    assert features["label"].names == ["real", "fake"]
    assert features["manipulation"].names == ["real", *MANIPULATIONS]
    for part in built[0].values():
        assert all((label > 0) == (kind > 0) for label, kind in zip(part["label"], part["manipulation"], strict=True))
    assert set(np.concatenate([part["manipulation"] for part in built[0].values()])) == set(range(7))


def test_columns_name_the_source_of_a_crop(rows, whole_tree):
    fake = rows["FaceSwap/001_000"][0]
    assert (fake["compression"], fake["target"], fake["source"], fake["group"]) == ("c23", "001", "000", "000")
    from detector.media.files import file_sha256

    assert fake["source_sha256"] == file_sha256(faceforensics_video(whole_tree, "FaceSwap", "001_000"))
    assert rows["youtube/006"][0]["group"] == "000"  # of the same YouTube video


def test_mask_crops_exist_where_the_set_has_masks(built):
    for part in built[0].values():
        deepfakes = part.features["manipulation"].str2int("Deepfakes")
        for row in part:
            if row["manipulation"] == deepfakes:
                assert row["mask"].size == row["image"].size
            else:
                assert row["mask"] is None


def test_broken_and_faceless_videos_are_named_and_counted(built):
    summary = built[1]
    assert summary.problems[BROKEN].endswith(".")
    assert "no face" in summary.problems[FACELESS]
    assert summary.files["Face2Face"]["unreadable"] == 1
    assert summary.files["real"]["no_face"] == 1
    assert summary.files["Face2Face"] | {"found": 8, "missing": 992, "used": 7} == summary.files["Face2Face"]
    # the fakes of the faceless original were looked at themselves
    assert summary.own_boxes == sorted(f"{name}/007_006" for name in MANIPULATIONS if name != "DeepFakeDetection")


def test_groups_are_in_the_same_split_for_every_manipulation_and_seed(rows, whole_tree, tmp_path):
    where = {row["group"]: row["split"] for members in rows.values() for row in members}
    dictionary = str(whole_tree / "conversion_dict.json")
    for name, seed in (("FaceSwap_c23", 0), ("DeepFakeDetection_c23", 5)):
        splits, _ = build(
            name, whole_tree, tmp_path, pool=choose_pool(2), frames_per_video=1, seed=seed, conversion_dict=dictionary
        )
        found = {group: split for split, part in splits.items() for group in part["group"]}
        assert found and found.items() <= where.items()


def test_leave_one_out_tests_on_the_manipulation_it_did_not_train_on(whole_tree, tmp_path):
    splits, summary = build(
        "all_c23",
        whole_tree,
        tmp_path,
        pool=choose_pool(2),
        frames_per_video=1,
        split="leave-one-out",
        held_out="FaceSwap",
    )
    assert set(summary.frames["test"]) == {"real", "FaceSwap"}
    assert "FaceSwap" not in set(summary.frames["train"]) | set(summary.frames["validation"])
    assert summary.frames["test"]["real"] == summary.frames["test"]["FaceSwap"] > 0


def test_single_manipulation_takes_equal_instants_of_every_video(faceforensics_root, tmp_path):
    splits, summary = build("Deepfakes_c23", faceforensics_root, tmp_path, frames_per_video=4)
    assert set(splits) == {"train", "test", "validation"}
    counts = Counter(video for part in splits.values() for video in part["video_id"])
    assert set(counts.values()) == {4} and len(counts) == 24
    times = sorted(row["time_s"] for part in splits.values() for row in part if row["video_id"] == "Deepfakes/001_000")
    assert times == pytest.approx([0.1, 0.3, 0.6, 0.8], abs=0.051)


def test_stopped_build_goes_on_where_it_was(faceforensics_root, tmp_path, monkeypatch):
    from dataset_builder import builder as module

    done = []

    def first_half(jobs, folder, *rest):
        done.extend(RUN(jobs[:3], folder, *rest))
        raise KeyboardInterrupt

    RUN = module.run_jobs
    monkeypatch.setattr(module, "run_jobs", first_half)
    with pytest.raises(KeyboardInterrupt):
        build("Deepfakes_c23", faceforensics_root, tmp_path, frames_per_video=1)
    monkeypatch.undo()
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "crops").iterdir()}
    splits, _ = build("Deepfakes_c23", faceforensics_root, tmp_path, frames_per_video=1)
    assert len(done) == 3 and len(before) == 6
    assert all(file.stat().st_mtime_ns == stamp for file, stamp in before.items())
    assert sum(map(len, splits.values())) == 24


def test_changed_source_is_built_anew(tmp_path):
    root = faceforensics_tree(tmp_path / "ff", [("000", "001"), ("002", "003"), ("004", "005")])
    first, _ = build("Deepfakes_c23", root, tmp_path / "cache", frames_per_video=1)
    clip(faceforensics_video(root, "Deepfakes", "000_001"), 77, blur=1)
    faceforensics_tree(root, [("006", "007")])
    second, _ = build("Deepfakes_c23", root, tmp_path / "cache", frames_per_video=1)
    assert sum(map(len, second.values())) == sum(map(len, first.values())) + 4

    def shown(splits):
        (row,) = [row for part in splits.values() for row in part if row["video_id"] == "Deepfakes/000_001"]
        return row["source_sha256"]

    assert shown(first) != shown(second)


def test_finished_build_is_reused_with_its_summary(faceforensics_root, tmp_path):
    builder = FaceCrops(config_name="Deepfakes_c23", root=str(faceforensics_root), cache_dir=str(tmp_path))
    builder.download_and_prepare()
    again = FaceCrops(config_name="Deepfakes_c23", root=str(faceforensics_root), cache_dir=str(tmp_path))
    stamp = (tmp_path / "crops").stat().st_mtime_ns
    again.download_and_prepare()
    assert (tmp_path / "crops").stat().st_mtime_ns == stamp
    assert again.summary() == builder.summary()
    assert isinstance(again.as_dataset(), datasets.DatasetDict)


def test_folder_without_any_face_is_an_error_not_an_empty_data_set(tmp_path):
    for folder, name in (("youtube", "000"), ("Deepfakes", "000_001")):
        path = faceforensics_video(tmp_path / "ff", folder, name)
        path.parent.mkdir(parents=True)
        write_video(path, [texture(320, 240)] * 3, fps=3)
    with pytest.raises(ValueError, match="no face was found"):
        build("Deepfakes_c23", tmp_path / "ff", tmp_path / "cache")
