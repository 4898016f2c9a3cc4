import pytest

from dataset_builder.layouts import LAYOUTS
from dataset_builder.layouts.ffpp_frames import find_frames, sequence_groups
from dataset_builder.sources import SourceOptions
from dataset_builder.splits import assign_groups, deal
from tests.media_factory import faceforensics_video


def table(root, *rows: tuple[str, str, str]):
    root.mkdir(parents=True, exist_ok=True)
    lines = ["file,manipulation,estimated_target", *(",".join(row) for row in rows)]
    (root / "frames.csv").write_text("\n".join(lines) + "\n")
    return root


@pytest.mark.parametrize(
    ("number", "groups"),
    [
        (25, ("sequences 000-049",)),
        (0, ("sequences 000-049",)),
        (999, ("sequences 950-999",)),
        (46, ("sequences 000-049", "sequences 050-099")),
        (53, ("sequences 000-049", "sequences 050-099")),
        (54, ("sequences 050-099",)),
    ],
)
def test_frame_belongs_to_every_block_that_its_estimate_touches(number, groups):
    assert sequence_groups(number, {}) == groups


def test_frame_near_the_sequence_of_a_video_belongs_to_its_group_too():
    assert sequence_groups(20, {24: "003", 25: "007"}) == ("003", "sequences 000-049")


def test_frame_whose_groups_are_in_different_splits_is_dropped(tmp_path):
    blocks = [f"sequences {start:03}-{start + 49:03}" for start in range(0, 1000, 50)]
    split_of = assign_groups(blocks)
    number = next(n for n in range(19) if split_of[blocks[n]] != split_of[blocks[n + 1]]) * 50 + 48
    rows = [
        ("real/a.jpg", "real", str(number)),
        *((f"FaceSwap/{n}.jpg", "FaceSwap", str(n)) for n in range(25, 1000, 50)),
    ]
    dealt = deal(find_frames(table(tmp_path, *rows)), "newsroom")
    assert dealt.dropped == {"real/a": "crossing"}
    assert sum(map(len, dealt.by_split.values())) == 20


def test_groups_of_videos_beside_are_read_from_their_folder(tmp_path):
    for name in ("100_200", "200_300"):
        path = faceforensics_video(tmp_path / "ff", "Deepfakes", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    frames = table(tmp_path / "frames", ("real/a.jpg", "real", "304"), ("real/b.jpg", "real", "306"))
    found = LAYOUTS["ffpp_frames"].find(SourceOptions(frames, beside=str(tmp_path / "ff")))
    assert [item.groups for item in found.items] == [
        ("100", "sequences 300-349"),  # 300 is linked to 100 by two pairs
        ("sequences 300-349",),
    ]


def test_frames_have_their_manipulation_and_no_original(tmp_path):
    (item,) = find_frames(table(tmp_path, ("NeuralTextures/7_1.jpg", "NeuralTextures", "7"))).items
    assert (item.video_id, item.manipulation, item.target, item.target_video, item.collection) == (
        "NeuralTextures/7_1",
        "NeuralTextures",
        "7",
        "",
        "ffpp_frames",
    )


@pytest.mark.parametrize("row", [("a.jpg", "Deepfake", "7"), ("a.jpg", "real", ""), ("a.jpg", "real", "-1")])
def test_row_that_makes_no_sense_is_one_sentence(tmp_path, row):
    with pytest.raises(ValueError, match="a row with an unknown manipulation, or without a number: a.jpg"):
        find_frames(table(tmp_path, row))
