import itertools
from collections import Counter

import pytest

from dataset_builder.sources import SourceItem, SourceSet, connected_groups
from dataset_builder.splits import assign_groups, balanced_indices, deal, frames_to_sample


def item(manipulation: str, name: str, *groups: str, official: str | None = None) -> SourceItem:
    target, _, source = name.partition("_")
    return SourceItem(
        f"{name}.mp4", manipulation, "c23", f"{manipulation}/{name}", target, source, groups, official_split=official
    )


ACTORS = [f"actor_{number:02d}" for number in range(1, 29)]


def source_set(*items: SourceItem, others: list[str] = ()) -> SourceSet:
    return SourceSet(items, frozenset(others) | {group for member in items for group in member.groups}, {})


def actors_in(split: str, count: int) -> list[str]:
    return [name for name, place in assign_groups(ACTORS).items() if place == split][:count]


def test_chained_links_make_one_group():
    groups = connected_groups("abcdx", [("b", "c"), ("c", "d"), ("a", "b")])
    assert groups == {"a": "a", "b": "a", "c": "a", "d": "a", "x": "x"}


def test_shares_are_those_of_the_original_project():
    counts = Counter(assign_groups(f"{number:03d}" for number in range(1000)).values())
    assert counts["train"] == pytest.approx(650, abs=5)
    assert counts["test"] == pytest.approx(200, abs=5)
    assert counts["validation"] == pytest.approx(150, abs=5)


def test_actors_of_deepfakedetection_fill_every_split():
    counts = Counter(assign_groups(ACTORS).values())
    assert counts == {"train": 18, "test": 6, "validation": 4}


def test_split_of_a_group_does_not_depend_on_what_else_is_in_the_folder():
    names = [f"{number:03d}" for number in range(200)]
    whole = assign_groups(names)
    assert assign_groups(reversed(names[::3])) == {name: whole[name] for name in names[::3]}


@pytest.mark.parametrize("first", range(0, 60, 3))
def test_three_groups_fill_three_splits(first):
    names = [str(first), str(first + 1), str(first + 2)]
    assert sorted(assign_groups(names).values()) == ["test", "train", "validation"]


def test_two_groups_are_left_where_they_are():
    assert assign_groups(["a", "b"]) == {name: assign_groups([name])[name] for name in "ab"}


def test_fake_of_actors_in_different_splits_is_dropped_and_counted():
    (a, b), (c,) = actors_in("train", 2), actors_in("test", 1)
    same, crossing = item("DeepFakeDetection", "01_02", a, b), item("DeepFakeDetection", "01_03", a, c)
    reals = item("real", "01", a), item("real", "03", c)
    dealt = deal(source_set(same, crossing, *reals, others=ACTORS), "newsroom")
    assert dealt.dropped == {"DeepFakeDetection/01_03": "crossing"}
    assert same in dealt.by_split["train"] and crossing not in itertools.chain(*dealt.by_split.values())


def test_held_out_manipulation_is_in_test_alone_and_alone_in_test():
    groups = [f"{number:03d}" for number in range(40)]
    items = [item(name, group, group) for group in groups for name in ("real", "Deepfakes", "FaceSwap")]
    dealt = deal(source_set(*items), "leave-one-out", "FaceSwap")
    fakes = {
        split: {member.manipulation for member in members if member.label} for split, members in dealt.by_split.items()
    }
    assert fakes == {"train": {"Deepfakes"}, "validation": {"Deepfakes"}, "test": {"FaceSwap"}}
    newsroom = deal(source_set(*items), "newsroom").by_split
    reals = {split: [member for member in members if not member.label] for split, members in dealt.by_split.items()}
    assert reals == {split: [member for member in members if not member.label] for split, members in newsroom.items()}


def test_manipulation_that_the_folder_lacks_cannot_be_held_out():
    with pytest.raises(ValueError, match="--held-out must be one of"):
        deal(source_set(item("real", "000", "000"), item("Deepfakes", "000_001", "000")), "leave-one-out", "FaceSwap")


def test_official_split_that_tears_a_youtube_video_apart_is_told():
    items = [item("real", "331", "331", official="train"), item("real", "332", "331", official="test")]
    dealt = deal(source_set(*items, item("real", "999", "999", official="")), "official")
    assert dealt.crossing_groups == {"331": ["test", "train"]}
    assert dealt.dropped == {"real/999": "not in the official split"}


def test_official_split_never_tears_a_pair_apart():
    torn = [item("Deepfakes", "000_003", "000", official="train"), item("real", "000", "000", official="test")]
    with pytest.raises(AssertionError, match="000"):
        deal(source_set(*torn), "official")


def test_official_split_needs_lists():
    with pytest.raises(ValueError, match="--splits-dir"):
        deal(source_set(item("real", "000", "000")), "official")


def test_everything_is_in_test_for_an_evaluation_on_other_data():
    items = [item("real", f"{number}", f"{number}") for number in range(9)]
    dealt = deal(source_set(*items), "test-only")
    assert dealt.by_split == {"train": [], "test": items, "validation": []}


@pytest.mark.parametrize(
    ("real", "fake", "wanted"),
    [
        (10, 10, (13, 13)),
        (10, 50, (65, 13)),
        (10, 31, (65, 13)),
        (10, 11, (39, 13)),
        (30, 10, (13, 39)),
        (0, 5, (13, 13)),
    ],
)
def test_scarcer_class_gives_an_odd_multiple_of_frames(real, fake, wanted):
    assert frames_to_sample(real, fake, 13) == wanted


def test_balance_drops_from_the_larger_class_evenly_and_duplicates_nothing():
    labels = [0] * 12 + [1] * 6
    videos = ["a"] * 4 + ["b"] * 4 + ["c"] * 4 + ["d"] * 6
    kept = balanced_indices(labels, videos)
    assert len(kept) == len(set(kept)) == 12
    assert Counter(videos[row] for row in kept) == {"a": 2, "b": 2, "c": 2, "d": 6}


def test_balance_gives_up_extra_frames_first():
    ranks = [2, 1, 2, 1, 2, 1]
    kept = balanced_indices([0] * 6 + [1] * 3, ["a"] * 6 + ["b"] * 3, ranks + [1] * 3)
    assert kept == [1, 3, 5, 6, 7, 8]


def test_balance_keeps_pairs_of_one_video_before_single_frames_of_another():
    videos = ["a"] * 4 + ["b"] * 4 + ["c"] * 4
    kept = balanced_indices([0] * 8 + [1] * 4, videos, [1, 1, 1, 1, 0, 0, 0, 0] + [0] * 4)
    assert kept == [4, 5, 6, 7, 8, 9, 10, 11]


def test_seed_changes_which_videos_give_up_frames_but_not_how_many():
    labels, videos = [0] * 20 + [1] * 10, [f"{number:02d}" for number in range(20)] + ["x"] * 10
    first, second = (balanced_indices(labels, videos, seed=seed) for seed in (0, 1))
    assert len(first) == len(second) == 20 and first != second


def test_single_class_is_kept_whole():
    assert balanced_indices([0, 0, 0], ["a", "b", "c"]) == [0, 1, 2]
