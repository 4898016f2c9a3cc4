"""A server leaves nothing behind, and takes nothing from another."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from detector.own_folder import remove_leftovers
from web import temporary_files as module
from web.temporary_files import own_temporary_folder, remove_abandoned, remove_old, swept

ROOT = Path(__file__).parents[2]
SERVE = """
import os, time
from pathlib import Path
from web.temporary_files import own_temporary_folder
with own_temporary_folder(Path(os.environ["GRADIO_TEMP_DIR"])) as uploads:
    (uploads / "photo.jpg").write_bytes(b"1")
    print(uploads.parent, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def base(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def other_server(base):
    """Another process that serves; gives it and its folder."""
    process = subprocess.Popen([sys.executable, "-c", SERVE], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    yield process, Path(process.stdout.readline().strip())
    process.kill()
    process.wait()
    process.stdout.close()


def test_all_temporary_files_lie_in_one_private_folder_that_goes(base):
    before = tempfile.gettempdir()
    with own_temporary_folder(base) as uploads:
        folder = uploads.parent
        assert folder.parent == base and folder.stat().st_mode & 0o077 == 0
        assert os.environ["GRADIO_TEMP_DIR"] == str(uploads)
        with tempfile.NamedTemporaryFile() as file:
            assert Path(file.name).parent == folder
    assert list(base.iterdir()) == []
    assert (os.environ["GRADIO_TEMP_DIR"], tempfile.gettempdir()) == (str(base), before)


def test_folder_of_a_server_that_runs_stays(base, other_server):
    _, folder = other_server
    with own_temporary_folder(base):
        assert (folder / "uploads" / "photo.jpg").exists()


def test_uploads_of_a_killed_server_go_when_the_next_one_starts(base, other_server):
    process, folder = other_server
    process.kill()
    process.wait()
    assert (folder / "uploads" / "photo.jpg").exists()
    with own_temporary_folder(base):
        assert not folder.exists()


def test_folders_of_others_stay(base):
    for name in ("face-check-notes", "gradio"):
        (base / name).mkdir()
        (base / name / "mine.txt").write_text("x")
    remove_leftovers(base)
    assert sorted(path.name for path in base.rglob("mine.txt")) == ["mine.txt"] * 2


def test_folder_that_goes_while_old_files_are_looked_for_does_not_end_the_search(tmp_path, monkeypatch):
    for name in ("a", "gone", "z"):
        (tmp_path / name).mkdir()
    (tmp_path / "a" / "old.jpg").write_bytes(b"1")
    (tmp_path / "z" / "old.jpg").write_bytes(b"1")
    scan = os.scandir

    def scan_late(path):
        if Path(path).name == "gone":  # its page is closed just now
            os.rmdir(path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", scan_late)
    remove_old(tmp_path, -60)
    assert list(tmp_path.iterdir()) == []


def test_old_files_go_with_their_folders_and_links_are_not_followed(tmp_path):
    folder, outside = tmp_path / "uploads", tmp_path / "outside"
    kept = folder / "example" / "photo.jpg"
    for path in (folder / "old" / "photo.jpg", kept, outside / "photo.jpg"):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"1")
    (folder / "link").symlink_to(outside)
    remove_old(folder, 60, {str(kept)})
    assert (folder / "old" / "photo.jpg").exists()
    time.sleep(0.05)
    remove_old(folder, 0, {str(kept)})
    remove_old(folder, -60, {str(kept)})  # the folder itself changed when its file went
    assert list(folder.iterdir()) == [kept.parent] and kept.exists()
    assert (outside / "photo.jpg").exists()


def test_halves_of_uploads_go_soon_and_whole_ones_stay(tmp_path):
    (tmp_path / "tmpabc").touch()
    (tmp_path / "tmpdef").write_bytes(b"half an upload")
    (tmp_path / "hash").mkdir()
    (tmp_path / "hash" / "tmp.jpg").write_bytes(b"1")
    remove_abandoned(tmp_path, age_s=60)
    assert len(list(tmp_path.iterdir())) == 3
    time.sleep(0.05)
    remove_abandoned(tmp_path, age_s=0)
    assert [path.name for path in tmp_path.rglob("*")] == ["hash", "tmp.jpg"]


def test_files_are_swept_while_the_server_runs_and_no_longer(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_SWEEP_EVERY_S", 0.1)
    monkeypatch.setattr(module, "MAX_UPLOAD_AGE_S", 0.1)
    broken_off = tmp_path / "hash" / "photo.jpg"
    broken_off.parent.mkdir()
    broken_off.write_bytes(b"1")
    with swept(tmp_path, ()):
        end = time.monotonic() + 10
        while broken_off.exists() and time.monotonic() < end:
            time.sleep(0.05)
    assert not broken_off.exists()
    assert "sweep" not in [thread.name for thread in threading.enumerate()]
