"""The keyframes of a clip."""

import zipfile
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from detector.errors import MediaError
from detector.report.case import keyframes as module
from detector.report.case.keyframes import Keyframe, KeyframesWritten, ascii_stem, keyframes, write_keyframes


def test_every_shot_and_the_highest_scores_have_a_keyframe(clip, clip_file, tmp_path):
    written = write_keyframes(clip_file, clip, tmp_path / "k.zip")
    with zipfile.ZipFile(tmp_path / "k.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".jpg")]
        sizes = {Image.open(BytesIO(archive.read(name))).size for name in names}
    assert written == KeyframesWritten(len(names), 0) and sizes == {(200, 200)}
    # the wall has no face: the frame in its middle stands for it
    assert names[0] == "Unser-clip-shot01-00m00.500s.jpg"
    assert sum("shot02" in name for name in names) == 1 and len([name for name in names if "highest" in name]) == 4
    assert [Keyframe(one.time_s, one.roles).file_name("Unser-clip") for one in keyframes(clip)] == names


def test_keyframes_are_the_same_bytes_every_time(clip, clip_file, tmp_path):
    for name in "ab":
        write_keyframes(clip_file, clip, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_name_tells_the_time():
    assert Keyframe(61.2345, ("shot02", "highest1")).file_name("a") == "a-shot02-highest1-01m01.234s.jpg"
    assert Keyframe(3600, ("shot01",)).file_name("a") == "a-shot01-60m00.000s.jpg"


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Ünser clip.mp4", "Unser-clip"),
        ("../../x.mp4", "x"),
        ("视频.mp4", "clip"),
        ("a" * 90, "a" * 40),
        ("-.-", "clip"),
    ],
)
def test_names_are_plain_letters(name, stem):
    assert ascii_stem(name) == stem


def test_what_would_be_too_many_is_left_out_and_counted(clip, clip_file, tmp_path, monkeypatch):
    every = len(keyframes(clip))
    monkeypatch.setattr(module, "MAX_KEYFRAMES", every - 1)
    assert write_keyframes(clip_file, clip, tmp_path / "k.zip") == KeyframesWritten(every - 1, 1)
    monkeypatch.setattr(module, "MAX_KEYFRAMES_BYTES", 1)
    assert write_keyframes(clip_file, clip, tmp_path / "k.zip") == KeyframesWritten(0, every)


def test_photo_and_other_files_are_refused_and_leave_nothing(photo, photo_file, clip, tmp_path):
    with pytest.raises(MediaError, match="A photo has no keyframes"):
        write_keyframes(photo_file, photo, tmp_path / "k.zip")
    with pytest.raises(MediaError, match="that of another file"):
        write_keyframes(photo_file, clip, tmp_path / "k.zip")
    assert list(tmp_path.iterdir()) == []


def test_writing_that_is_stopped_leaves_nothing(clip, clip_file, tmp_path):
    def stop(share, doing):
        raise MediaError("stopped")

    with pytest.raises(MediaError, match="stopped"):
        write_keyframes(clip_file, clip, tmp_path / "k.zip", stop)
    assert list(tmp_path.iterdir()) == []


def test_clip_without_a_cut_is_one_shot(clip):
    whole = replace(clip, result=replace(clip.result, cuts=()))
    assert [role for one in keyframes(whole) for role in one.roles if role.startswith("shot")] == ["shot01"]
