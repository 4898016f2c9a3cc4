"""What holds of splits and instants whatever videos there are."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from dataset_builder.extraction.instants import plan_instants
from dataset_builder.sources import REAL, SourceItem, SourceSet, connected_groups
from dataset_builder.splits import SHARES, assign_groups, balanced_indices, deal, frames_to_sample
from detector.media.videos.video import Video

# time stamps of whole milliseconds hide the rate of a clip of three frames
lengths = st.sampled_from([7, 12, 31])


@settings(max_examples=25)
@given(lengths, lengths, st.sampled_from([5, 24, 60]), st.integers(1, 12), st.integers(1, 3))
def test_instants_of_a_fake_and_its_original_are_frames_of_both(even_clips, count, fake_count, fps, frames, times):
    fake = SourceItem("", "Deepfakes", "c23", "Deepfakes/000_001", "000", "001", ("000",))
    with Video(even_clips(count, fps)) as real, Video(even_clips(fake_count, fps)) as video:
        instants = plan_instants(real, {fake: video}, frames, frames, frames * times)
        assert instants
        for instant in instants:
            assert instant.real_s in real.frame_times
            if fake in instant.fakes_s:
                shown = instant.fakes_s[fake]
                assert real.frame_times.index(instant.real_s) == video.frame_times.index(shown)
        seconds = [instant.real_s for instant in instants]
    assert seconds == sorted(set(seconds))


sequences = st.integers(0, 40).map(lambda number: f"{number:03d}")
pair_graphs = st.lists(st.tuples(sequences, sequences).filter(lambda pair: pair[0] != pair[1]), max_size=60)


@given(pair_graphs, st.sampled_from(["newsroom", "leave-one-out", "test-only"]))
def test_no_sequence_is_in_two_splits_whatever_pairs_there_are(pairs, split):
    members = sorted({name for pair in pairs for name in pair} | {"100", "101", "102"})
    group_of = connected_groups(members, pairs)
    assert all(group_of[a] == group_of[b] for a, b in pairs)
    fakes = [
        SourceItem("", manipulation, "c23", f"{manipulation}/{a}_{b}", a, b, (group_of[a],))
        for manipulation in ("Deepfakes", "FaceSwap")
        for a, b in [*dict.fromkeys(pairs), ("100", "")]
    ]
    reals = [SourceItem("", REAL, "c23", f"youtube/{name}", name, "", (group_of[name],)) for name in members]
    items = (*reals, *fakes)
    dealt = deal(SourceSet(items, frozenset(group_of.values()), {}), split, held_out="FaceSwap")
    places: dict[str, set[str]] = {}
    for place, dealt_items in dealt.by_split.items():
        for item in dealt_items:
            for name in filter(None, (item.target, item.source)):
                places.setdefault(name, set()).add(place)
    assert all(len(found) == 1 for found in places.values())
    given_out = Counter(item.video_id for dealt_items in dealt.by_split.values() for item in dealt_items)
    assert set(given_out.values()) == {1} and set(given_out) | set(dealt.dropped) == {item.video_id for item in items}
    assert not set(given_out) & set(dealt.dropped)


actors = st.integers(1, 28).map(lambda number: f"actor_{number:02d}")


@given(st.lists(st.tuples(actors, actors), max_size=60))
def test_fake_of_two_actors_is_in_the_split_of_both_or_dropped(pairs):
    everyone = [f"actor_{number:02d}" for number in range(1, 29)]
    split_of = assign_groups(everyone)
    items = tuple(
        SourceItem("", "DeepFakeDetection", "c23", f"{number}", a, b, tuple(dict.fromkeys((a, b))))
        for number, (a, b) in enumerate(pairs)
    )
    dealt = deal(SourceSet(items, frozenset(everyone), {}), "newsroom")
    for place, dealt_items in dealt.by_split.items():
        assert all({split_of[group] for group in item.groups} == {place} for item in dealt_items)
    crossing = {item.video_id for item in items if split_of[item.target] != split_of[item.source]}
    assert set(dealt.dropped) == crossing


@given(st.sets(st.text(max_size=8), max_size=40))
def test_every_group_has_one_split_and_no_split_is_empty_where_there_are_enough(groups):
    split_of = assign_groups(groups)
    assert set(split_of) == groups and set(split_of.values()) <= set(SHARES)
    if len(groups) >= len(SHARES):
        assert set(split_of.values()) == set(SHARES)


@given(
    st.lists(st.tuples(st.integers(0, 1), st.sampled_from("abcdef"), st.integers(0, 2)), max_size=60),
    st.integers(0, 3),
)
def test_balanced_rows_are_as_many_of_each_label_and_none_twice(rows, seed):
    labels, videos, ranks = ([row[part] for row in rows] for part in range(3))
    kept = balanced_indices(labels, videos, ranks, seed)
    assert kept == sorted(set(kept)) and set(kept) <= set(range(len(rows)))
    counts = Counter(labels)
    assert Counter(labels[row] for row in kept) == {label: min(counts.values()) for label in counts}
    for label in counts:  # no row goes before one of a higher rank
        mine = [row for row in range(len(rows)) if labels[row] == label]
        gone = [ranks[row] for row in mine if row not in kept]
        assert min(gone, default=2) >= max((ranks[row] for row in mine if row in kept), default=0)


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 40))
def test_scarcer_class_gives_as_many_crops_as_the_other_from_odd_multiples(real_videos, fake_videos, frames):
    counts = frames_to_sample(real_videos, fake_videos, frames)
    assert all(count % frames == 0 and (count // frames) % 2 == 1 for count in counts)
    (scarce, more_frames), (common, fewer_frames) = sorted(zip((real_videos, fake_videos), counts, strict=True))
    assert scarce * more_frames >= common * fewer_frames and fewer_frames == frames
