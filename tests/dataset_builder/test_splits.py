from collections import Counter

from dataset_builder.sources import connected_groups
from dataset_builder.splits import assign_groups, balanced_indices


def test_chained_links_make_one_group():
    groups = connected_groups("abcdx", [("b", "c"), ("c", "d"), ("a", "b")])
    assert groups == {"a": "a", "b": "a", "c": "a", "d": "a", "x": "x"}


def test_shares_are_those_of_the_original_project():
    counts = Counter(assign_groups(f"{number:03d}" for number in range(1000)).values())
    assert counts == {"train": 650, "test": 200, "validation": 150}


def test_split_does_not_depend_on_the_order_of_files():
    names = [f"{number:03d}" for number in range(50)]
    assert assign_groups(names) == assign_groups(reversed(names))


def test_three_groups_fill_three_splits():
    assert sorted(assign_groups(["a", "b", "c"]).values()) == ["test", "train", "validation"]


def test_another_seed_gives_another_split():
    names = [f"{number:03d}" for number in range(50)]
    assert assign_groups(names, seed=0) != assign_groups(names, seed=1)


def test_balance_drops_from_the_larger_class_evenly_and_duplicates_nothing():
    labels = [0] * 12 + [1] * 6
    videos = ["a"] * 4 + ["b"] * 4 + ["c"] * 4 + ["d"] * 6
    kept = balanced_indices(labels, videos)
    assert len(kept) == len(set(kept)) == 12
    assert Counter(videos[row] for row in kept) == {"a": 2, "b": 2, "c": 2, "d": 6}


def test_single_class_is_kept_whole():
    assert balanced_indices([0, 0, 0], ["a", "b", "c"]) == [0, 1, 2]
