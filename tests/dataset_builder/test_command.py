"""python -m dataset_builder as a person or a script meets it."""

import json
import os
import subprocess
import sys

import datasets
import pytest

from dataset_builder.__main__ import main
from tests.media_factory import clip, faceforensics_tree, faceforensics_video


def run(*arguments) -> int:
    return main([str(argument) for argument in arguments])


def test_data_set_loads_from_disk_and_from_parquet(faceforensics_root, tmp_path, capsys):
    out, parquet = tmp_path / "out", tmp_path / "parquet"
    assert (
        run("--root", faceforensics_root, "--output", out, "--parquet", parquet, "--frames-per-video", 2, "--json") == 0
    )
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    loaded = datasets.load_from_disk(str(out))
    counts = {split: len(rows) for split, rows in loaded.items()}
    assert counts == {split: sum(frames.values()) for split, frames in summary["frames"].items()}
    assert loaded["train"].features["label"].names == ["real", "fake"]
    again = datasets.load_dataset(str(parquet), "Deepfakes_c23", cache_dir=str(tmp_path / "datasets"))
    assert again["test"].features == loaded["test"].features
    assert again["test"][0]["image"].tobytes() == loaded["test"][0]["image"].tobytes()
    assert json.loads((out / "summary.json").read_text()) == summary
    assert not (tmp_path / "out.cache").exists()  # nothing is left behind


def test_second_configuration_joins_the_parquet_folder(faceforensics_root, tmp_path):
    root = faceforensics_tree(tmp_path / "ff", [("000", "001"), ("002", "003"), ("004", "005")], compression="c40")
    for source, compression in ((faceforensics_root, "c23"), (root, "c40")):
        arguments = ("--root", source, "--compression", compression, "--frames-per-video", 1)
        assert run(*arguments, "--parquet", tmp_path / "parquet") == 0
    assert sorted(datasets.get_dataset_config_names(str(tmp_path / "parquet"))) == ["Deepfakes_c23", "Deepfakes_c40"]
    card = (tmp_path / "parquet" / "README.md").read_text()
    assert "## Configuration `Deepfakes_c23`" in card and "## Configuration `Deepfakes_c40`" in card


def test_table_counts_found_missing_unreadable_and_faceless(tmp_path, capsys):
    root = faceforensics_tree(tmp_path / "ff", [("000", "001"), ("002", "003"), ("004", "005")])
    faceforensics_video(root, "Deepfakes", "000_001").write_bytes(b"not a film")
    assert run("--root", root, "--output", tmp_path / "out", "--frames-per-video", 2) == 0
    captured = capsys.readouterr()
    assert "skipped Deepfakes/000_001: The file is not a video that can be read" in captured.err
    row = next(line for line in captured.out.splitlines() if line.startswith("| Deepfakes "))
    assert [cell.strip() for cell in row.strip("|").split("|")] == ["Deepfakes", "6", "994", "0", "0", "1", "0", "5"]


def test_dry_run_tells_what_the_folder_lacks_and_decodes_nothing(faceforensics_root, tmp_path, capsys):
    root = faceforensics_tree(tmp_path / "ff", [("000", "001"), ("002", "003")])
    faceforensics_video(root, "youtube", "003").unlink()
    faceforensics_video(root, "Deepfakes", "000_001").write_bytes(b"")
    assert run("--root", root, "--dry-run", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["without_original"] == ["Deepfakes/003_002"]
    assert report["empty_files"] == ["Deepfakes/000_001"]
    assert report["missing"] == {"Deepfakes": 996, "real": 997}
    assert sum(split["fake"] for split in report["plan"].values()) == 4
    (youtube,) = [row for row in report["folder"] if row["videos"] == "youtube"]
    assert (youtube["c23"], youtube["published"]) == (3, 1000)
    assert run("--root", root, "--dry-run") == 0
    assert "1 fakes lack their original" in capsys.readouterr().out


def test_dry_run_of_an_empty_folder_still_tells_what_is_there(tmp_path, capsys):
    assert run("--root", tmp_path, "--dry-run") == 2
    output = capsys.readouterr().out
    assert "| DeepFakeDetection" in output and "No FaceForensics++ video lies in" in output


@pytest.mark.parametrize("flag", ["--root", "--labelled", "--images", "--videos", "--celeb-df", "--dfdc"])
def test_wrong_folder_is_one_sentence_and_exit_code_2(tmp_path, capsys, flag):
    assert run(flag, tmp_path, "--output", tmp_path / "out") == 2
    assert capsys.readouterr().err.strip().count("\n") == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "give --output DIR"),
        (["--output", "o", "--manipulation", "Deepfake"], "must be one of Deepfakes"),
        (["--output", "o", "--split", "leave-one-out"], "go together"),
        (["--output", "o", "--split", "official"], "needs --splits-dir"),
        (["--push-to-hub", "a/b", "--public"], "forbid passing frames on"),
        (["--output", "o", "--num-proc", "0"], "at least 1"),
    ],
)
def test_contradicting_options_are_refused(arguments, sentence, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--root", "ff", *arguments])
    assert caught.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--labelled", "d", "--manipulation", "real"], "would call the fakes real"),
        (["--celeb-df", "d", "--manipulation", "FaceSwap"], "is for --root and --labelled"),
        (["--dfdc", "d", "--compression", "c40"], "are for --root"),
        (["--labelled", "d", "--conversion-dict", "f"], "is for --root and --beside"),
        (["--real-faces", "d", "--beside", "f"], "--beside is for --ffpp-frames"),
        (["--ffpp-frames", "d", "--public"], "forbid passing frames on"),
    ],
)
def test_options_that_another_source_would_ignore_are_refused(arguments, sentence, capsys):
    with pytest.raises(SystemExit) as caught:
        main([*arguments, "--output", "o"])
    assert caught.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--output", "--parquet"])
