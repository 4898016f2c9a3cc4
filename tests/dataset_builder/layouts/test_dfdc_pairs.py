import numpy as np
import pytest
from PIL import Image

from dataset_builder.builder import build
from dataset_builder.layouts.dfdc_pairs import find_pairs
from detector.faces.detection import crop_square
from tests.media_factory import face_frame


def write(path, image, quality=90):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, quality=quality)


def table(root, *pairs: tuple[str, str]):
    (root / "pairs.csv").write_text("real,fake,face_px\n" + "".join(f"{real},{fake},99\n" for real, fake in pairs))


@pytest.fixture
def pairs(tmp_path):
    """Three originals, the first two of one scene, and a fake of each, whose face lies 6 px further right."""
    for number, seed in enumerate((1, 1, 2)):
        real = face_frame(240, 240, 90, 30 + number, 20, seed)
        fake = face_frame(240, 240, 90, 36 + number, 20, seed)
        write(tmp_path / "real" / f"r{number}.jpg", real)
        write(tmp_path / "fake" / f"f{number}.jpg", fake)
    table(tmp_path, *((f"r{number}.jpg", f"f{number}.jpg") for number in range(3)))
    return tmp_path


def test_pair_shares_a_group_with_pairs_that_look_alike(pairs):
    group_of = {item.video_id: item.group for item in find_pairs(pairs).items}
    assert group_of == {
        "real/r0": "r0",
        "fake/f0": "r0",
        "real/r1": "r0",
        "fake/f1": "r0",
        "real/r2": "r2",
        "fake/f2": "r2",
    }


def test_fake_is_cut_at_the_box_of_its_original_and_names_its_row(pairs, tmp_path):
    built, summary = build("dfdc_pairs", pairs, tmp_path / "cache", split="test-only")
    rows = {row["video_id"]: row for row in built["test"]}
    for number in range(3):
        real, fake = rows[f"real/r{number}"], rows[f"fake/f{number}"]
        assert (real["original_id"], fake["original_id"]) == ("", f"real/r{number}")
        for column in (
            "box_px",
            "landmarks_px",
            "detector_score",
            "face_size_px",
            "picture_px",
            "inside_share",
            "time_s",
        ):
            assert fake[column] == real[column]
        with Image.open(pairs / "fake" / f"f{number}.jpg") as image:
            x0, y0, side = crop_square(tuple(fake["box_px"]))
            whole = np.asarray(image)
        assert np.array_equal(
            np.asarray(fake["image"])[5:-5, 5:-5], whole[y0 + 5 : y0 + side - 5, x0 + 5 : x0 + side - 5]
        )
    assert summary.paired == {"train": 0, "test": 3, "validation": 0}


def test_fake_of_another_size_is_told_and_left_out(pairs, tmp_path):
    write(pairs / "fake" / "f2.jpg", face_frame(300, 240, 90, 30, 20, 2))
    _, summary = build("dfdc_pairs", pairs, tmp_path / "cache", split="test-only")
    assert summary.problems == {"fake/f2": "its frames are 300 x 240 px, those of its original 240 x 240."}


def test_picture_that_cannot_be_read_costs_itself_only(pairs, tmp_path):
    (pairs / "real" / "r2.jpg").write_text("no photo")
    _, summary = build("dfdc_pairs", pairs, tmp_path / "cache", split="test-only")
    assert list(summary.problems) == ["real/r2"]
    assert summary.own_boxes == ["fake/f2"]


def test_folder_without_table_or_pairs_is_one_sentence(tmp_path):
    with pytest.raises(FileNotFoundError):
        find_pairs(tmp_path)
    table(tmp_path)
    with pytest.raises(ValueError, match="names no pair"):
        find_pairs(tmp_path)
    (tmp_path / "pairs.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="with the columns real, fake"):
        find_pairs(tmp_path)
