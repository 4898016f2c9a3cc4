import json
import weakref
from functools import partial

import datasets
import numpy as np
import pytest
from PIL import Image

from dataset_builder.__main__ import main as build_main
from dataset_builder.pseudo_fakes.__main__ import KINDS, RealFace, main, make_pseudo_fakes


@pytest.fixture(scope="module")
def photos(tmp_path_factory, portrait, other_person):
    folder = tmp_path_factory.mktemp("photos")
    Image.fromarray(portrait[0]).save(folder / "a.png")
    Image.fromarray(other_person[0]).save(folder / "b.png")
    Image.fromarray(np.full((60, 60, 3), 90, np.uint8)).save(folder / "no_face.png")
    (folder / "notes.txt").write_text("not a photo")
    return folder


def files(folder) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_writes_the_same_bytes(photos, tmp_path, kind):
    for name in ("first", "second"):
        arguments = ["--images", str(photos), "--kind", kind, "--output", str(tmp_path / name), "--seed", "3"]
        assert main([*arguments, "--count", "2"]) == 0
    first = files(tmp_path / "first")
    assert sorted(first) == sorted(
        [f"{part}/00000{number}.png" for part in ("real", "fake", "masks") for number in (0, 1)] + ["pairs.jsonl"]
    )
    assert first == files(tmp_path / "second")


def test_swaps_have_two_people_and_change_the_target_in_the_mask_alone(photos, tmp_path, capsys):
    output = tmp_path / "swaps"
    assert main(["--images", str(photos), "--kind", "face-swap", "--output", str(output), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["written"] == 2
    pairs = [json.loads(line) for line in (output / "pairs.jsonl").read_text().splitlines()]
    assert {(pair["target"], pair["source"]) for pair in pairs} == {("a.png", "b.png"), ("b.png", "a.png")}
    for pair in pairs:
        real, fake, mask = (np.asarray(Image.open(output / part / pair["file"])) for part in ("real", "fake", "masks"))
        assert np.array_equal(real[mask == 0], fake[mask == 0])
        assert not np.array_equal(real[mask > 128], fake[mask > 128])


def test_builder_reads_the_folder_and_fakes_can_be_made_of_its_data_set(photos, tmp_path):
    output, built = tmp_path / "fakes", tmp_path / "built"
    assert main(["--images", str(photos), "--kind", "self-blended", "--output", str(output)]) == 0
    assert build_main(["--images", str(output), "--manipulation", "self_blended", "--output", str(built)]) == 0
    splits = datasets.load_from_disk(str(built))
    rows = [row for split in splits.values() for row in split]
    assert next(iter(splits.values())).features["manipulation"].names == ["real", "self_blended"]
    assert {row["manipulation"] for row in rows} == {0, 1}
    assert main(["--dataset", str(built), "--kind", "self-blended", "--output", str(tmp_path / "again")]) == 0
    assert len(list((tmp_path / "again" / "fake").iterdir())) == sum(row["label"] == 0 for row in rows)


def test_wrong_or_used_folders_are_one_sentence_and_exit_code_2(photos, tmp_path, capsys):
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "old.png").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    crops = datasets.Dataset.from_dict({"label": [0]})
    crops.save_to_disk(str(tmp_path / "train"))
    capsys.readouterr()
    for option, source, output in (
        ("--images", photos, "used"),
        ("--images", photos, "file"),
        ("--images", photos, "file/below"),
        ("--images", tmp_path / "empty", "new"),
        ("--images", tmp_path / "none", "new2"),
        ("--dataset", tmp_path / "train", "new3"),
        ("--dataset", tmp_path / "empty", "new4"),
    ):
        assert main([option, str(source), "--kind", "self-blended", "--output", str(tmp_path / output)]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.mark.parametrize("kind", ["face-swap", "eigenface"])
def test_photos_are_not_held_in_memory(portrait, other_person, kind):
    given = []

    def read(image):
        assert sum(photo() is not None for photo in given) < 3
        photo = image.copy()
        given.append(weakref.ref(photo))
        return photo

    faces = [
        RealFace(str(number), str(number), landmarks, partial(read, image))
        for number, (image, landmarks) in enumerate([portrait, other_person] * 4)
    ]
    assert len(list(make_pseudo_fakes(iter(faces), kind, 1, np.random.default_rng(0)))) == 1
    assert len(given) == len(faces) + (2 if kind == "face-swap" else 1)