def test_folder_with_other_files_is_refused_before_any_work(faceforensics_root, tmp_path, capsys, option):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "README.md").write_text("mine")
    (tmp_path / "file").touch()
    for target, sentence in (
        ("mine", "is not empty and holds no data set"),
        ("file", "is a file"),
        ("file/x", "Not a"),
    ):
        assert run("--root", faceforensics_root, option, tmp_path / target) == 2
        error = capsys.readouterr().err
        assert sentence in error and error.count("\n") == 1
    assert (tmp_path / "mine" / "README.md").read_text() == "mine"
    assert not list(tmp_path.glob("*.cache"))


def test_folder_that_one_stands_in_takes_a_data_set(tmp_path, monkeypatch, capsys):
    clip(tmp_path / "clips" / "real" / "a.mp4", 1)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert run("--labelled", tmp_path / "clips", "--output", ".", "--frames-per-video", 1) == 0
    assert len(datasets.load_from_disk(".")) == 1
    assert run("--labelled", tmp_path / "clips", "--output", ".", "--frames-per-video", 2) == 0  # its own is replaced
    assert sum(map(len, datasets.load_from_disk(".").values())) == 2


def test_address_where_no_cluster_answers_is_one_sentence(faceforensics_root, tmp_path, capsys):
    arguments = ["--root", str(faceforensics_root), "--output", str(tmp_path / "out"), "--address", "127.0.0.1:9"]
    assert main(arguments) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("Ray at 127.0.0.1:9 cannot be reached: ")


@pytest.mark.parametrize(("option", "name"), [("--splits-dir", "train.json"), ("--conversion-dict", "")])
def test_lists_that_are_missing_or_something_else_are_one_sentence(faceforensics_root, tmp_path, capsys, option, name):
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in ("train.json", "val.json", "test.json", "dict.json"):
        (broken / file).write_text("{")
    other = broken if name else broken / "dict.json"
    for path, sentence in ((tmp_path / "none", f"No such file or directory: {tmp_path / 'none'}"), (other, "is not ")):
        assert run("--root", faceforensics_root, option, path, "--output", tmp_path / "out") == 2
        error = capsys.readouterr().err
        assert sentence in error and error.count("\n") == 1


def test_ctrl_c_exits_130_and_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    def stop(*arguments, **overrides):
        raise KeyboardInterrupt

    monkeypatch.setattr("dataset_builder.command.run.build", stop)
    assert run("--labelled", tmp_path, "--output", tmp_path / "out") == 130
    assert capsys.readouterr().err == "Stopped; the same command goes on where it was.\n"


def test_hub_out_of_reach_is_told_before_any_work(faceforensics_root, tmp_path):
    variables = os.environ | {
        "HF_ENDPOINT": "http://127.0.0.1:9",
        "HF_TOKEN": "hf_test",
        "HF_HOME": str(tmp_path / "hf"),
    }
    command = [sys.executable, "-m", "dataset_builder", "--root", str(faceforensics_root), "--push-to-hub", "a/b"]
    done = subprocess.run(
        [*command, "--cache-dir", str(tmp_path / "cache")], env=variables, capture_output=True, text=True
    )
    assert done.returncode == 2 and done.stderr.startswith("The Hub cannot be reached")
    assert done.stderr.count("\n") == 1 and not (tmp_path / "cache").exists()


def test_folder_with_clips_of_other_people_is_one_command(tmp_path, capsys):
    clip(tmp_path / "clips" / "real" / "a.mp4", 1)
    clip(tmp_path / "clips" / "fake" / "b.mp4", 9, blur=1)
    command = ("--videos", tmp_path / "clips", "--manipulation", "lip-sync", "--split", "test-only", "--output")
    assert run(*command, tmp_path / "out", "--json") == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert summary["frames"]["test"] == {"real": 10, "lip-sync": 10}
